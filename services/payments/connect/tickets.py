"""The tickets by which registration lets a person connect an organization. No I/O here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from uuid import UUID

from shared.text import plain_text
from shared.tokens import BadToken, TokenSigner

Way = Literal["oauth", "onboarding", "key"]
WAYS: tuple[Way, ...] = get_args(Way)
TICKET_LENGTH_MAX = 4_000


@dataclass(frozen=True)
class Ticket:
    """Who may connect which organization, until when, and where they go afterwards."""

    ticket_id: str
    organization_id: UUID
    person: str
    expires_unix: int
    way: Way | None = None
    return_url: str | None = None
    locale: str | None = None
    organization_name: str | None = None


def read_ticket(signer: TokenSigner, token: str) -> Ticket:
    """What registration signed; raises BadToken. Its end and its single use are checked later."""
    if len(token) > TICKET_LENGTH_MAX:
        raise BadToken(BadToken.__doc__)
    payload = signer.verify("connect", token)
    try:
        return _ticket(json.loads(payload)) if payload.startswith("{") else _bare_ticket(payload)
    except (ValueError, TypeError, KeyError) as failure:
        raise BadToken(BadToken.__doc__) from failure


def _ticket(given: Mapping[str, Any]) -> Ticket:
    way, return_url, locale = given.get("way"), given.get("return_url"), given.get("locale")
    if way is not None and way not in WAYS:
        raise ValueError("no such way")
    if return_url is not None and not _is_web_address(return_url):
        raise ValueError("the way back is no address of a page")
    name = given.get("organization_name")
    return Ticket(
        plain_text(given["ticket_id"]),
        UUID(given["organization_id"]),
        plain_text(given["person"]),
        int(given["expires"]),
        way=way,
        return_url=return_url,
        locale=None if locale is None else plain_text(locale),
        organization_name=None if name is None else plain_text(name),
    )


def _bare_ticket(payload: str) -> Ticket:
    """Tickets of four parts, as registration made them before there was a choice."""
    ticket_id, organization_id, rest = payload.split(":", 2)
    person, expires = rest.rsplit(":", 1)
    return Ticket(
        plain_text(ticket_id), UUID(organization_id), plain_text(person), int(expires), way="oauth"
    )


def _is_web_address(url: object) -> bool:
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" \\\"'<>")
    return is_plain and parts.scheme in ("http", "https") and bool(parts.hostname)

"""Calls about webhook endpoints: which there are, making, repairing and removing one."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.payments.stripe_gateway.client import StripeGateway
from services.payments.stripe_gateway.failures import IdempotencyKeyReused, StripeRefused

Kind = Literal["account", "connect"]
"""Events of the key's own account, or of the accounts that are connected to it."""

_KIND = "taquilla"


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint as Stripe has it."""

    endpoint_id: str
    url: str
    kind: Kind
    is_enabled: bool
    api_version: str | None
    events: tuple[str, ...]
    created: int


async def list_endpoints(gateway: StripeGateway, url: str) -> list[Endpoint]:
    """The endpoints with this URL, newest first."""
    found: list[Endpoint] = []
    after: str | None = None
    while True:
        page = await gateway.raw_request(
            "get",
            "/v1/webhook_endpoints",
            {"limit": 100} | ({"starting_after": after} if after else {}),
        )
        endpoints = page.get("data") or []
        found += [_read(document) for document in endpoints if document.get("url") == url]
        if not page.get("has_more") or not endpoints:
            return sorted(found, key=lambda endpoint: endpoint.created, reverse=True)
        after = endpoints[-1]["id"]


async def create_endpoint(
    gateway: StripeGateway,
    url: str,
    kind: Kind,
    *,
    api_version: str,
    events: Sequence[str],
    beside: str | None,
) -> str:
    """Make an endpoint; its secret, which Stripe shows only now.

    `beside` is the newest one of its kind so far: two runs at once make one endpoint.
    """
    params = {
        "url": url,
        "enabled_events": list(events),
        "api_version": api_version,
        "description": "Taquilla",
        "metadata": {_KIND: kind},
    } | ({"connect": True} if kind == "connect" else {})
    what = "\n".join((url, kind, api_version, beside or "", *events))
    key = f"we:{hashlib.sha256(what.encode()).hexdigest()[:40]}"
    try:
        made = await gateway.raw_request(
            "post", "/v1/webhook_endpoints", params, idempotency_key=key
        )
        # A replayed answer may tell of an endpoint that was removed since.
        await gateway.raw_request("get", f"/v1/webhook_endpoints/{made['id']}")
    except StripeRefused as refused:
        is_replayed = isinstance(refused, IdempotencyKeyReused) or refused.status == 404
        if not is_replayed:
            raise
        made = await gateway.raw_request(
            "post", "/v1/webhook_endpoints", params, idempotency_key=f"we:{uuid.uuid4()}"
        )
    return str(made["secret"])


async def repair_endpoint(gateway: StripeGateway, endpoint_id: str, events: Sequence[str]) -> None:
    """Switch an endpoint on, with these events; the version that it writes can never change."""
    await gateway.raw_request(
        "post",
        f"/v1/webhook_endpoints/{endpoint_id}",
        {"enabled_events": list(events), "disabled": False},
        idempotency_key=f"we-fix:{uuid.uuid4()}",
    )


async def remove_endpoint(gateway: StripeGateway, endpoint_id: str) -> None:
    """Remove an endpoint; its secret signs nothing any more."""
    await gateway.raw_request("delete", f"/v1/webhook_endpoints/{endpoint_id}")


def _read(document: dict[str, Any]) -> Endpoint:
    named = (document.get("metadata") or {}).get(_KIND)
    # An endpoint made by hand in the dashboard: those for connected accounts name an application.
    is_connect = named == "connect" or (named is None and document.get("application") is not None)
    return Endpoint(
        endpoint_id=str(document["id"]),
        url=str(document["url"]),
        kind="connect" if is_connect else "account",
        is_enabled=document.get("status") == "enabled",
        api_version=document.get("api_version"),
        events=tuple(document.get("enabled_events") or ()),
        created=int(document.get("created") or 0),
    )

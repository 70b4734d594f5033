"""Organizations: who sells, and what they may set. No I/O here."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

CARD_BRANDS = ("visa", "mastercard", "american_express", "discover_global_network")
"""Stripe's names of the card brands that Checkout can leave out."""


@dataclass(frozen=True)
class Organization:
    """Who sells; `is_ready` says that Stripe lets it take card payments."""

    id: UUID
    name: str
    sender_name: str | None
    reply_to: str | None
    allowed_origins: list[str]
    card_brands_blocked: list[str]
    stripe_account_id: str | None
    stripe_display_name: str | None
    stripe_missing: list[str]
    is_ready: bool
    is_live: bool
    default_currency: str | None
    created_at: datetime
    privacy_url: str | None = None
    imprint_url: str | None = None
    stripe_requirements: list[str] = field(default_factory=list)
    stripe_mode: str | None = None
    stripe_is_submitted: bool = True
    stripe_may_charge: bool = False
    stripe_may_pay_out: bool = False
    statement_descriptor: str | None = None
    has_test_key: bool = False

    @property
    def rehearses_live(self) -> bool:
        """Whether a rehearsal's card is really charged: no test key stands in for the live one."""
        return self.is_live and not self.has_test_key

    @property
    def card_brands(self) -> list[str]:
        """The brands that registrants may pay with."""
        return [brand for brand in CARD_BRANDS if brand not in self.card_brands_blocked]


def web_origin(value: str) -> str:
    """An origin as browsers send it; raises ValueError for anything else."""
    parts = urlsplit(value.strip())
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_bare or "@" in value:
        raise ValueError("must be an origin such as https://www.example.org")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ValueError("must name a port between 1 and 65535") from None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"

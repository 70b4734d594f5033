"""Facts for pages, with defaults that a test changes where it matters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.pages.facts import RefundLine, RegistrantFacts, WebinarFacts
from services.registration.registrants import RefundStatus, Registrant
from services.registration.webinars import Webinar
from shared.tokens import TokenSigner

NOW = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
START = datetime(2026, 11, 12, 17, 0, tzinfo=UTC)
PUBLIC_URL = "https://tickets.example"
PAYMENTS_URL = "https://pay.tickets.example"
WEBINAR_ID = UUID("019a0000-0000-7000-8000-000000000002")
REGISTRANT_ID = UUID("019a0000-0000-7000-8000-0000000000aa")
ORGANIZATION_ID = UUID("019a0000-0000-7000-8000-0000000000bb")
POLICY = {
    "kind": "brackets",
    "brackets": [
        {"hours_before": 48, "percent": 100},
        {"hours_before": 12, "percent": 50},
    ],
}
DESCRIPTION = """Most consultants choose a day rate once and keep it for years. In ninety minutes
we take one of your own offers and price it three ways.

## You leave with

- a price for one real offer, with the reasoning written down
- a one-page proposal you can send the next morning
- answers to the five questions clients ask about price

Bring one offer you want to sell. The recording stays online for 30 days.
"""

LINKS = Links(TokenSigner.from_setting("k1:" + "s" * 32), PUBLIC_URL, PAYMENTS_URL)


def organization(**changes: Any) -> Organization:
    """Faro Studio, ready to take money in test mode."""
    return replace(
        Organization(
            id=ORGANIZATION_ID,
            name="Faro Studio",
            sender_name=None,
            reply_to="hello@faro.example",
            allowed_origins=[],
            card_brands_blocked=[],
            stripe_account_id="acct_1",
            stripe_display_name=None,
            stripe_missing=[],
            is_ready=True,
            is_live=True,
            default_currency="EUR",
            created_at=NOW - timedelta(days=90),
        ),
        **changes,
    )


def webinar(**changes: Any) -> Webinar:
    """EUR 49.00, 22 of 80 seats left, a week from now."""
    return replace(
        Webinar(
            id=WEBINAR_ID,
            organization_id=ORGANIZATION_ID,
            version=1,
            status="scheduled",
            kind="webinar",
            title="Price your work: a workshop for independent consultants",
            starts_at=START,
            duration_minutes=90,
            time_zone="Europe/Madrid",
            price_minor=4900,
            currency="EUR",
            capacity=80,
            seats_taken=58,
            hold_minutes=15,
            description_version=1,
            refund_policy=POLICY,
            join_url="https://meet.example/room",
            created_at=NOW - timedelta(days=30),
            cancelled_at=None,
        ),
        **changes,
    )


FREE: dict[str, Any] = {"price_minor": 0, "currency": None, "refund_policy": None}


def webinar_facts(
    *,
    now: datetime = NOW,
    description: str = DESCRIPTION,
    next_hold_ends_at: datetime | None = None,
    sold_by: Organization | None = None,
    **changes: Any,
) -> WebinarFacts:
    """The public page's facts; changes go to the webinar."""
    return WebinarFacts(
        webinar=webinar(**changes),
        organization=sold_by or organization(),
        description=description,
        next_hold_ends_at=next_hold_ends_at,
        now=now,
    )


def registrant(**changes: Any) -> Registrant:
    """Ana, who has registered and not paid yet."""
    return replace(
        Registrant(
            id=REGISTRANT_ID,
            number=1,
            organization_id=ORGANIZATION_ID,
            webinar_id=WEBINAR_ID,
            version=1,
            status="awaiting_payment",
            holds_seat=True,
            name="Ana Ruiz",
            email="ana.ruiz@correo.example",
            email_key="ana.ruiz@correo.example",
            locale="en",
            amount_minor=4900,
            currency="EUR",
            description_version=1,
            refund_policy=POLICY,
            starts_at=START,
            pay_by=NOW + timedelta(minutes=14, seconds=20),
            hold_ended_at=None,
            hold_end_reason=None,
            hold_answered_at=None,
            hold_repeat_at=None,
            confirmed_at=None,
            released_at=None,
            cancelled_at=None,
            cancel_cause=None,
            cancel_key=None,
            paid_at=None,
            paid_minor=0,
            refunded_minor=0,
            money_version=0,
            is_money_returned=False,
            fee_minor=None,
            net_minor=None,
            settlement_currency=None,
            fee_version=0,
            decline_code=None,
            decline_message=None,
            declined_at=None,
            link_version=1,
            repeated_at=None,
            created_at=NOW - timedelta(minutes=3),
        ),
        **changes,
    )


CONFIRMED: dict[str, Any] = {
    "status": "confirmed",
    "pay_by": None,
    "confirmed_at": NOW - timedelta(minutes=1),
    "paid_at": NOW - timedelta(minutes=1),
    "paid_minor": 4900,
    "money_version": 1,
}
CANCELLED: dict[str, Any] = CONFIRMED | {
    "status": "cancelled",
    "holds_seat": False,
    "cancelled_at": NOW,
    "cancel_cause": "registrant",
}
RELEASED: dict[str, Any] = {
    "status": "released",
    "holds_seat": False,
    "pay_by": None,
    "hold_ended_at": NOW - timedelta(minutes=2),
    "hold_end_reason": "lapsed",
    "released_at": NOW - timedelta(minutes=1),
}


def refund(status: RefundStatus, amount_minor: int = 4900) -> RefundLine:
    """A refund that was asked for just now."""
    settled_at = NOW if status in ("succeeded", "failed") else None
    return RefundLine(amount_minor, status, NOW - timedelta(seconds=30), settled_at)


def registrant_facts(
    *,
    now: datetime = NOW,
    refunds: tuple[RefundLine, ...] = (),
    is_mail_accepted: bool = False,
    sold_by: Organization | None = None,
    event: Webinar | None = None,
    **changes: Any,
) -> RegistrantFacts:
    """A registrant's facts; changes go to the registrant."""
    return RegistrantFacts(
        registrant=registrant(**changes),
        webinar=event or webinar(),
        organization=sold_by or organization(),
        refunds=refunds,
        is_mail_accepted=is_mail_accepted,
        now=now,
    )

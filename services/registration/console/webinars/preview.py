"""What people would see of a webinar that is still being typed. No I/O here."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.registration.pages.webinar_page import lit_window
from services.registration.refund_policy import sentence, steps
from services.registration.webinars import DURATION_MINUTES, HOLD_MINUTES, Webinar


def unsaved(organization_id: UUID, now: datetime) -> Webinar:
    """A webinar of which nothing has been typed yet."""
    return Webinar(
        id=UUID(int=3),
        organization_id=organization_id,
        version=1,
        status="scheduled",
        kind="webinar",
        title="",
        starts_at=now + timedelta(days=14),
        duration_minutes=DURATION_MINUTES,
        time_zone="UTC",
        price_minor=0,
        currency=None,
        capacity=None,
        seats_taken=0,
        hold_minutes=HOLD_MINUTES,
        description_version=1,
        refund_policy=None,
        join_url=None,
        created_at=now,
        cancelled_at=None,
    )


def draft_of(webinar: Webinar, values: dict[str, Any]) -> Webinar:
    """The webinar with what could be read of the form."""
    own = {name: value for name, value in values.items() if name in Webinar.CHANGEABLE}
    return replace(webinar, **own)


def summary(webinar: Webinar, now: datetime, locale: str, *, has_start: bool) -> dict[str, Any]:
    """What stands beside the form: the ticket, the policy in words and in steps."""
    return {
        "webinar": webinar,
        "has_start": has_start,
        "lit_window": lit_window(webinar),
        "policy_sentence": sentence(webinar.policy, locale),
        "policy_steps": steps(
            webinar.policy, webinar.starts_at, now, webinar.price_minor, webinar.currency
        ),
    }

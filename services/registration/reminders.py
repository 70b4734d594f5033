"""Reminders: of a payment before its hold ends, and of a start. No I/O here."""

from datetime import datetime, timedelta

from services.registration.registrants import Occasion, Registrant, facts
from shared.events import RegistrantMailRequested

# A hold's last third, but some minutes of it and no more than half an hour.
PAYMENT_LEAD_MIN = timedelta(minutes=5)
PAYMENT_LEAD_MAX = timedelta(minutes=30)
# A shorter hold is over before a mail is read; so is what is left of one after an outage.
HOLD_MIN = timedelta(minutes=10)
PAYMENT_LEFT_MIN = timedelta(minutes=1)

START_LEAD = timedelta(hours=24)


def payment_due(registrant: Registrant, occasion: Occasion) -> RegistrantMailRequested:
    """The seat waits for its payment; a hold is reminded of once, so the cause is always one."""
    return RegistrantMailRequested(
        **facts(registrant, occasion),
        mail="payment_due",
        cause="hold",
        pay_by=registrant.pay_by,
        own_words=occasion.own_words.get("payment_due"),
    )


def starts_soon(
    registrant: Registrant, occasion: Occasion, moved_at: datetime | None
) -> RegistrantMailRequested | None:
    """It starts in a day; None for whoever has had a mail with that start since."""
    webinar = occasion.webinar
    if registrant.status != "confirmed" or not webinar.is_open(occasion.now):
        return None
    heard_at = max(registrant.confirmed_at or registrant.created_at, moved_at or webinar.created_at)
    if heard_at > webinar.starts_at - START_LEAD:
        return None
    return RegistrantMailRequested(
        **facts(registrant, occasion),
        mail="starts_soon",
        cause=f"start-{webinar.starts_at:%Y%m%dT%H%M%S}",
        join_url=occasion.links.join_url(registrant.id, registrant.link_version),
        own_words=occasion.own_words.get("starts_soon"),
    )

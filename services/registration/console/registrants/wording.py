"""How a registration stands, in a word and a colour. No I/O here."""

from services.registration.catalogues import msgid
from services.registration.console.webinar_header import Badge
from services.registration.registrants import Registrant

_BADGES = {
    "awaiting_payment": Badge("warn", msgid("Awaiting payment")),
    "confirmed": Badge("good", msgid("Confirmed")),
    "released": Badge("", msgid("Released")),
    "cancelled": Badge("", msgid("Cancelled")),
}
_ASKING = Badge("warn", msgid("Asking Stripe"))
_NO_SEAT = Badge("bad", msgid("Paid, no seat"))


def badge_of(registrant: Registrant) -> Badge:
    """The first thing that an organizer needs to know of somebody."""
    if registrant.status == "released" and registrant.paid_minor > registrant.refunded_minor:
        return _NO_SEAT
    if registrant.status == "awaiting_payment" and registrant.hold_ended_at is not None:
        return _ASKING
    return _BADGES[registrant.status]


def currency_of(registrant: Registrant) -> str:
    """In which currency somebody paid; empty for a free registration."""
    return registrant.currency or ""

"""Which mail an event causes and what it says. No I/O here."""

from services.notifications.emails.accounts import account
from services.notifications.emails.bulk import is_bulk
from services.notifications.emails.money import refund, refund_failed, takes_the_seat
from services.notifications.emails.reader import stamped
from services.notifications.emails.seats import (
    cancelled,
    confirmation,
    is_told_of_cancelling,
    is_told_of_release,
    payment_due,
    released,
    repeated,
    rescheduled,
    starts_soon,
)

__all__ = [
    "account",
    "cancelled",
    "confirmation",
    "is_bulk",
    "is_told_of_cancelling",
    "is_told_of_release",
    "payment_due",
    "refund",
    "refund_failed",
    "released",
    "repeated",
    "rescheduled",
    "stamped",
    "starts_soon",
    "takes_the_seat",
]

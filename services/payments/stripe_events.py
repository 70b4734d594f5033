"""Which of Stripe's events we take, and the API version in which all of them are written."""

API_VERSION = "2026-10-28.endive"
"""Sent with every call and fixed in every webhook endpoint, so that both speak the same."""

MONEY_EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.updated",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
"""What happens to money, in one account or another."""

ACCOUNT_EVENTS = ("account.updated", "account.application.deauthorized")
"""What happens to a connected account; `accounts.py` knows what they mean."""

_TOLD_TWICE = ("payment_intent.succeeded",)
"""The session and the charge say the same: only listing looks at it, delivery would be waste."""

ENDPOINT_EVENTS = (
    *(event for event in MONEY_EVENTS if event not in _TOLD_TWICE),
    *ACCOUNT_EVENTS,
)
"""What our webhook endpoints ask for, no more and no less."""

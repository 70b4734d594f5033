"""What the end of a hold means for the money that may still be on its way. No I/O here."""

from dataclasses import replace
from datetime import datetime

from services.payments import attempts
from services.payments.change import Change
from services.payments.payment import Payment
from shared.events import CheckoutExpired, HoldEndReason, PaymentSucceeded


def stronger(known: HoldEndReason | None, said: HoldEndReason) -> HoldEndReason:
    """Which reason stands when a hold ends twice: a decision outweighs the clock."""
    return said if known is None or known == "lapsed" else known


def end_hold(change: Change, reason: HoldEndReason, now: datetime) -> None:
    """Open nothing more, close what is open unless it only lapsed, and answer when all is settled.

    Asked again, it is answered again.
    """
    payment = change.payment
    change.payment = replace(
        payment, hold_end=stronger(payment.hold_end, reason), hold_end_answered_at=None
    )
    for attempt in change.payment.attempts:
        if attempt.status == "queued" or change.payment.hold_end != "lapsed":
            attempts.close(change, attempt, now)
    answer(change, now)


def answer(change: Change, now: datetime) -> None:
    """Tell registration what became of an ended hold, once everything that could pay is settled."""
    payment = change.payment
    if payment.hold_end is None or payment.hold_end_answered_at is not None:
        return
    if payment.paid_at is not None:
        if not any(isinstance(event, PaymentSucceeded) for event in change.events):
            change.events.append(payment.succeeded())
    elif payment.live_attempt is None:
        change.events.append(checkout_expired(payment, payment.hold_end))
    else:
        return
    change.payment = replace(payment, hold_end_answered_at=now)


def checkout_expired(payment: Payment, reason: HoldEndReason) -> CheckoutExpired:
    return CheckoutExpired(
        organization_id=payment.organization_id,
        registrant_id=payment.registrant_id,
        webinar_id=payment.webinar_id,
        reason=reason,
    )

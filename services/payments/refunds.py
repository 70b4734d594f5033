"""Money that goes back: decided under the payment's lock, told when Stripe has done it. No I/O."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from services.payments.change import (
    ODD_REFUND,
    REFUND_FAILED,
    UNKNOWN_STATUS,
    Change,
)
from services.payments.facts import RefundSeen
from services.payments.payment import Charge, Payment, Refund, RefundStatus
from shared.events import Refunded, RefundFailed, RefundRequested

DASHBOARD_REFUNDS = UUID("0f6a3c1e-3a0b-4d0e-9a75-51c0f1f5b7e2")
"""Names a refund that Stripe's dashboard made after Stripe's id, so that it is taken over once."""

UNMATCHED_AFTER = timedelta(minutes=10)
CALL_LEASE = timedelta(seconds=15)
LOOK_UP_AFTER = timedelta(minutes=4)
"""Stripe repeats a stored failure for a day under the same key: look at what it has instead."""
GIVE_UP_AFTER = timedelta(hours=24)
PENDING_LOOK = timedelta(hours=1)

FailureReason = Literal["nothing_left", "disputed", "account_refused", "over_refund", "no_answer"]

_STATUSES: dict[str, RefundStatus] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
_RANKS: dict[RefundStatus, int] = {
    "waiting": 0,
    "requested": 1,
    "calling": 2,
    "pending": 3,
    "succeeded": 4,
    "failed": 5,
}
# An inquiry leaves the charge refundable, and so does a dispute that was won.
_DISPUTED = frozenset(
    ("needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review")
)


def idempotency_key(refund_id: UUID) -> str:
    return f"re:{refund_id}"


def requested(event: RefundRequested) -> Refund:
    """The row of a request; what it means is decided under the payment's lock."""
    return Refund(
        refund_id=event.refund_id,
        organization_id=event.organization_id,
        registrant_id=event.registrant_id,
        webinar_id=event.webinar_id,
        requested_minor=event.amount_minor,
        origin=event.origin,
        cause=event.cause,
        reason=event.reason,
        keep_seat=event.keep_seat,
        notify=event.notify,
        message=event.message,
        status="waiting",
        requested_at=event.occurred_at,
    )


def is_overdue(refund: Refund, now: datetime) -> bool:
    return now - refund.requested_at >= UNMATCHED_AFTER


def decide(change: Change, refund: Refund, now: datetime) -> None:
    """Choose the charge and the amount, or say why not; a known refund is decided already."""
    payment = change.payment
    known = payment.refund(refund.refund_id)
    if known is not None and known.status != "waiting":
        return
    refund = replace(refund, payment_id=payment.payment_id, currency=payment.currency, tries=0)
    charge = _charge_to_refund(payment)
    if charge is None:
        _fail(
            change, replace(refund, amount_minor=refund.requested_minor or 0), "nothing_left", now
        )
        return
    left = payment.left_minor(charge)
    refund = replace(
        refund,
        stripe_payment_intent_id=charge.stripe_payment_intent_id,
        amount_minor=left if refund.requested_minor is None else refund.requested_minor,
        currency=charge.currency,
    )
    if is_disputed(payment, charge):
        _fail(change, refund, "disputed", now)
    elif (refund.amount_minor or 0) > left:
        _fail(change, refund, "over_refund", now)
    else:
        change.payment = payment.with_refund(replace(refund, status="requested", due_at=now))


def _charge_to_refund(payment: Payment) -> Charge | None:
    """The charge that paid, or another one that still holds money; odd money is for a person."""
    candidates = [one for one in payment.charges if one.role != "odd"]
    candidates.sort(key=lambda one: one.role != "payment")
    return next((one for one in candidates if payment.left_minor(one) > 0), None)


def is_disputed(payment: Payment, charge: Charge) -> bool:
    return any(
        one.status in _DISPUTED and one.stripe_payment_intent_id == charge.stripe_payment_intent_id
        for one in payment.disputes
    )


def let_go(change: Change, refund_id: UUID, now: datetime) -> Refund | None:
    """The refund that may be called now; None when it may not, and then it has failed."""
    refund = change.payment.refund(refund_id)
    if refund is None or refund.status != "requested":
        return None
    charge = change.payment.charge_of(refund.stripe_payment_intent_id or "")
    if charge is None or change.payment.left_minor(charge) < 0:
        _fail(change, refund, "over_refund", now)
        return None
    if is_disputed(change.payment, charge):
        _fail(change, refund, "disputed", now)
        return None
    refund = replace(refund, status="calling", called_at=now, due_at=now + CALL_LEASE, tries=0)
    change.payment = change.payment.with_refund(refund)
    return refund


def fail(change: Change, refund_id: UUID, reason: str, now: datetime) -> None:
    """Stripe will not do it."""
    refund = change.payment.refund(refund_id)
    if refund is not None and refund.status in ("requested", "calling"):
        _fail(change, refund, reason, now)


def _fail(change: Change, refund: Refund, reason: str, now: datetime) -> None:
    failed = replace(refund, status="failed", failure_reason=reason, settled_at=now, due_at=None)
    change.payment = change.payment.with_refund(failed).next_version()
    change.events.append(_refund_failed(change.payment, failed))
    if reason != "nothing_left":
        change.trouble(REFUND_FAILED, str(refund.refund_id), reason)


def merge(change: Change, seen: RefundSeen, now: datetime) -> None:
    """What Stripe says of a refund: ours by its metadata, or one made in the dashboard."""
    payment = change.payment
    status = _STATUSES.get(seen.status)
    if status is None:
        if seen.is_fresh or seen.stripe_payment_intent_id is None:
            change.trouble(UNKNOWN_STATUS, seen.id, seen.status)
        else:
            change.look_up(
                "intent", seen.stripe_payment_intent_id, seen.acting_for, seen.is_live, "status"
            )
        return
    charge = payment.charge_of(seen.stripe_payment_intent_id or "")
    if charge is None:
        if seen.stripe_payment_intent_id is not None and not seen.is_fresh:
            # Its money is not known yet; with the intent everything else comes along.
            change.look_up(
                "intent", seen.stripe_payment_intent_id, seen.acting_for, seen.is_live, "refund"
            )
        return
    if (charge.acting_for, charge.is_live) != (seen.acting_for, seen.is_live):
        return
    known = payment.refund_of(seen.id)
    if known is None and seen.labels.refund_id is not None:
        known = payment.refund(seen.labels.refund_id)
        if known is not None and known.stripe_refund_id not in (None, seen.id):
            known = None
    if known is None:
        known = _from_dashboard(payment, charge, seen, now)
    for balance_transaction_id in seen.stripe_balance_transaction_ids:
        change.look_up(
            "balance_transaction", balance_transaction_id, seen.acting_for, seen.is_live, "refund"
        )
    _advance(change, known, seen, status, now)


def _advance(
    change: Change, known: Refund, seen: RefundSeen, status: RefundStatus, now: datetime
) -> None:
    # A snapshot may be older than what we know; only failure follows success.
    is_news = _RANKS[status] > _RANKS[known.status] or (
        known.status == "failed" and known.stripe_refund_id is None
    )
    if not is_news:
        if known.stripe_refund_id is None:
            change.payment = change.payment.with_refund(replace(known, stripe_refund_id=seen.id))
        return
    if known.amount_minor != seen.amount_minor:
        change.trouble(ODD_REFUND, seen.id, f"{seen.amount_minor} instead of {known.amount_minor}")
    is_settled = status in ("succeeded", "failed")
    refund = replace(
        known,
        status=status,
        stripe_refund_id=seen.id,
        amount_minor=seen.amount_minor,
        failure_reason=(seen.failure_reason or "canceled") if status == "failed" else None,
        settled_at=now if is_settled else None,
        due_at=None if is_settled else now + PENDING_LOOK,
        tries=0,
    )
    change.payment = change.payment.with_refund(refund).next_version()
    if status == "succeeded":
        change.events.append(_refunded(change.payment, refund))
    elif status == "failed":
        change.events.append(_refund_failed(change.payment, refund))
        change.trouble(REFUND_FAILED, str(refund.refund_id), refund.failure_reason or "")


def _from_dashboard(payment: Payment, charge: Charge, seen: RefundSeen, now: datetime) -> Refund:
    return Refund(
        refund_id=uuid5(DASHBOARD_REFUNDS, seen.id),
        organization_id=payment.organization_id,
        registrant_id=payment.registrant_id,
        webinar_id=payment.webinar_id,
        payment_id=payment.payment_id,
        stripe_payment_intent_id=charge.stripe_payment_intent_id,
        amount_minor=seen.amount_minor,
        currency=seen.currency,
        origin="dashboard",
        cause="dashboard",
        status="calling",
        requested_at=now,
    )


def _facts(payment: Payment, refund: Refund) -> dict[str, Any]:
    """What both endings of a refund tell."""
    return {
        "organization_id": payment.organization_id,
        "refund_id": refund.refund_id,
        "payment_id": payment.payment_id,
        "registrant_id": payment.registrant_id,
        "webinar_id": payment.webinar_id,
        "version": payment.version,
        "amount_minor": refund.amount_minor or 0,
        "currency": refund.currency or payment.currency,
        "paid_minor": payment.paid_minor,
        "refunded_minor": payment.refunded_minor,
        "origin": refund.origin,
        "cause": refund.cause,
        "reason": refund.reason,
        "keep_seat": refund.keep_seat,
        "notify": refund.notify,
    }


def _refunded(payment: Payment, refund: Refund) -> Refunded:
    return Refunded(
        **_facts(payment, refund),
        stripe_refund_id=refund.stripe_refund_id,
        message=refund.message,
    )


def _refund_failed(payment: Payment, refund: Refund) -> RefundFailed:
    return RefundFailed(
        **_facts(payment, refund),
        failure_reason=refund.failure_reason or "failed",
    )

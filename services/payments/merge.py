"""The one way in which anything that Stripe says becomes true here. No I/O here.

API answers, webhooks, the return page and reconciliation all end in `merge`. It may be called with
the same fact again, with facts in any order, and with old snapshots.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.payments import attempts, charges, disputes, holds, refunds
from services.payments.change import UNKNOWN_SESSION, UNKNOWN_STATUS, Change, LookupKind
from services.payments.charges import Money
from services.payments.facts import (
    ChargeSeen,
    DisputeSeen,
    Fact,
    IntentSeen,
    RefundSeen,
    SessionSeen,
)
from services.payments.payment import Attempt, Payment

_OPEN_INTENT = ("requires_payment_method", "requires_confirmation", "requires_action")


def merge(change: Change, facts: Iterable[Fact], now: datetime) -> Change:
    """Bring the payment to what these facts say of it; returns the same change."""
    for fact in facts:
        match fact:
            case SessionSeen():
                _merge_session(change, fact, now)
            case IntentSeen():
                _merge_intent(change, fact, now)
            case ChargeSeen():
                _merge_charge(change, fact, now)
            case RefundSeen():
                refunds.merge(change, fact, now)
            case DisputeSeen():
                disputes.merge(change, fact, now)
    holds.answer(change, now)
    return change


def _attempt_behind(
    payment: Payment, fact: SessionSeen | IntentSeen | ChargeSeen
) -> Attempt | None:
    """The attempt that made the object: by its id, or by our number while no id is known."""
    attempt = payment.attempt_of(fact.id)
    if attempt is not None or fact.labels.attempt is None:
        return attempt
    return payment.attempt(fact.labels.attempt)


def _merge_session(change: Change, seen: SessionSeen, now: datetime) -> None:
    attempt = _attempt_behind(change.payment, seen)
    if attempt is None or attempt.stripe_object_id not in (None, seen.id):
        if seen.payment_status == "paid":
            _take_session(change, seen, None, now)
        change.trouble(UNKNOWN_SESSION, seen.id)
        return
    if (attempt.acting_for, attempt.is_live) != (seen.acting_for, seen.is_live):
        if seen.payment_status == "paid":
            _take_session(change, seen, attempt, now)
        return
    if seen.status == "open":
        attempts.opened(change, attempt, seen.id, seen.url, seen.expires_at, now)
        return
    if attempt.stripe_object_id is None:
        attempt = replace(attempt, stripe_object_id=seen.id, expires_at=seen.expires_at)
    if attempt.is_settled:
        # It has ended: there is nothing left to close.
        attempt = replace(attempt, is_closing=False, due_at=None)
    change.payment = change.payment.with_attempt(attempt)
    if seen.status == "expired":
        attempts.settle(change, attempt, "expired", now)
    elif seen.status != "complete":
        _unknown(change, "session", seen, str(seen.status))
    elif seen.payment_status == "paid":
        _take_session(change, seen, attempt, now)
    elif seen.payment_status == "unpaid":
        attempts.processing(change, attempt, now)
    elif seen.payment_status == "no_payment_required":
        # We never give anything away at Stripe: somebody changed the session's price.
        attempts.settle(change, attempt, "odd", now)
        charges.close_as_odd(change, seen.id, "nothing was to be paid")
    else:
        _unknown(change, "session", seen, seen.payment_status)


def _take_session(
    change: Change, seen: SessionSeen, attempt: Attempt | None, now: datetime
) -> None:
    if seen.stripe_payment_intent_id is None or seen.amount_minor is None or not seen.currency:
        _unknown(change, "session", seen, "paid without an intent")
        return
    money = Money(
        stripe_payment_intent_id=seen.stripe_payment_intent_id,
        acting_for=seen.acting_for,
        is_live=seen.is_live,
        amount_minor=seen.amount_minor,
        currency=seen.currency,
        attempt=attempt,
        stripe_session_id=seen.id,
        is_fresh=seen.is_fresh,
    )
    charges.take(change, money, now)


def _merge_intent(change: Change, seen: IntentSeen, now: datetime) -> None:
    attempt = _attempt_behind(change.payment, seen)
    if seen.decline is not None and attempt is not None:
        change.declines.append(seen.decline)
    if seen.status == "succeeded":
        charges.take(
            change,
            Money(
                stripe_payment_intent_id=seen.id,
                acting_for=seen.acting_for,
                is_live=seen.is_live,
                amount_minor=seen.amount_minor,
                currency=seen.currency,
                stripe_charge_id=seen.stripe_charge_id,
                attempt=attempt,
                is_fresh=seen.is_fresh,
            ),
            now,
        )
    elif attempt is not None and attempt.kind == "intent":
        _merge_own_intent(change, attempt, seen, now)
    if seen.charge is not None:
        _merge_charge(change, seen.charge, now)


def _merge_own_intent(change: Change, attempt: Attempt, seen: IntentSeen, now: datetime) -> None:
    """An intent that we confirmed ourselves; Checkout's own intents end with their session."""
    if (attempt.acting_for, attempt.is_live) != (seen.acting_for, seen.is_live):
        return
    if attempt.stripe_object_id is None:
        attempt = replace(attempt, stripe_object_id=seen.id)
    if seen.status in _OPEN_INTENT:
        # Declined, or the bank wants to see the payer: the pay page takes over.
        reason = seen.decline.decline_code if seen.decline is not None else seen.status
        attempt = replace(
            attempt, is_closing=True, due_at=now, refusal=attempt.refusal or reason or "declined"
        )
        if not attempt.is_settled:
            attempt = replace(attempt, status="open")
        change.payment = change.payment.with_attempt(attempt)
    elif seen.status == "canceled":
        attempt = replace(attempt, is_closing=False, due_at=None)
        change.payment = change.payment.with_attempt(attempt)
        attempts.settle(change, attempt, "declined" if attempt.refusal else "expired", now)
    elif seen.status == "processing":
        change.payment = change.payment.with_attempt(attempt)
        attempts.processing(change, attempt, now)
    else:
        change.payment = change.payment.with_attempt(attempt)
        _unknown(change, "intent", seen, seen.status)


def _merge_charge(change: Change, seen: ChargeSeen, now: datetime) -> None:
    if not seen.is_paid or seen.stripe_payment_intent_id is None:
        return
    number = seen.labels.attempt
    charges.take(
        change,
        Money(
            stripe_payment_intent_id=seen.stripe_payment_intent_id,
            acting_for=seen.acting_for,
            is_live=seen.is_live,
            amount_minor=seen.amount_minor,
            currency=seen.currency,
            stripe_charge_id=seen.id,
            attempt=None if number is None else change.payment.attempt(number),
            is_fresh=seen.is_fresh,
        ),
        now,
    )
    payment = change.payment
    charge = payment.charge_of(seen.stripe_payment_intent_id)
    if charge is None or (charge.acting_for, charge.is_live) != (seen.acting_for, seen.is_live):
        return
    if seen.stripe_balance_transaction_id is not None:
        change.look_up(
            "balance_transaction",
            seen.stripe_balance_transaction_id,
            seen.acting_for,
            seen.is_live,
            "charge",
        )
    known_minor = sum(
        one.amount_minor or 0
        for one in payment.refunds
        if one.stripe_refund_id and one.stripe_payment_intent_id == charge.stripe_payment_intent_id
    )
    is_disputed = any(
        one.stripe_payment_intent_id == charge.stripe_payment_intent_id for one in payment.disputes
    )
    if seen.refunded_minor > known_minor or (seen.is_disputed and not is_disputed):
        change.look_up(
            "intent", charge.stripe_payment_intent_id, charge.acting_for, charge.is_live, "refunded"
        )


def _unknown(change: Change, kind: LookupKind, seen: SessionSeen | IntentSeen, word: str) -> None:
    if seen.is_fresh:
        change.trouble(UNKNOWN_STATUS, seen.id, word)
    else:
        change.look_up(kind, seen.id, seen.acting_for, seen.is_live, f"unknown status {word}"[:80])

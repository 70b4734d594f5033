"""The life of an attempt: queued, calling, open, settled. No I/O here."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from services.payments.change import (
    CALL_REFUSED,
    KEY_REUSED,
    MAY_HAVE_BEEN_PAID,
    STILL_PROCESSING,
    Change,
)
from services.payments.payment import ATTEMPTS_MAX, Attempt, AttemptOutcome, Payment
from shared.events import CheckoutOpened, PaymentProcessing

SESSION_LIFE = timedelta(minutes=35)
"""Stripe wants 30 at least; the rest is for repeating a call whose answer was lost."""

CALL_LEASE = timedelta(seconds=10)
"""After it anyone may call again with the same key: the same session, or 409 for a while."""

LOOK_UP_AFTER = timedelta(minutes=4)
EXPIRY_GRACE = timedelta(minutes=2)
UNREACHABLE_GRACE = timedelta(minutes=10)
PROCESSING_MAX = timedelta(hours=24)
CLOSE_RETRY = timedelta(seconds=30)

Obstacle = Literal["paid", "closed", "late", "used_up"]


def obstacle(payment: Payment, now: datetime) -> Obstacle | None:
    """Why nothing may be opened for the payment; None when something may, or is open already."""
    if payment.paid_at is not None:
        return "paid"
    if payment.is_odd or payment.hold_end in ("cancelled", "superseded"):
        return "closed"
    if payment.live_attempt is not None:
        return None  # Also after a hold has lapsed: an open session runs to its own end.
    if payment.hold_end is not None:
        return "closed"
    if now >= payment.pay_by:
        return "late"
    if len(payment.attempts) >= ATTEMPTS_MAX:
        return "used_up"
    return None


def may_let_go(payment: Payment, attempt: Attempt, now: datetime) -> bool:
    """Whether a queued attempt may still be called; once called, it is followed to its end."""
    return payment.live_attempt == attempt and (
        payment.paid_at is None
        and not payment.is_odd
        and payment.hold_end is None
        and now < payment.pay_by
    )


def idempotency_key(payment: Payment, number: int, *, is_intent: bool = False) -> str:
    """Made of payment and number, never of anything that changes or names a person."""
    return f"{'pi' if is_intent else 'cs'}:{payment.payment_id}:{number}"


def settle(change: Change, attempt: Attempt, outcome: AttemptOutcome, now: datetime) -> None:
    """The attempt is over; money may still turn an ended one into a paid one."""
    if attempt.is_settled and (attempt.outcome == "paid" or outcome not in ("paid", "odd")):
        return
    change.payment = change.payment.with_attempt(
        replace(
            attempt,
            status="settled",
            outcome=outcome,
            settled_at=now,
            due_at=None,
            is_closing=False,
            processing_since=None,
        )
    )


def close(change: Change, attempt: Attempt, now: datetime) -> None:
    """Nothing more shall be paid by this attempt; what was never called is simply over."""
    if attempt.status == "queued":
        settle(change, attempt, "void", now)
    elif not attempt.is_settled and not attempt.is_closing:
        change.payment = change.payment.with_attempt(replace(attempt, is_closing=True, due_at=now))


def close_others(change: Change, number: int | None, now: datetime) -> None:
    """Once money has come, no other session may take more."""
    for attempt in change.payment.attempts:
        if attempt.number != number and not attempt.is_settled:
            close(change, attempt, now)


def opened(
    change: Change,
    attempt: Attempt,
    stripe_object_id: str,
    url: str | None,
    expires_at: datetime,
    now: datetime,
) -> None:
    """A session is open: told once, its end moves the first hold, and a late one is closed."""
    if attempt.stripe_object_id is not None:
        return
    payment = change.payment
    is_first = all(one.url is None for one in payment.attempts)
    found = replace(attempt, stripe_object_id=stripe_object_id, expires_at=expires_at)
    if attempt.is_settled:
        # An answer that came too late to be used; unless the money came first, nobody may pay it.
        is_late = attempt.outcome != "paid"
        change.payment = payment.with_attempt(
            replace(found, is_closing=is_late, due_at=now if is_late else None)
        )
        return
    # A hold that only lapsed lets a session run to its own end.
    is_unwanted = (
        attempt.is_closing
        or payment.is_odd
        or payment.paid_at is not None
        or payment.hold_end in ("cancelled", "superseded")
    )
    found = replace(
        found,
        status="open",
        url=url,
        is_closing=is_unwanted,
        due_at=now if is_unwanted else expires_at + EXPIRY_GRACE,
        tries=0,
    )
    change.payment = payment.with_attempt(found)
    if is_unwanted:
        return
    if is_first:
        change.payment = replace(change.payment, pay_by=max(payment.hold_until, expires_at))
    change.events.append(
        CheckoutOpened(
            organization_id=payment.organization_id,
            payment_id=payment.payment_id,
            registrant_id=payment.registrant_id,
            webinar_id=payment.webinar_id,
            attempt=attempt.number,
            pay_by=change.payment.pay_by,
        )
    )


def refused(
    change: Change, number: int, reason: str, now: datetime, *, is_decline: bool = False
) -> None:
    """Stripe said no to the call itself; nothing new is tried until someone asks for it."""
    attempt = change.payment.attempt(number)
    if attempt is None or attempt.is_settled or attempt.stripe_object_id is not None:
        return
    settle(change, replace(attempt, refusal=reason), "declined" if is_decline else "refused", now)
    if not is_decline:
        change.trouble(CALL_REFUSED, attempt.idempotency_key, reason)


def voided(change: Change, number: int, now: datetime) -> None:
    """Stripe was asked and has nothing of it, or it was never called."""
    attempt = change.payment.attempt(number)
    if attempt is None or attempt.is_settled or attempt.stripe_object_id is not None:
        return
    settle(change, attempt, "void", now)


def turned_away(change: Change, number: int, now: datetime, pause: timedelta) -> None:
    """Stripe refused our key and looked at nothing: as if never called, until the key works."""
    attempt = change.payment.attempt(number)
    if attempt is None or attempt.status != "calling" or attempt.stripe_object_id is not None:
        return
    change.payment = change.payment.with_attempt(
        replace(
            attempt,
            status="queued",
            called_at=None,
            look_up_at=None,
            expires_at=None,
            due_at=now + pause,
        )
    )


def key_reused(change: Change, number: int, now: datetime) -> None:
    """The key was used with other parameters: whatever that call made has to be found."""
    attempt = change.payment.attempt(number)
    if attempt is None or attempt.is_settled:
        return
    change.trouble(KEY_REUSED, attempt.idempotency_key)
    change.payment = change.payment.with_attempt(replace(attempt, look_up_at=now, due_at=now))


def processing(change: Change, attempt: Attempt, now: datetime) -> None:
    """The bank is still thinking: unsettled, and an exception after a day."""
    if attempt.is_settled:
        return
    if attempt.processing_since is None:
        payment = change.payment
        change.events.append(
            PaymentProcessing(
                organization_id=payment.organization_id,
                payment_id=payment.payment_id,
                registrant_id=payment.registrant_id,
                webinar_id=payment.webinar_id,
            )
        )
    since = attempt.processing_since or now
    if now - since >= PROCESSING_MAX:
        change.trouble(STILL_PROCESSING, f"{change.payment.payment_id}:{attempt.number}")
        due_at = now + PROCESSING_MAX
    else:
        due_at = since + PROCESSING_MAX
    change.payment = change.payment.with_attempt(
        replace(attempt, status="open", processing_since=since, due_at=due_at, is_closing=False)
    )


def unreachable(change: Change, number: int, now: datetime) -> None:
    """Stripe refuses us for the account: wait for the attempt's own end, then a person decides."""
    attempt = change.payment.attempt(number)
    if attempt is None or (attempt.is_settled and not attempt.is_closing):
        return
    if attempt.is_settled:
        change.payment = change.payment.with_attempt(
            replace(attempt, is_closing=False, due_at=None)
        )
        return
    end = (attempt.expires_at or attempt.queued_at + SESSION_LIFE) + UNREACHABLE_GRACE
    if now < end:
        change.payment = change.payment.with_attempt(replace(attempt, due_at=end))
        return
    settle(change, attempt, "unreachable", now)
    change.trouble(
        MAY_HAVE_BEEN_PAID,
        f"{change.payment.payment_id}:{number}",
        f"may have been paid to {attempt.stripe_account_id}",
    )

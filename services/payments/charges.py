"""Money that arrives: the first right charge pays, a second one goes back. No I/O here."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from services.payments import attempts
from services.payments.change import MONEY_ELSEWHERE, ODD_MONEY, Change
from services.payments.payment import Attempt, Charge, Payment, Refund

DUPLICATES = UUID("6d0f1f5e-8c55-4f7e-9f5c-0f6a1c9b7a11")
"""Names the refund of a duplicate after its intent, so that it is made once."""


@dataclass(frozen=True, slots=True)
class Money:
    """An intent that succeeded, as any of Stripe's objects tells it."""

    stripe_payment_intent_id: str
    acting_for: str | None
    is_live: bool
    amount_minor: int
    currency: str
    stripe_charge_id: str | None = None
    attempt: Attempt | None = None
    stripe_session_id: str | None = None
    is_fresh: bool = False


def take(change: Change, money: Money, now: datetime) -> None:
    """Book money once, however many objects tell of it; paid is absorbing."""
    payment = change.payment
    known = payment.charge_of(money.stripe_payment_intent_id)
    if known is not None:
        if known.stripe_charge_id is None and money.stripe_charge_id is not None:
            change.payment = payment.with_charge(
                replace(known, stripe_charge_id=money.stripe_charge_id)
            )
        if money.attempt is not None:
            attempts.settle(change, money.attempt, "odd" if known.role == "odd" else "paid", now)
        return
    attempt = money.attempt or _attempt_on_account(payment, money)
    if attempt is None or (attempt.acting_for, attempt.is_live) != (
        money.acting_for,
        money.is_live,
    ):
        change.trouble(
            MONEY_ELSEWHERE,
            money.stripe_payment_intent_id,
            f"on {money.acting_for or 'the own account'}, live: {money.is_live}",
            is_real=money.is_live,
        )
        return
    is_right = (money.amount_minor, money.currency) == (payment.amount_minor, payment.currency)
    if not is_right and not money.is_fresh:
        _look_again(change, money)
        return
    charge = Charge(
        stripe_payment_intent_id=money.stripe_payment_intent_id,
        stripe_charge_id=money.stripe_charge_id,
        stripe_account_id=attempt.stripe_account_id,
        acting_for=money.acting_for,
        is_live=money.is_live,
        amount_minor=money.amount_minor,
        currency=money.currency,
        role="odd" if not is_right else "duplicate" if payment.paid_at else "payment",
        taken_at=now,
    )
    change.payment = payment.with_charge(charge)
    settled = change.payment.attempt(attempt.number) or attempt
    attempts.settle(change, settled, "paid" if is_right else "odd", now)
    attempts.close_others(change, attempt.number, now)
    if charge.role == "odd":
        close_as_odd(
            change,
            charge.stripe_payment_intent_id,
            f"{charge.amount_minor} {charge.currency} instead of "
            f"{change.payment.amount_minor} {change.payment.currency}",
        )
    elif charge.role == "duplicate":
        _give_back(change, charge, now)
    else:
        change.payment = replace(change.payment, paid_at=now).next_version()
        change.events.append(change.payment.succeeded())


def _attempt_on_account(payment: Payment, money: Money) -> Attempt | None:
    """Some attempt that was made on the money's account: its metadata named only the payment."""
    return next(
        (
            one
            for one in reversed(payment.attempts)
            if (one.acting_for, one.is_live) == (money.acting_for, money.is_live)
        ),
        None,
    )


def _look_again(change: Change, money: Money) -> None:
    if money.stripe_session_id is not None:
        change.look_up(
            "session", money.stripe_session_id, money.acting_for, money.is_live, "odd amount"
        )
    else:
        change.look_up(
            "intent", money.stripe_payment_intent_id, money.acting_for, money.is_live, "odd amount"
        )


def close_as_odd(change: Change, about: str, detail: str) -> None:
    """A person has to look; until then nothing more is taken for this registrant."""
    change.trouble(ODD_MONEY, about, detail)
    if change.payment.paid_at is None:
        change.payment = replace(change.payment, is_odd=True).next_version()


def _give_back(change: Change, charge: Charge, now: datetime) -> None:
    """A second charge goes back by itself, that charge alone; the first one keeps the seat."""
    payment = change.payment
    change.payment = payment.with_refund(
        Refund(
            refund_id=uuid5(DUPLICATES, charge.stripe_payment_intent_id),
            organization_id=payment.organization_id,
            registrant_id=payment.registrant_id,
            webinar_id=payment.webinar_id,
            payment_id=payment.payment_id,
            stripe_payment_intent_id=charge.stripe_payment_intent_id,
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            origin="automatic",
            cause="duplicate",
            status="requested",
            requested_at=now,
            due_at=now,
        )
    )

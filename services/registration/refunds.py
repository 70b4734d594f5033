"""Refunds on registration's side: what may be asked for, and what payments' answers mean.

No I/O here. Money moves in payments; here its totals are kept and the seat is decided.
"""

from dataclasses import dataclass, replace
from uuid import uuid4

from services.registration.registrants import (
    Occasion,
    Outcome,
    Refund,
    Registrant,
    changed,
    facts,
    refund_requested,
)
from shared.events import (
    FeeSettled,
    RefundCause,
    Refunded,
    RefundFailed,
    RefundOrigin,
    RegistrantCancelled,
)
from shared.money import currency_rule, major_units
from shared.refusals import Invalid, Refusal


class NothingPaid(Refusal):
    """Nothing was paid for this registration, so nothing can be refunded."""

    code = "nothing_paid"


class NothingLeft(Refusal):
    """All that was paid has been refunded, or is being refunded."""

    code = "nothing_left"


@dataclass(frozen=True)
class RefundAsked:
    """An organizer's wish; without an amount it means all that is left."""

    idempotency_key: str
    body_sha256: bytes
    amount_minor: int | None = None
    keep_seat: bool = False
    reason: str | None = None
    notify: bool = True
    message: str | None = None  # To the registrant, in the refund's mail.


def left_of(registrant: Registrant, unsettled_minor: int) -> int:
    """What can still go back; refunds under way count as gone."""
    return max(0, registrant.paid_minor - registrant.refunded_minor - unsettled_minor)


def check_amount(amount_minor: int, left_minor: int, currency: str) -> None:
    """Raises Invalid for an amount that cannot be refunded."""
    step = currency_rule(currency).step
    if amount_minor > left_minor:
        left = f"{major_units(left_minor, currency)} {currency}"
        raise Invalid(f"At most {left} can be refunded.", field="amount_minor")
    if amount_minor % step:
        raise Invalid(f"Must be a multiple of {step}.", field="amount_minor")


def request(
    registrant: Registrant, asked: RefundAsked, unsettled_minor: int, occasion: Occasion
) -> Outcome:
    """An organizer gives money back; all of it, without `keep_seat`, is the cancellation."""
    if registrant.paid_at is None or registrant.currency is None:
        raise NothingPaid
    left = left_of(registrant, unsettled_minor)
    if left == 0:
        raise NothingLeft
    if asked.amount_minor is not None:
        check_amount(asked.amount_minor, left, registrant.currency)
    amount = left if asked.amount_minor is None else asked.amount_minor
    refund = replace(
        new_refund(registrant, asked.idempotency_key, amount, "organizer", "organizer"),
        reason=asked.reason,
        keep_seat=asked.keep_seat,
        body_sha256=asked.body_sha256,
    )
    told = refund_requested(
        registrant,
        refund,
        amount_minor=asked.amount_minor,
        notify=asked.notify,
        message=asked.message,
    )
    if amount < left or asked.keep_seat or registrant.status != "confirmed":
        return Outcome(registrant, (told,), refund)
    outcome = _lose_seat(registrant, amount, occasion)
    return replace(outcome, events=(*outcome.events, told), refund=refund)


def new_refund(
    registrant: Registrant,
    idempotency_key: str,
    amount_minor: int,
    origin: RefundOrigin,
    cause: RefundCause,
) -> Refund:
    """A refund that payments has not heard of yet."""
    return Refund(
        id=uuid4(),
        registrant_id=registrant.id,
        idempotency_key=idempotency_key,
        amount_minor=amount_minor,
        currency=registrant.currency,
        status="requested",
        origin=origin,
        cause=cause,
    )


def take_over(registrant: Registrant, told: Refunded, occasion: Occasion) -> Outcome:
    """Money went back; if that was all of it and nobody said `keep_seat`, so does the seat."""
    after = _with_totals(registrant, told)
    # Judged by this event's own totals: a newer one that came first must not hide that.
    if told.keep_seat or not 0 < told.paid_minor <= told.refunded_minor:
        return Outcome(after)
    after = replace(after, is_money_returned=True)
    if after.status != "confirmed":
        return Outcome(after)
    return _lose_seat(after, told.amount_minor, occasion)


def note_failure(registrant: Registrant, told: RefundFailed) -> Outcome:
    """Money did not go back after all; a lost seat stays lost."""
    return Outcome(_with_totals(registrant, told))


def settle_fee(registrant: Registrant, told: FeeSettled) -> Registrant:
    """Fee and net as Stripe booked them; newer wins."""
    if told.version <= registrant.fee_version:
        return registrant
    return replace(
        registrant,
        fee_minor=told.fee_minor,
        net_minor=told.net_minor,
        settlement_currency=told.settlement_currency,
        fee_version=told.version,
    )


def _with_totals(registrant: Registrant, told: Refunded | RefundFailed) -> Registrant:
    if told.version <= registrant.money_version:
        return registrant
    return replace(
        registrant,
        paid_minor=told.paid_minor,
        refunded_minor=told.refunded_minor,
        money_version=told.version,
    )


def _lose_seat(registrant: Registrant, amount_minor: int, occasion: Occasion) -> Outcome:
    cancelled = changed(
        registrant,
        status="cancelled",
        holds_seat=False,
        cancelled_at=occasion.now,
        cancel_cause="refund",
    )
    told = RegistrantCancelled(
        **facts(cancelled, occasion), cause="refund", refund_amount_minor=amount_minor
    )
    return Outcome(cancelled, (told,))

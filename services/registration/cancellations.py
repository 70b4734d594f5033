"""Cancelling a registration: one decision on seat, money and mail. No I/O here."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.registration import refunds
from services.registration.refund_policy import decide
from services.registration.registrants import (
    Occasion,
    Outcome,
    Registrant,
    changed,
    end_hold,
    facts,
    refund_requested,
)
from services.registration.webinars import Webinar
from shared.events import RefundCause, RegistrantCancelled
from shared.refusals import Invalid, Refusal

RefundChoice = Literal["policy", "full", "none", "amount"]
CancelledBy = Literal["registrant", "organizer", "webinar_cancelled"]

CANCEL_KEY = "cancel"  # Shorter than any key of an organizer; a registration is cancelled once.


class NotActive(Refusal):
    """This registration has no seat any more, so there is nothing to cancel."""

    code = "not_active"


@dataclass(frozen=True)
class CancelAsked:
    """Who cancels, and how much goes back; `idempotency_key` is remembered if there is one."""

    by: CancelledBy
    refund: RefundChoice = "policy"
    amount_minor: int | None = None
    notify: bool = True
    idempotency_key: str | None = None
    reason: str | None = None  # For the organizer's own record of the refund.
    message: str | None = None  # To the registrant, in the last mail that this causes.


def cancel(
    registrant: Registrant, asked: CancelAsked, unsettled_minor: int, occasion: Occasion
) -> Outcome:
    """End a registration; a seat that money may still reach is kept until payments answers."""
    if not registrant.is_active:
        raise NotActive
    after = changed(
        registrant,
        status="cancelled",
        cancelled_at=occasion.now,
        cancel_cause=asked.by,
        cancel_key=asked.idempotency_key,
    )
    if registrant.status == "awaiting_payment":
        ended = end_hold(after, "cancelled", occasion.now)
        return replace(ended, events=(_told(ended.registrant, asked, 0, occasion), *ended.events))
    after = replace(after, holds_seat=False)
    left = refunds.left_of(registrant, unsettled_minor)
    amount = amount_back(registrant, asked, left, occasion)
    told = _told(after, asked, amount, occasion)
    if amount == 0:
        return Outcome(after, (told,))
    cause: RefundCause = "policy" if asked.refund == "policy" else "organizer"
    origin: Literal["registrant", "organizer"] = (
        "registrant" if asked.by == "registrant" else "organizer"
    )
    refund = refunds.new_refund(after, CANCEL_KEY, amount, origin, cause)
    refund = replace(refund, reason=asked.reason)
    # All that is left is asked for without an amount: what left meanwhile is not asked for twice.
    wanted = None if amount == left else amount
    request = refund_requested(
        after, refund, amount_minor=wanted, notify=asked.notify, message=asked.message
    )
    return Outcome(after, (told, request), refund)


def amount_back(
    registrant: Registrant, asked: CancelAsked, left_minor: int, occasion: Occasion
) -> int:
    """How much goes back to a confirmed registrant who is cancelled now; raises Invalid."""
    if registrant.paid_at is None or registrant.currency is None or asked.refund == "none":
        return 0
    if asked.refund == "full":
        return left_minor
    if asked.refund == "amount":
        if asked.amount_minor is None:
            raise Invalid("Say how much goes back.", field="amount_minor")
        refunds.check_amount(asked.amount_minor, left_minor, registrant.currency)
        return asked.amount_minor
    if refund_choice_until(registrant, occasion.webinar, occasion.now) is not None:
        return left_minor
    decided = decide(
        registrant.policy,
        registrant.starts_at,
        occasion.webinar.starts_at,
        occasion.now,
        registrant.amount_minor,
        registrant.currency,
    )
    return min(decided, left_minor)


def refund_choice_until(registrant: Registrant, webinar: Webinar, now: datetime) -> datetime | None:
    """Until when all of it goes back to those who cancel because the start was moved."""
    until, granted_at = webinar.refund_until, webinar.refund_granted_at
    if until is None or granted_at is None or registrant.amount_minor == 0 or now >= until:
        return None
    return until if registrant.created_at <= granted_at else None


def _told(
    registrant: Registrant, asked: CancelAsked, amount_minor: int, occasion: Occasion
) -> RegistrantCancelled:
    return RegistrantCancelled(
        **facts(registrant, occasion),
        cause=asked.by,
        notify=asked.notify,
        refund_amount_minor=amount_minor,
        own_words=occasion.own_words.get("cancelled"),
        message=None if amount_minor else asked.message,
    )

"""Registrants: what holds, payments and time make of a seat. No I/O here.

A rule takes a registrant as it is and returns what is now true and what to tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.refund_policy import RefundPolicy, sentence
from services.registration.webinars import Webinar
from shared.events import (
    CheckoutExpired,
    CheckoutOpened,
    Event,
    HoldEnded,
    HoldEndReason,
    PaymentFailed,
    PaymentSucceeded,
    RefundCause,
    RefundOrigin,
    RefundRequested,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantReleased,
)
from shared.own_words import OwnMail

Status = Literal["awaiting_payment", "confirmed", "released", "cancelled"]
RefundStatus = Literal["requested", "pending", "succeeded", "failed"]

HOLD_REPEAT = timedelta(hours=1)
AUTOMATIC_KEY = "automatic"  # Shorter than any key of an organizer, so never one of theirs.


@dataclass(frozen=True)
class Registrant:
    """One registration. `holds_seat` is what counts against the capacity, not the status."""

    id: UUID
    number: int
    organization_id: UUID
    webinar_id: UUID
    version: int
    status: Status
    holds_seat: bool
    name: str
    email: str
    email_key: str
    locale: str
    amount_minor: int
    currency: str | None
    description_version: int
    refund_policy: dict[str, Any] | None
    starts_at: datetime  # As registered for.
    pay_by: datetime | None  # None unless awaiting payment.
    hold_ended_at: datetime | None
    hold_end_reason: HoldEndReason | None
    hold_answered_at: datetime | None
    hold_repeat_at: datetime | None
    confirmed_at: datetime | None
    released_at: datetime | None
    cancelled_at: datetime | None
    cancel_cause: str | None
    cancel_key: str | None
    paid_at: datetime | None
    paid_minor: int
    refunded_minor: int
    money_version: int
    is_money_returned: bool  # Once all of it went back without `keep_seat`.
    fee_minor: int | None
    net_minor: int | None
    settlement_currency: str | None
    fee_version: int
    decline_code: str | None
    decline_message: str | None
    declined_at: datetime | None
    link_version: int
    repeated_at: datetime | None
    created_at: datetime
    # Where the money is at Stripe, once it is known.
    stripe_account_id: str | None = None
    stripe_payment_intent_id: str | None = None
    is_live: bool | None = None
    is_rehearsal: bool = False  # Of an organizer: takes no seat, enters no sum and no list.

    @property
    def policy(self) -> RefundPolicy | None:
        """The refund policy as registered for."""
        return None if self.refund_policy is None else RefundPolicy(**self.refund_policy)

    @property
    def is_active(self) -> bool:
        """Has a seat, paid for or still to be paid."""
        return self.status in ("awaiting_payment", "confirmed")


@dataclass(frozen=True)
class Refund:
    """Money that goes back; its id is the key under which payments asks Stripe."""

    id: UUID
    registrant_id: UUID
    idempotency_key: str
    amount_minor: int
    currency: str | None
    status: RefundStatus
    origin: RefundOrigin
    cause: RefundCause
    reason: str | None = None
    keep_seat: bool = False
    body_sha256: bytes | None = None


@dataclass(frozen=True)
class Occasion:
    """What surrounds a registrant when something happens."""

    webinar: Webinar
    organization: Organization
    links: Links
    now: datetime  # The database's.
    description: str = ""  # As registered for; only confirmations carry it.
    own_words: Mapping[OwnMail, str] = field(default_factory=dict)  # The organization's, by mail.


@dataclass(frozen=True)
class Outcome:
    """What a rule made of one registrant: its new state and what to tell."""

    registrant: Registrant
    events: tuple[Event, ...] = ()
    refund: Refund | None = None


def facts(registrant: Registrant, occasion: Occasion) -> dict[str, Any]:
    """The fields that every event about a registrant carries."""
    webinar, organization = occasion.webinar, occasion.organization
    return {
        "organization_id": registrant.organization_id,
        "registrant_id": registrant.id,
        "webinar_id": registrant.webinar_id,
        "version": registrant.version,
        "name": registrant.name,
        "email": registrant.email,
        "locale": registrant.locale,
        "webinar_title": webinar.title,
        "kind": webinar.kind,
        "starts_at": webinar.starts_at,
        "duration_minutes": webinar.duration_minutes,
        "time_zone": webinar.time_zone,
        "amount_minor": registrant.amount_minor,
        "currency": registrant.currency,
        "manage_url": occasion.links.manage_url(registrant.id, registrant.link_version),
        "organization_name": organization.name,
        "sender_name": organization.sender_name,
        "reply_to": organization.reply_to,
        "is_rehearsal": registrant.is_rehearsal,
        "sequence": calendar_sequence(registrant.version, webinar),
    }


def calendar_sequence(version: int, webinar: Webinar) -> int:
    """The calendar entry's number: rises whenever the registration or its webinar changes."""
    return version + webinar.version


def changed(registrant: Registrant, **changes: Any) -> Registrant:
    """The registrant's next version; what is no longer awaited has no deadline."""
    after = replace(registrant, version=registrant.version + 1, **changes)
    return after if after.status == "awaiting_payment" else replace(after, pay_by=None)


def open_checkout(registrant: Registrant, checkout: CheckoutOpened) -> Registrant:
    """The first session outlives the hold: the deadline moves, and only forward."""
    if registrant.status != "awaiting_payment" or registrant.pay_by is None:
        return registrant
    return replace(registrant, pay_by=max(registrant.pay_by, checkout.pay_by))


def decline(registrant: Registrant, failure: PaymentFailed) -> Registrant:
    """Remember the last decline for display; nothing else changes."""
    if registrant.declined_at is not None and failure.occurred_at <= registrant.declined_at:
        return registrant
    return replace(
        registrant,
        decline_code=failure.decline_code,
        decline_message=failure.message,
        declined_at=failure.occurred_at,
    )


def lapse(registrant: Registrant, now: datetime) -> Outcome:
    """The time to pay is over: payments is asked what became of the money, the seat stays kept."""
    is_due = registrant.pay_by is not None and registrant.pay_by <= now
    if registrant.status != "awaiting_payment" or registrant.hold_ended_at or not is_due:
        return Outcome(registrant)
    return end_hold(registrant, "lapsed", now)


def end_hold(registrant: Registrant, reason: HoldEndReason, now: datetime) -> Outcome:
    """Ask payments to close; the seat is freed by its answer, not here."""
    ended = replace(
        registrant,
        hold_ended_at=registrant.hold_ended_at or now,
        hold_end_reason=reason,
        hold_repeat_at=now + HOLD_REPEAT,
    )
    return Outcome(ended, (hold_ended(ended),))


def hold_ended(registrant: Registrant) -> HoldEnded:
    """The question to payments: what became of the money?"""
    return HoldEnded(
        organization_id=registrant.organization_id,
        registrant_id=registrant.id,
        webinar_id=registrant.webinar_id,
        reason=registrant.hold_end_reason or "lapsed",
    )


def repeat_hold_ended(registrant: Registrant, now: datetime) -> Outcome:
    """Ask payments again, under another event id."""
    return Outcome(replace(registrant, hold_repeat_at=now + HOLD_REPEAT), (hold_ended(registrant),))


def release(registrant: Registrant, _answer: CheckoutExpired, occasion: Occasion) -> Outcome:
    """Nothing was paid and nothing can be: the seat goes back on sale."""
    if registrant.hold_ended_at is None or registrant.hold_answered_at is not None:
        return Outcome(registrant)
    answered = replace(registrant, hold_answered_at=occasion.now)
    if registrant.status == "cancelled":
        return Outcome(replace(answered, holds_seat=False))
    if registrant.status != "awaiting_payment":
        return Outcome(answered)
    return _released(answered, occasion)


def settle_payment(
    registrant: Registrant,
    payment: PaymentSucceeded,
    others: Sequence[Registrant],
    occasion: Occasion,
) -> list[Outcome]:
    """The money came: a seat, or the money back. First match; `others` share the address."""
    if registrant.paid_at is not None:
        return [Outcome(registrant)]
    paid = replace(
        registrant,
        paid_at=payment.paid_at,
        stripe_account_id=payment.stripe_account_id,
        stripe_payment_intent_id=payment.stripe_payment_intent_id,
        is_live=payment.is_live,
    )
    if paid.hold_ended_at is not None:
        paid = replace(paid, hold_answered_at=paid.hold_answered_at or occasion.now)
    if paid.money_version == 0:
        # Totals that are known already are never older than this first fact.
        paid = replace(paid, paid_minor=payment.amount_minor, money_version=payment.version)
    if paid.is_money_returned:
        return [_cancelled(paid, "refund", occasion)]
    if occasion.webinar.status == "cancelled":
        return [_give_back(paid, "webinar_cancelled", occasion)]
    if paid.status == "cancelled":
        return [_give_back(paid, "late", occasion)]
    if any(other.status == "confirmed" and other.amount_minor > 0 for other in others):
        return [_give_back(paid, "duplicate", occasion)]
    if paid.status == "released" and not (
        occasion.webinar.is_open(occasion.now)
        and (occasion.webinar.has_free_seat or paid.is_rehearsal)
    ):
        return [_give_back(paid, "late", occasion)]
    superseded = [
        end_hold(other, "superseded", occasion.now)
        for other in others
        if other.status == "awaiting_payment" and other.hold_end_reason != "superseded"
    ]
    return [_confirmed(paid, occasion), *superseded]


def confirmation(registrant: Registrant, occasion: Occasion) -> RegistrantConfirmed:
    """All that the confirmation mail needs, as registered for."""
    return RegistrantConfirmed(
        **facts(registrant, occasion),
        join_url=occasion.links.join_url(registrant.id, registrant.link_version),
        description=occasion.description,
        # Where nothing was paid there is nothing to give back.
        refund_policy_text=(
            sentence(registrant.policy, registrant.locale) if registrant.amount_minor else ""
        ),
        own_words=occasion.own_words.get("confirmation"),
    )


def _confirmed(registrant: Registrant, occasion: Occasion) -> Outcome:
    confirmed = changed(
        registrant,
        status="confirmed",
        holds_seat=not registrant.is_rehearsal,
        confirmed_at=occasion.now,
    )
    return Outcome(confirmed, (confirmation(confirmed, occasion),))


def _released(registrant: Registrant, occasion: Occasion) -> Outcome:
    released = changed(registrant, status="released", holds_seat=False, released_at=occasion.now)
    told = RegistrantReleased(
        **facts(released, occasion),
        reason=released.hold_end_reason or "lapsed",
        webinar_url=occasion.links.webinar_url(released.webinar_id),
        own_words=occasion.own_words.get("released"),
    )
    return Outcome(released, (told,))


def _cancelled(
    registrant: Registrant,
    cause: Literal["refund", "webinar_cancelled"],
    occasion: Occasion,
    refund_amount_minor: int = 0,
) -> Outcome:
    if registrant.status == "cancelled":
        return Outcome(replace(registrant, holds_seat=False))
    cancelled = changed(
        registrant,
        status="cancelled",
        holds_seat=False,
        cancelled_at=occasion.now,
        cancel_cause=cause,
    )
    told = RegistrantCancelled(
        **facts(cancelled, occasion),
        cause=cause,
        refund_amount_minor=refund_amount_minor,
        own_words=occasion.own_words.get("cancelled"),
    )
    return Outcome(cancelled, (told,))


def _give_back(
    registrant: Registrant,
    cause: Literal["late", "duplicate", "webinar_cancelled"],
    occasion: Occasion,
) -> Outcome:
    """No seat for this money: a kept one is freed, and all of it goes back."""
    refund = automatic_refund(registrant, cause)
    if registrant.status == "awaiting_payment" and cause == "webinar_cancelled":
        outcome = _cancelled(registrant, cause, occasion, refund.amount_minor)
    elif registrant.status == "awaiting_payment":
        outcome = _released(replace(registrant, hold_end_reason="superseded"), occasion)
    else:
        outcome = Outcome(replace(registrant, holds_seat=False))
    if refund.amount_minor == 0:
        return outcome
    asked = refund_requested(outcome.registrant, refund, amount_minor=None)
    return replace(outcome, events=(*outcome.events, asked), refund=refund)


def automatic_refund(registrant: Registrant, cause: RefundCause) -> Refund:
    """All of the money, asked for by nobody; at most one for each registrant."""
    return Refund(
        id=uuid4(),
        registrant_id=registrant.id,
        idempotency_key=AUTOMATIC_KEY,
        amount_minor=max(0, registrant.paid_minor - registrant.refunded_minor),
        currency=registrant.currency,
        status="requested",
        origin="automatic",
        cause=cause,
    )


def refund_requested(
    registrant: Registrant,
    refund: Refund,
    *,
    amount_minor: int | None,
    notify: bool = True,
    message: str | None = None,
) -> RefundRequested:
    """The request to payments; without an amount it means all that is unrefunded by then."""
    return RefundRequested(
        organization_id=registrant.organization_id,
        refund_id=refund.id,
        registrant_id=registrant.id,
        webinar_id=registrant.webinar_id,
        amount_minor=amount_minor,
        origin=refund.origin,
        cause=refund.cause,
        reason=refund.reason,
        keep_seat=refund.keep_seat,
        notify=notify,
        message=message,
    )

"""A payment as this service knows it: attempts, charges, refunds and disputes. No I/O here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from shared.events import HoldEndReason, PaymentSucceeded, RefundCause, RefundOrigin

AttemptKind = Literal["session", "intent"]
AttemptStatus = Literal["queued", "calling", "open", "settled"]
AttemptOutcome = Literal["paid", "expired", "refused", "void", "declined", "odd", "unreachable"]
ChargeRole = Literal["payment", "duplicate", "odd"]
RefundStatus = Literal["waiting", "requested", "calling", "pending", "succeeded", "failed"]

ATTEMPTS_MAX = 3

PAYMENTS = UUID("3c1d9f5e-7a51-4f7c-8a0e-5a8d6f0b2c41")


def payment_id_of(registrant_id: UUID) -> UUID:
    """A payment is named after its registrant, so that every delivery means the same one."""
    return uuid5(PAYMENTS, str(registrant_id))


@dataclass(frozen=True, slots=True)
class Attempt:
    """A Checkout Session or PaymentIntent, stored before Stripe hears of it."""

    number: int
    kind: AttemptKind
    status: AttemptStatus
    stripe_account_id: str
    acting_for: str | None
    is_live: bool
    idempotency_key: str
    queued_at: datetime
    outcome: AttemptOutcome | None = None
    params: dict[str, Any] | None = None
    called_at: datetime | None = None
    look_up_at: datetime | None = None
    expires_at: datetime | None = None
    stripe_object_id: str | None = None
    url: str | None = None
    processing_since: datetime | None = None
    is_closing: bool = False
    refusal: str | None = None
    settled_at: datetime | None = None
    due_at: datetime | None = None
    tries: int = 0

    @property
    def is_settled(self) -> bool:
        return self.status == "settled"


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that was taken: an intent that succeeded, with its one charge."""

    stripe_payment_intent_id: str
    stripe_charge_id: str | None
    stripe_account_id: str
    acting_for: str | None
    is_live: bool
    amount_minor: int
    currency: str
    role: ChargeRole
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back; the row is there before the call."""

    refund_id: UUID
    organization_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    origin: RefundOrigin
    cause: RefundCause
    status: RefundStatus
    requested_at: datetime
    payment_id: UUID | None = None
    stripe_payment_intent_id: str | None = None
    requested_minor: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    reason: str | None = None
    keep_seat: bool = False
    notify: bool = True
    message: str | None = None  # For the registrant's mail, handed through.
    stripe_refund_id: str | None = None
    failure_reason: str | None = None
    called_at: datetime | None = None
    settled_at: datetime | None = None
    due_at: datetime | None = None
    tries: int = 0

    @property
    def counts(self) -> bool:
        """Whether its money is gone or spoken for; a failed refund gives it back."""
        return self.status not in ("waiting", "failed")


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's bank contests a charge."""

    stripe_dispute_id: str
    stripe_payment_intent_id: str
    amount_minor: int
    currency: str
    status: str
    reason: str | None
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """What one registrant owes and everything that happened to it."""

    payment_id: UUID
    registrant_id: UUID
    organization_id: UUID
    webinar_id: UUID
    amount_minor: int
    currency: str
    webinar_title: str
    registrant_name: str
    email: str
    locale: str
    manage_url: str
    card_brands_blocked: Sequence[str]
    hold_until: datetime
    pay_by: datetime
    hold_end: HoldEndReason | None = None
    hold_end_answered_at: datetime | None = None
    is_odd: bool = False
    paid_at: datetime | None = None
    fee_minor: int | None = None
    net_minor: int | None = None
    settlement_currency: str | None = None
    version: int = 1
    is_rehearsal: bool = False  # An organizer's own try.
    attempts: tuple[Attempt, ...] = ()
    charges: tuple[Charge, ...] = ()
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    @property
    def is_play(self) -> bool:
        """Whether no real money can be in it: a rehearsal that was never called in live mode."""
        return self.is_rehearsal and not any(one.is_live for one in self.attempts)

    @property
    def live_attempt(self) -> Attempt | None:
        """The one attempt that is not settled."""
        return next((one for one in self.attempts if not one.is_settled), None)

    @property
    def paying_charge(self) -> Charge | None:
        return next((one for one in self.charges if one.role == "payment"), None)

    @property
    def paid_minor(self) -> int:
        """All that was taken in the payment's currency."""
        return sum(one.amount_minor for one in self.charges if one.currency == self.currency)

    @property
    def refunded_minor(self) -> int:
        """All that went back."""
        return sum(one.amount_minor or 0 for one in self.refunds if one.status == "succeeded")

    def left_minor(self, charge: Charge) -> int:
        """What can still be given back of one charge."""
        return charge.amount_minor - sum(
            one.amount_minor or 0
            for one in self.refunds
            if one.counts and one.stripe_payment_intent_id == charge.stripe_payment_intent_id
        )

    def attempt(self, number: int) -> Attempt | None:
        return next((one for one in self.attempts if one.number == number), None)

    def attempt_of(self, stripe_object_id: str) -> Attempt | None:
        return next(
            (one for one in self.attempts if one.stripe_object_id == stripe_object_id), None
        )

    def charge_of(self, stripe_payment_intent_id: str) -> Charge | None:
        return next(
            (
                one
                for one in self.charges
                if one.stripe_payment_intent_id == stripe_payment_intent_id
            ),
            None,
        )

    def refund(self, refund_id: UUID) -> Refund | None:
        return next((one for one in self.refunds if one.refund_id == refund_id), None)

    def refund_of(self, stripe_refund_id: str) -> Refund | None:
        return next((one for one in self.refunds if one.stripe_refund_id == stripe_refund_id), None)

    def dispute_of(self, stripe_dispute_id: str) -> Dispute | None:
        return next(
            (one for one in self.disputes if one.stripe_dispute_id == stripe_dispute_id), None
        )

    def with_attempt(self, attempt: Attempt) -> "Payment":
        others = [one for one in self.attempts if one.number != attempt.number]
        return replace(self, attempts=tuple(sorted((*others, attempt), key=lambda one: one.number)))

    def with_charge(self, charge: Charge) -> "Payment":
        kept = tuple(
            one
            for one in self.charges
            if one.stripe_payment_intent_id != charge.stripe_payment_intent_id
        )
        return replace(self, charges=(*kept, charge))

    def with_refund(self, refund: Refund) -> "Payment":
        kept = tuple(one for one in self.refunds if one.refund_id != refund.refund_id)
        return replace(self, refunds=(*kept, refund))

    def with_dispute(self, dispute: Dispute) -> "Payment":
        kept = tuple(
            one for one in self.disputes if one.stripe_dispute_id != dispute.stripe_dispute_id
        )
        return replace(self, disputes=(*kept, dispute))

    def next_version(self) -> "Payment":
        return replace(self, version=self.version + 1)

    def succeeded(self) -> PaymentSucceeded:
        """The event, under a new id each time; the payment must be paid."""
        charge = self.paying_charge
        assert charge is not None
        assert self.paid_at is not None
        return PaymentSucceeded(
            organization_id=self.organization_id,
            payment_id=self.payment_id,
            registrant_id=self.registrant_id,
            webinar_id=self.webinar_id,
            amount_minor=self.amount_minor,
            currency=self.currency,
            paid_at=self.paid_at,
            version=self.version,
            stripe_account_id=charge.stripe_account_id,
            stripe_payment_intent_id=charge.stripe_payment_intent_id,
            stripe_charge_id=charge.stripe_charge_id,
            is_live=charge.is_live,
        )

"""What Stripe says of its objects, in our words, whichever way we heard it. No I/O here.

The gateway makes these from answers and webhooks alike. `acting_for` is the connected account that
the object lives in, None for the key's own; `is_fresh` says that the object was read just now and
is no older snapshot.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Labels:
    """Our ids in an object's metadata: hints, since the account's owner can write them too."""

    payment_id: UUID | None = None
    attempt: int | None = None
    refund_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What all objects have in common."""

    id: str
    acting_for: str | None
    is_live: bool
    is_fresh: bool
    labels: Labels


@dataclass(frozen=True, slots=True)
class SessionSeen(Seen):
    """A Checkout Session."""

    status: str | None
    payment_status: str
    amount_minor: int | None
    currency: str | None
    stripe_payment_intent_id: str | None
    expires_at: datetime
    url: str | None


@dataclass(frozen=True, slots=True)
class IntentSeen(Seen):
    """A PaymentIntent."""

    status: str
    amount_minor: int  # Received, once it has succeeded.
    currency: str
    stripe_charge_id: str | None
    decline: "Decline | None" = None
    charge: "ChargeSeen | None" = None  # Where the latest charge was read along.


@dataclass(frozen=True, slots=True)
class Decline:
    """A bank said no."""

    id: str  # The failed charge, or the intent where no charge was tried.
    decline_code: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class ChargeSeen(Seen):
    """A charge."""

    is_paid: bool
    amount_minor: int
    currency: str
    refunded_minor: int
    is_disputed: bool
    stripe_payment_intent_id: str | None
    stripe_balance_transaction_id: str | None


@dataclass(frozen=True, slots=True)
class RefundSeen(Seen):
    """A refund, ours or made in Stripe's dashboard."""

    status: str
    amount_minor: int
    currency: str
    stripe_payment_intent_id: str | None
    failure_reason: str | None
    stripe_balance_transaction_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BalanceTransactionSeen:
    """What Stripe booked: immutable, once per id."""

    id: str
    type: str
    source: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisputeSeen(Seen):
    """A dispute with what it moved so far."""

    status: str
    amount_minor: int
    currency: str
    reason: str | None
    stripe_payment_intent_id: str | None
    balance_transactions: tuple[BalanceTransactionSeen, ...]


Fact: TypeAlias = SessionSeen | IntentSeen | ChargeSeen | RefundSeen | DisputeSeen

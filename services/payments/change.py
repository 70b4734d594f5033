"""What a rule found to be true and what is to be told, stored in one transaction. No I/O here."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from services.payments.facts import BalanceTransactionSeen, Decline
from services.payments.payment import Payment
from shared.events import Event

LookupKind = Literal["session", "intent", "balance_transaction"]

BOOKS_DELAY = timedelta(milliseconds=300)
"""Fees may come a moment later; whole pages of them are read with one call in a rush."""

MONEY_ELSEWHERE = "money_elsewhere"
"""Money on an account or in a mode that is not the attempt's."""
ODD_MONEY = "odd_money"
"""Money of another amount or currency than was asked for."""
UNKNOWN_STATUS = "unknown_status"
"""Stripe uses a word that this version does not know."""
MAY_HAVE_BEEN_PAID = "may_have_been_paid"
"""Stripe refused to tell what became of a session."""
STILL_PROCESSING = "still_processing"
"""A payment that the bank has neither made nor refused for a day."""
REFUND_FAILED = "refund_failed"
"""A refund that needs a person."""
REFUND_UNMATCHED = "refund_unmatched"
"""A refund was requested for a payment that nobody has heard of."""
ODD_REFUND = "odd_refund"
"""Stripe gave back another amount than was asked for."""
SETTLED_IN_TWO_CURRENCIES = "settled_in_two_currencies"
"""Fee and net cannot be summed."""
CALL_REFUSED = "call_refused"
"""Stripe refused to open a payment."""
KEY_REUSED = "key_reused"
"""An idempotency key was used with other parameters: a fault of ours."""
UNMERGED_EVENT = "unmerged_event"
"""An event of Stripe's that could not be merged."""
UNKNOWN_SESSION = "unknown_session"
"""A session names one of our payments, and no attempt made it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something for a person; once for each cause and thing that it is about."""

    cause: str
    about: str
    detail: str = ""
    is_real: bool = False  # About real money, whatever the payment was meant to be.


@dataclass(frozen=True, slots=True)
class Lookup:
    """An object that has to be read from Stripe before anything is decided."""

    kind: LookupKind
    stripe_object_id: str
    acting_for: str | None
    is_live: bool
    reason: str


@dataclass(slots=True)
class Change:
    """A payment on its way from what it was to what it is; rules add to it."""

    payment: Payment
    events: list[Event] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    declines: list[Decline] = field(default_factory=list)
    bookings: list[BalanceTransactionSeen] = field(default_factory=list)
    is_answered: bool = False

    def trouble(self, cause: str, about: str, detail: str = "", *, is_real: bool = False) -> None:
        self.troubles.append(Trouble(cause, about, detail, is_real))

    def look_up(
        self,
        kind: LookupKind,
        stripe_object_id: str,
        acting_for: str | None,
        is_live: bool,
        reason: str,
    ) -> None:
        self.lookups.append(Lookup(kind, stripe_object_id, acting_for, is_live, reason))

"""What the doors and workers of this service have at hand, and the one way to call Stripe."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from aiohttp import web

from services.payments import metrics
from services.payments.accounts import Account
from services.payments.merging import Merger
from services.payments.pacing import Endpoint, Pacer
from services.payments.payment import Payment
from services.payments.rehearsals import PlayMoney
from services.payments.settings import PaymentsSettings
from services.payments.store_accounts import find_account
from services.payments.stored_events import EventInbox
from services.payments.stripe_gateway import StripeBusy, StripeFailure, StripeGateway
from services.payments.wakes import Crew, Waiters, Wakes
from shared.postgres import Connection, Database
from shared.tokens import TokenSigner

# Together below the gateway's connections, so that a call never queues there; openings, which
# come in a rush, leave refunds and reads a crew of their own.
OPENINGS_AT_ONCE_MAX = 16
OTHERS_AT_ONCE_MAX = 8

PATIENCE_SECONDS = 3.0
"""Longer than this nobody looks at an empty page: a page says that it takes a moment."""

TEST_PACE = "test mode"
"""Names the test key's own buckets: Stripe counts the calls of its two modes apart."""

T = TypeVar("T")


class Place(Protocol):
    """Where at Stripe something is, as attempts, charges and accounts say it of themselves."""

    @property
    def acting_for(self) -> str | None: ...

    @property
    def is_live(self) -> bool: ...


@dataclass
class Desk:
    """One process's tools; nothing here is state that anyone else would need."""

    settings: PaymentsSettings
    database: Database
    stripe: StripeGateway
    signer: TokenSigner
    pacer: Pacer
    play_money: PlayMoney | None = None  # Only beside a live key.
    wakes: Wakes = field(default_factory=Wakes)
    waiters: Waiters = field(default_factory=Waiters)
    crew: Crew = field(default_factory=lambda: Crew(OPENINGS_AT_ONCE_MAX))
    money_crew: Crew = field(default_factory=lambda: Crew(OTHERS_AT_ONCE_MAX))
    patience_seconds: float = PATIENCE_SECONDS
    merger: Merger = field(init=False)
    inbox: EventInbox = field(init=False)

    def __post_init__(self) -> None:
        self.merger = Merger(self.database, self.wakes, self.waiters)
        self.inbox = EventInbox(self.database, self.merger, self.wakes)

    def gateway_of(self, place: Place) -> StripeGateway:
        """The key that acts there: the test key where no money is real and a live key is ours."""
        if self.play_money is not None and not place.is_live:
            return self.play_money.stripe
        return self.stripe

    async def account_of(self, connection: Connection, payment: Payment) -> Account | None:
        """The account into which a payment may be opened now; None is none.

        A rehearsal that was once asked for in test mode never takes real money after that.
        """
        account = await find_account(connection, payment.organization_id)
        if account is None or not account.may_sell or account.is_live != self.stripe.is_live:
            # As it was under a key of the other mode, it is no place for anybody's money.
            return None
        if not payment.is_rehearsal or not account.is_live:
            return account
        if self.play_money is not None:
            return self.play_money.instead_of(account)
        return None if any(not one.is_live for one in payment.attempts) else account

    def try_admit(self, place: Place, endpoint: Endpoint) -> float:
        """0: a call may go now, its token is taken. Otherwise the seconds after which to ask."""
        return self.gateway_of(place).key.wait() or self.pacer.try_admit(
            self._pace_of(place), endpoint
        )

    async def admit(self, place: Place, endpoint: Endpoint) -> None:
        """Wait until a call may go."""
        await self.pacer.admit(self._pace_of(place), endpoint)

    def _pace_of(self, place: Place) -> str | None:
        return place.acting_for if self.gateway_of(place) is self.stripe else TEST_PACE

    async def call(
        self,
        endpoint: Endpoint,
        place: Place,
        make: Callable[[StripeGateway], Awaitable[T]],
        *,
        is_admitted: bool = False,
    ) -> T:
        """Call Stripe where something is, when its pace allows; raises what the gateway raises.

        Never inside a transaction. A 429 pauses everyone who would call the same endpoint.
        """
        pace = self._pace_of(place)
        if not is_admitted:
            await self.pacer.admit(pace, endpoint)
        try:
            answer = await make(self.gateway_of(place))
        except StripeBusy as busy:
            if not busy.is_lock_timeout:
                self.pacer.refused(pace, endpoint, busy.reason)
            metrics.stripe_calls.labels(endpoint, "busy").inc()
            raise
        except StripeFailure as failure:
            metrics.stripe_calls.labels(endpoint, type(failure).__name__).inc()
            raise
        self.pacer.answered(pace, endpoint)
        metrics.stripe_calls.labels(endpoint, "answered").inc()
        return answer


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)

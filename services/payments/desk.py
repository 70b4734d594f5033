"""What the doors and workers of this service have at hand, and the one way to call Stripe."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web

from services.payments import metrics
from services.payments.merging import Merger
from services.payments.pacing import Endpoint, Pacer
from services.payments.settings import PaymentsSettings
from services.payments.stored_events import EventInbox
from services.payments.stripe_gateway import StripeBusy, StripeFailure, StripeGateway
from services.payments.wakes import Crew, Waiters, Wakes
from shared.postgres import Database
from shared.tokens import TokenSigner

# Together below the gateway's connections, so that a call never queues there; openings, which
# come in a rush, leave refunds and reads a crew of their own.
OPENINGS_AT_ONCE_MAX = 16
OTHERS_AT_ONCE_MAX = 8

PATIENCE_SECONDS = 3.0
"""Longer than this nobody looks at an empty page: a page says that it takes a moment."""

T = TypeVar("T")


@dataclass
class Desk:
    """One process's tools; nothing here is state that anyone else would need."""

    settings: PaymentsSettings
    database: Database
    stripe: StripeGateway
    signer: TokenSigner
    pacer: Pacer
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

    async def call(
        self,
        endpoint: Endpoint,
        acting_for: str | None,
        make: Callable[[], Awaitable[T]],
        *,
        is_admitted: bool = False,
    ) -> T:
        """Call Stripe when its pace allows; raises what the gateway raises.

        Never inside a transaction. A 429 pauses everyone who would call the same endpoint.
        """
        if not is_admitted:
            await self.pacer.admit(acting_for, endpoint)
        try:
            answer = await make()
        except StripeBusy as busy:
            if not busy.is_lock_timeout:
                self.pacer.refused(acting_for, endpoint, busy.reason)
            metrics.stripe_calls.labels(endpoint, "busy").inc()
            raise
        except StripeFailure as failure:
            metrics.stripe_calls.labels(endpoint, type(failure).__name__).inc()
            raise
        self.pacer.answered(acting_for, endpoint)
        metrics.stripe_calls.labels(endpoint, "answered").inc()
        return answer


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)

"""What the doors and workers of this service have at hand, and the one way to call Stripe."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import web

from services.payments import metrics
from services.payments.pacing import Endpoint, Pacer
from services.payments.settings import PaymentsSettings
from services.payments.stripe_gateway import StripeBusy, StripeFailure, StripeGateway
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
class Wakes:
    """Set by whoever makes work, so that nobody has to poll quickly for it."""

    attempts: asyncio.Event = field(default_factory=asyncio.Event)
    stripe_events: asyncio.Event = field(default_factory=asyncio.Event)
    lookups: asyncio.Event = field(default_factory=asyncio.Event)
    refunds: asyncio.Event = field(default_factory=asyncio.Event)
    hold_ends: asyncio.Event = field(default_factory=asyncio.Event)

    def set_all(self) -> None:
        """After a merge anything may be due."""
        self.attempts.set()
        self.lookups.set()
        self.refunds.set()


class Crew:
    """Calls under way: a limited number at once, none lost when whoever asked goes away."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> int:
        return self._size - len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], *, then: asyncio.Event) -> None:
        """Run something beside everything else; the event is set when it has ended."""
        task = asyncio.create_task(work)
        self._tasks.add(task)

        def ended(finished: asyncio.Task[None]) -> None:
            self._tasks.discard(finished)
            then.set()

        task.add_done_callback(ended)

    async def stop(self) -> None:
        """Leave no call behind; their rows are due again after their lease."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Waiters:
    """Requests that wait for a payment to move, in this process."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, set[asyncio.Event]] = defaultdict(set)

    def tell(self, payment_id: UUID) -> None:
        """The payment has moved: whoever waits for it looks again."""
        for event in self._waiting.get(payment_id, ()):
            event.set()

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, payment_id: UUID, seconds: float) -> None:
        """Until the payment moves, or the time is over."""
        event = asyncio.Event()
        self._waiting[payment_id].add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[payment_id].discard(event)
            if not self._waiting[payment_id]:
                del self._waiting[payment_id]


@dataclass
class Desk:
    """One process's tools; nothing here is state that anyone else would need."""

    settings: PaymentsSettings
    database: Database
    stripe: StripeGateway
    signer: TokenSigner
    pacer: Pacer
    wakes: Wakes = field(default_factory=Wakes)
    crew: Crew = field(default_factory=lambda: Crew(OPENINGS_AT_ONCE_MAX))
    money_crew: Crew = field(default_factory=lambda: Crew(OTHERS_AT_ONCE_MAX))
    waiters: Waiters = field(default_factory=Waiters)
    patience_seconds: float = PATIENCE_SECONDS

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

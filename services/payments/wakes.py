"""How those who wait learn at once what those who work have done, inside one process.

Only a quicker way: whoever misses it looks at the database a moment later.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.payments.change import BOOKS_DELAY, Change
from services.payments.payment import Payment


@dataclass
class Wakes:
    """Set by whoever makes work, so that nobody has to poll quickly for it."""

    attempts: asyncio.Event = field(default_factory=asyncio.Event)
    stripe_events: asyncio.Event = field(default_factory=asyncio.Event)
    lookups: asyncio.Event = field(default_factory=asyncio.Event)
    refunds: asyncio.Event = field(default_factory=asyncio.Event)
    hold_ends: asyncio.Event = field(default_factory=asyncio.Event)

    def after(self, change: Change, now: datetime) -> None:
        """Wake those for whom a stored change has made something due."""
        if any(one.due_at is not None and one.due_at <= now for one in change.payment.attempts):
            self.attempts.set()
        if any(one.due_at is not None and one.due_at <= now for one in change.payment.refunds):
            self.refunds.set()
        if any(one.kind != "balance_transaction" for one in change.lookups):
            self.lookups.set()
        elif change.lookups:
            self.later(self.lookups, BOOKS_DELAY.total_seconds() + 0.01)

    def later(self, wake: asyncio.Event, seconds: float) -> None:
        """Set one of the events after some time."""
        asyncio.get_running_loop().call_later(seconds, wake.set)


class Crew:
    """Calls under way: a limited number at once, none lost when whoever asked goes away."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> int:
        return self._size - len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], *, then: asyncio.Event) -> None:
        """Run something beside everything else; the event is set if somebody waits for room."""
        task = asyncio.create_task(work)
        was_full = self.free <= 1
        self._tasks.add(task)

        def ended(finished: asyncio.Task[None]) -> None:
            self._tasks.discard(finished)
            if was_full:
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
        self._waiting: dict[UUID, set[asyncio.Future[Payment]]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._waiting)

    def tell(self, payment: Payment) -> None:
        """The payment has moved: whoever waits for it gets it as it is now."""
        for future in self._waiting.get(payment.payment_id, ()):
            if not future.done():
                future.set_result(payment)

    async def wait(self, payment_id: UUID, seconds: float) -> Payment | None:
        """The payment once it moves, or None when the time is over."""
        future: asyncio.Future[Payment] = asyncio.get_running_loop().create_future()
        self._waiting[payment_id].add(future)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self._waiting[payment_id].discard(future)
            if not self._waiting[payment_id]:
                del self._waiting[payment_id]

"""Handling: events that arrive together are handled in one transaction, each noted in the inbox.

What arrives while a transaction is under way, or shortly after one, forms the next. If anything in
it fails, each event is handled alone, so a poisoned one harms nobody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from shared import inbox, telemetry
from shared.events import Event
from shared.postgres import Connection, Database

EVENTS_TOGETHER_MAX = 32
# While there is much to do, events wait a little for others: waking up for each costs more than
# handling it. An event after a pause is handled at once.
GATHER_SECONDS = 0.025
GATHER_WHEN_BUSY_SECONDS = 0.06  # After more than one came together.
GATHERED = 12  # Enough to go on without waiting.

Handler = Callable[[Any, Connection], Awaitable[None]]


class Handling:
    """One consumer's events and their handler."""

    def __init__(self, database: Database, consumer: str, handler: Handler) -> None:
        self._database = database
        self._consumer = consumer
        self._handler = handler
        self._waiting: deque[tuple[Event, asyncio.Future[None]]] = deque()
        self._is_busy = False
        self._next_at = 0.0

    async def handle(self, event: Event) -> None:
        """Handle an event once, whoever else sends it; returns after the commit."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, done))
        if not self._is_busy:
            self._is_busy = True
            # The task outlives a caller that is cancelled: others wait for the same commit.
            self._task = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        try:
            while self._waiting:
                pause = self._next_at - asyncio.get_running_loop().time()
                if pause > 0 and len(self._waiting) < GATHERED:
                    await asyncio.sleep(pause)
                size = min(len(self._waiting), EVENTS_TOGETHER_MAX)
                batch = [self._waiting.popleft() for _ in range(size)]
                await self._handle_together(batch)
                gather = GATHER_WHEN_BUSY_SECONDS if size > 1 else GATHER_SECONDS
                self._next_at = asyncio.get_running_loop().time() + gather
        finally:
            self._is_busy = False

    async def _handle_together(self, batch: list[tuple[Event, asyncio.Future[None]]]) -> None:
        try:
            await self._apply([event for event, _ in batch])
        except Exception as failure:
            if len(batch) == 1:
                _fail(batch[0][1], failure)
                return
            for one in batch:
                await self._handle_together([one])
            return
        except asyncio.CancelledError:
            for _, done in batch:
                done.cancel()
            raise
        for _, done in batch:
            if not done.done():
                done.set_result(None)

    async def _apply(self, events: list[Event]) -> None:
        # In one order everywhere, so that transactions that meet wait instead of deadlocking.
        events = sorted(events, key=_lock_order)
        async with self._database.transaction() as connection:
            new = await inbox.claim(connection, self._consumer, [one.event_id for one in events])
            for event in events:
                if event.event_id in new:
                    new.discard(event.event_id)
                    registrant_id = getattr(event, "registrant_id", None)
                    with structlog.contextvars.bound_contextvars(
                        event_id=str(event.event_id), registrant_id=str(registrant_id or "")
                    ):
                        await self._handler(event, connection)
        telemetry.events_handled.labels(self._consumer, "handled").inc(len(events))


def _lock_order(event: Event) -> tuple[str, str]:
    return (str(getattr(event, "webinar_id", "")), str(getattr(event, "registrant_id", "")))


def _fail(done: asyncio.Future[None], failure: Exception) -> None:
    if not done.done():
        done.set_exception(failure)

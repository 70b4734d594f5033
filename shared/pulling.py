"""Continuous pull: a FastStream subscriber that always has a request waiting at the server.

FastStream asks for one message, waits, and asks again: a round trip for each message, and half of
a handler's processor time spent in between (docs/decisions). Here as many messages are asked for
as there are free places, so max_workers really bounds what is fetched.
"""

import asyncio
import json
import time
from typing import Any

from faststream.nats.subscriber.usecases.stream_pull_subscriber import (
    ConcurrentPullStreamSubscriber,
)
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.tasks import stop_tasks

REQUEST_SECONDS = 5.0  # A stopped process is sent nothing more after this time.
HEARTBEAT_SECONDS = 2.0
LOST_AFTER_HEARTBEATS = 2.5  # A server that restarted has forgotten our request.
GRACE_SECONDS = 10.0


class ContinuousPull(ConcurrentPullStreamSubscriber):
    """A FastStream subscriber on a durable consumer, fed continuously; see `continuous`."""

    __slots__ = ()

    async def _create_subscription(self) -> None:
        if self.subscription:
            return
        self.subscription = _Feed(self, self.extra_options["durable"])  # type: ignore[assignment] # FastStream only ever calls unsubscribe on it.
        await self.subscription.start()  # type: ignore[union-attr] # Same.


def continuous(subscriber: Any) -> None:
    """Turn what `broker.subscriber(..., max_workers=N)` returned into a continuous one.

    FastStream has no other way to choose the class (faststream#2563 asks for one).
    """
    if type(subscriber) is not ConcurrentPullStreamSubscriber:
        raise TypeError("continuous pull needs pull_sub and max_workers above 1")
    subscriber.__class__ = ContinuousPull


class _Feed:
    """The requests and the messages of one subscriber."""

    def __init__(self, subscriber: ContinuousPull, durable: str) -> None:
        self._subscriber = subscriber
        jetstream: Any = subscriber.jetstream
        self._client: Client = jetstream._nc
        self._next_subject = (
            f"{jetstream._prefix}.CONSUMER.MSG.NEXT.{subscriber.stream.name}.{durable}"
        )
        self._places = subscriber.max_workers
        self._asked = 0
        self._busy = 0
        self._heard_at = time.monotonic()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closing = False
        self._inbox = ""

    async def start(self) -> None:
        self._inbox = self._client.new_inbox()
        self._subscription = await self._client.subscribe(
            self._inbox, cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        self._watch = asyncio.create_task(self._ask_again_when_forgotten())
        await self._ask()

    async def unsubscribe(self) -> None:
        """Ask for nothing more and let what is being handled finish."""
        self._is_closing = True
        await stop_tasks([self._watch])
        if not self._client.is_closed:
            await self._subscription.unsubscribe()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)

    async def drain(self) -> None:
        await self.unsubscribe()

    async def _ask(self) -> None:
        free = self._places - self._busy - self._asked
        # Refilled in halves: one request serves many messages.
        if self._is_closing or free <= 0 or self._asked > self._places // 2:
            return
        self._asked += free
        request = {
            "batch": free,
            "expires": int(REQUEST_SECONDS * 1e9),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
        }
        await self._client.publish(
            self._next_subject, json.dumps(request).encode(), reply=self._inbox
        )

    async def _receive(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        status = message.headers.get("Status") if message.headers else None
        if status is not None and not message.data:
            if status != "100":  # 100 is the idle heartbeat; others end a request.
                unserved = message.headers.get("Nats-Pending-Messages") if message.headers else None
                self._asked = max(0, self._asked - int(unserved or self._asked))
                await self._ask()
            return
        self._asked = max(0, self._asked - 1)
        self._busy += 1
        task = asyncio.create_task(self._consume(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _consume(self, message: Msg) -> None:
        try:
            await self._subscriber.consume(message)
        finally:
            self._busy -= 1
        if not self._client.is_closed:
            await self._ask()

    async def _ask_again_when_forgotten(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            silence = time.monotonic() - self._heard_at
            if (
                self._client.is_connected
                and self._busy < self._places
                and silence > LOST_AFTER_HEARTBEATS * HEARTBEAT_SECONDS
            ):
                self._asked = 0
                self._heard_at = time.monotonic()
                await self._ask()

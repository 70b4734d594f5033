"""Event streams: a page that follows something is told when it has changed.

Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). A process
keeps a bounded number of them, each for some minutes: the browser then asks again, and its right
to listen is looked at again. Whoever gets none asks for the state now and then instead.
"""

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import Protocol

import structlog
from aiohttp import web
from prometheus_client import Gauge

from shared.postgres import UNAVAILABLE
from shared.refusals import Refusal, TooMany, Unavailable

log = structlog.get_logger(__name__)

open_streams = Gauge("taquilla_event_streams", "Event streams that are open")

STREAMS_MAX = 1_000
STREAMS_EACH = 12  # Of one browser or network: tabs that somebody forgot.
LIFETIME_SECONDS = 300.0
HEARTBEAT_SECONDS = 15.0  # Proxies and sleeping laptops close what is silent.
WRITE_SECONDS = 10.0  # Who takes longer to read has gone.
RECONNECT_MS = 2_000
COST_FACTOR = 20  # A look that takes long is taken less often.

Look = Callable[[], Awaitable[str]]
"""What a listener should see now; equal texts mean that nothing has changed."""


class Source(Protocol):
    """What a stream tells of."""

    is_over: bool

    async def other_than(self, seen: str) -> str | None:
        """The text once it is another version than `seen`; None when there is nothing more."""


class TooManyStreams(TooMany):
    """Too many pages of yours are following this; close some."""

    code = "too_many_streams"


def version_of(text: str) -> str:
    """A short name of a text, by which a page says what it shows already."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Streams:
    """The event streams of one process."""

    def __init__(
        self,
        *,
        at_most: int = STREAMS_MAX,
        each: int = STREAMS_EACH,
        lifetime_seconds: float = LIFETIME_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._at_most = at_most
        self._each = each
        self._lifetime_seconds = lifetime_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._listeners: Counter[str] = Counter()
        self._watches: dict[Hashable, _Watch] = {}
        self._is_closed = False

    async def stream(
        self,
        request: web.Request,
        look: Look,
        *,
        topic: Hashable,
        whose: str,
        every_seconds: float = 1.0,
    ) -> web.StreamResponse:
        """Send what `look` returns, at once and whenever it has changed, until the time is up.

        Listeners of one topic share their looks. The caller has seen that this one may listen;
        `whose` is counted against a limit. A browser that says by Last-Event-ID, or by `seen` in
        the address, what it shows already is not told it again. Raises TooManyStreams, or
        Unavailable; then the page polls.
        """
        watch = self._watches.get(topic)
        if watch is None:
            watch = self._watches[topic] = _Watch(look, every_seconds)
        watch.listeners += 1
        try:
            return await self.follow(request, watch, whose=whose)
        finally:
            watch.listeners -= 1
            if not watch.listeners:
                watch.stop()
                del self._watches[topic]

    async def follow(
        self, request: web.Request, source: Source, *, whose: str
    ) -> web.StreamResponse:
        """The same from a source of the caller's own, which ends it when the service stops."""
        if self._is_closed or self._listeners.total() >= self._at_most:
            raise Unavailable
        if self._listeners[whose] >= self._each:
            raise TooManyStreams
        self._listeners[whose] += 1
        try:
            with open_streams.track_inprogress():
                return await self._send(request, source)
        finally:
            self._listeners[whose] -= 1
            if not self._listeners[whose]:
                del self._listeners[whose]

    def close(self) -> None:
        """End all streams: a service that stops does not wait for their time to be up."""
        self._is_closed = True
        for watch in self._watches.values():
            watch.stop()

    async def _send(self, request: web.Request, source: Source) -> web.StreamResponse:
        seen = request.headers.get("Last-Event-ID") or request.query.get("seen", "")
        # Streams that began together do not end together.
        ends_at = time.monotonic() + self._lifetime_seconds * random.uniform(0.8, 1)
        answer = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  # nginx would keep what should arrive now.
            }
        )
        await answer.prepare(request)
        try:
            await _write(answer, f"retry: {RECONNECT_MS}\n\n")
            while (left := ends_at - time.monotonic()) > 0 and not source.is_over:
                try:
                    async with asyncio.timeout(min(left, self._heartbeat_seconds)):
                        text = await source.other_than(seen)
                except TimeoutError:
                    await _write(answer, ":\n\n")
                    continue
                if text is not None:
                    seen = version_of(text)
                    await _write(answer, event_of(text))
        except (ConnectionError, TimeoutError):
            pass  # The page was closed, or its reader sleeps.
        return answer


def event_of(text: str) -> str:
    """The text as an event, its version as the event's id."""
    lines = "".join(f"data: {line}\n" for line in text.split("\n"))
    return f"id: {version_of(text)}\n{lines}\n"


async def _write(answer: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await answer.write(text.encode())


class _Watch:
    """One topic: looked at as long as somebody listens."""

    def __init__(self, look: Look, every_seconds: float) -> None:
        self.listeners = 0
        self.is_over = False
        self._look = look
        self._every_seconds = every_seconds
        self._text: str | None = None
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._keep_looking(), name="event-stream-watch")

    async def other_than(self, seen: str) -> str | None:
        """The text once it is another version than `seen`; None when there is nothing more."""
        while not self.is_over:
            if self._text is not None and version_of(self._text) != seen:
                return self._text
            await self._changed.wait()
        return None

    def stop(self) -> None:
        self._task.cancel()
        self._end()

    async def _keep_looking(self) -> None:
        while True:
            started = time.monotonic()
            text = self._text
            try:
                text = await self._look()
            except UNAVAILABLE as failure:
                log.warning("stream waits", failure=type(failure).__name__)
            except Refusal:
                # What was followed is gone: the page asks anew, and is told so.
                return self._end()
            except Exception:
                log.exception("stream ends")
                return self._end()
            if text != self._text:
                self._text = text
                self._wake()
            took = time.monotonic() - started
            await asyncio.sleep(max(self._every_seconds, took * COST_FACTOR))

    def _end(self) -> None:
        self.is_over = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


STREAMS: web.AppKey[Streams] = web.AppKey("streams", Streams)


def add_streams(app: web.Application, streams: Streams | None = None) -> None:
    """Keep event streams in this application, and end them when it stops."""
    app[STREAMS] = streams or Streams()

    async def close(app: web.Application) -> None:
        app[STREAMS].close()

    app.on_shutdown.append(close)

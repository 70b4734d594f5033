"""Registrants whose pages are open: told of a change at once, or within some seconds.

A handler of this process that changes a registrant wakes its pages after the commit. What another
replica, a worker or the console changes is seen by one look at the database for all pages
together. A page costs a query when something has happened, and none while nothing does.
"""

import asyncio
import functools
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

import structlog
from aiohttp import web

from services.registration.live import Streams, version_of
from services.registration.store import pages as stored
from shared.postgres import UNAVAILABLE, Connection, Database, after_commit
from shared.refusals import Refusal

log = structlog.get_logger(__name__)

LOOK_SECONDS = 4.0
LOOK_TOGETHER = 500  # Registrants in one statement.
PAGES_MAX = 2_000
PAGES_EACH = 8  # Of one registrant.
LIFETIME_SECONDS = 600.0

Look = Callable[[], Awaitable[str]]
"""What the registrant's pages should know now."""


class AboutRegistrant(Protocol):
    """An event that names a registrant."""

    @property
    def registrant_id(self) -> UUID: ...


Handler = Callable[[Any, Connection], Awaitable[None]]


class Watched:
    """One registrant, looked at by its open pages; they share what is read."""

    def __init__(self) -> None:
        self.pages = 0
        self.is_over = False
        self.mark: int | None = None  # Of its rows, when the database was last looked at.
        self._text: str | None = None
        self._changes, self._changes_read = 1, 0
        self._changed = asyncio.Event()
        self._reading = asyncio.Lock()
        self._look: Look | None = None

    async def other_than(self, seen: str) -> str | None:
        """The state once it is another version than `seen`; None when there is nothing more."""
        while not self.is_over:
            changed = self._changed
            text = await self._read()
            if text is not None and version_of(text) != seen:
                return text
            if changed is self._changed:
                await changed.wait()
        return None

    def read_by(self, look: Look) -> None:
        """Any page of the registrant reads for all."""
        self._look = look

    def wake(self) -> None:
        """Something has changed, or may have."""
        self._changes += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def end(self) -> None:
        """Nothing more is told."""
        self.is_over = True
        self.wake()

    async def _read(self) -> str | None:
        async with self._reading:
            changes = self._changes
            if changes == self._changes_read or self._look is None:
                return self._text
            try:
                self._text = await self._look()
            except UNAVAILABLE as failure:
                log.warning("page waits", failure=type(failure).__name__)
                return None  # Read again at the next wake or heartbeat.
            except Refusal:
                self.end()  # The page asks anew, and is told why.
                return None
            self._changes_read = changes
            return self._text


class Watch:
    """All registrants of this process whose pages are open."""

    def __init__(
        self, *, look_seconds: float = LOOK_SECONDS, streams: Streams | None = None
    ) -> None:
        self._look_seconds = look_seconds
        self._streams = streams or Streams(
            at_most=pages_max(), each=PAGES_EACH, lifetime_seconds=LIFETIME_SECONDS
        )
        self._watched: dict[UUID, Watched] = {}
        self._looking: asyncio.Task[None] | None = None

    async def stream(
        self, request: web.Request, registrant_id: UUID, look: Look, database: Database
    ) -> web.StreamResponse:
        """Send what `look` returns, at once and whenever it has changed, until the time is up.

        Raises Unavailable or TooMany when too many pages are open; then the page polls.
        """
        async with self._of(registrant_id, look, database) as watched:
            return await self._streams.follow(request, watched, whose=str(registrant_id))

    @asynccontextmanager
    async def _of(
        self, registrant_id: UUID, look: Look, database: Database
    ) -> AsyncIterator[Watched]:
        watched = self._watched.setdefault(registrant_id, Watched())
        watched.pages += 1
        watched.read_by(look)
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking(database), name="watch")
        try:
            yield watched
        finally:
            watched.pages -= 1
            if not watched.pages:
                self._watched.pop(registrant_id, None)
            if not self._watched and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def waking(self, handler: Handler) -> Handler:
        """The handler of an event about a registrant, whose pages are woken after the commit."""

        @functools.wraps(handler)
        async def handle(event: AboutRegistrant, connection: Connection) -> None:
            await handler(event, connection)
            if event.registrant_id in self._watched:
                after_commit(functools.partial(self.tell, event.registrant_id))

        return handle

    def tell(self, registrant_id: UUID) -> None:
        """The registrant has changed."""
        watched = self._watched.get(registrant_id)
        if watched is not None:
            watched.wake()

    @property
    def is_looking(self) -> bool:
        """Whether the database is looked at, which it is while any page is open."""
        return self._looking is not None

    def close(self) -> None:
        """End all: a service that stops does not wait for pages to be closed."""
        self._streams.close()
        for watched in self._watched.values():
            watched.end()

    async def _keep_looking(self, database: Database) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                await self._look_once(database)
            except UNAVAILABLE as failure:
                log.warning("watch waits", failure=type(failure).__name__)
            except Exception:
                log.exception("watch")

    async def _look_once(self, database: Database) -> None:
        everybody = list(self._watched)
        for start in range(0, len(everybody), LOOK_TOGETHER):
            some = everybody[start : start + LOOK_TOGETHER]
            async with database.connection() as connection:
                marks = await stored.marks(connection, some)
            for registrant_id in some:
                self._note(registrant_id, marks.get(registrant_id))

    def _note(self, registrant_id: UUID, mark: int | None) -> None:
        watched = self._watched.get(registrant_id)
        if watched is None or watched.mark == mark:
            return
        # The first look may already be at something newer than what the page was told.
        watched.mark = mark
        watched.wake()


def pages_max() -> int:
    """How many pages one process follows: each takes a socket, and sockets are for others too."""
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if open_files == resource.RLIM_INFINITY:
        return PAGES_MAX
    return min(PAGES_MAX, open_files // 4)


WATCH: web.AppKey[Watch] = web.AppKey("watch", Watch)


def add_watch(app: web.Application, watch: Watch) -> None:
    """Keep the watch in this application, and end it when the service stops."""
    app[WATCH] = watch

    async def close(app: web.Application) -> None:
        app[WATCH].close()

    app.on_shutdown.append(close)

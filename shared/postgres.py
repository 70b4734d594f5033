"""PostgreSQL: the pool, and transactions that wake the relay when they left events behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool
Record: TypeAlias = asyncpg.Record

ACQUIRE_SECONDS = 5
COMMAND_SECONDS = 20

UNSTORABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
"""What was asked with holds characters that no text here can hold, such as U+0000."""

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""Failures that say nothing about the work itself: the same work may be tried again."""

_left_events: ContextVar[list[bool] | None] = ContextVar("left_events", default=None)
_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar(
    "after_commit", default=None
)


def note_events() -> None:
    """Called by the outbox: the transaction under way leaves events for the relay."""
    mark = _left_events.get()
    if mark is not None:
        mark.append(True)


def after_commit(action: Callable[[], None]) -> None:
    """Call something once the transaction under way has committed; not if it is rolled back.

    Only a hint, such as waking a worker: a process that dies in between never makes the call.
    """
    actions = _after_commit.get()
    if actions is None:
        raise RuntimeError("after_commit needs a Database.transaction()")
    actions.append(action)


class Database:
    """A service's own database: short reads, and transactions that wake the relay."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.events_left = asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One READ COMMITTED transaction; afterwards the relay knows whether events wait."""
        mark: list[bool] = []
        actions: list[Callable[[], None]] = []
        token = _left_events.set(mark)
        actions_token = _after_commit.set(actions)
        try:
            async with (
                self.pool.acquire(timeout=ACQUIRE_SECONDS) as connection,
                connection.transaction(),
            ):
                yield connection
        finally:
            _left_events.reset(token)
            _after_commit.reset(actions_token)
        if mark:
            self.events_left.set()
        for action in actions:
            action()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside any transaction, for reads of one statement each."""
        async with self.pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            yield connection


async def open_pool(url: str, *, name: str, size_max: int = 12) -> Pool:
    """A pool whose connections read and write JSON columns as Python values."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size_max,
        command_timeout=COMMAND_SECONDS,
        init=_prepare,
        reset=_keep,
        server_settings={
            "application_name": name,
            "timezone": "UTC",
            # A statement that was planned while its table was small keeps that plan: in a rush on
            # a new webinar it would read the whole table each time. Every query has its index.
            "enable_seqscan": "off",
            "jit": "off",
        },
        statement_cache_size=256,
        max_inactive_connection_lifetime=300,
    )


async def _prepare(connection: Any) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )


async def _keep(_connection: Any) -> None:
    """Nothing to reset between uses: no session state is ever set, and it saves a round trip."""

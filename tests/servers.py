"""PostgreSQL and NATS for the whole test session, and a fresh database for each test."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import nats

from deploy.databases import prepare_service
from deploy.local.nats import NatsServer
from deploy.local.ports import free_port_base
from deploy.local.postgres import PostgresServer
from deploy.local.servers import running

MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 1 << 30
FOLDER = "taquilla-test-"
FORGOTTEN_SECONDS = 86_400

# By server and services; the same server makes the same template only once a session.
_templates: dict[tuple[str, tuple[str, ...]], str] = {}
_made: dict[str, set[str]] = {}
_prefixes: set[str] = set()


@dataclass(frozen=True)
class FreshDatabase:
    """One database with the tables of some services.

    `database["payments"]` is the URL for that service, in its role; `admin_url` the superuser's.
    """

    name: str
    admin_url: str
    urls: dict[str, str]

    def __getitem__(self, service: str) -> str:
        return self.urls[service]


class _Making:
    """A new database: `async with` drops it at the end, `await` leaves it to the session's end."""

    def __init__(self, postgres_url: str, services: tuple[str, ...]) -> None:
        self._postgres_url = postgres_url
        self._services = tuple(sorted(services))
        self._database: FreshDatabase | None = None

    def __await__(self) -> Generator[Any, None, FreshDatabase]:
        return self._create().__await__()

    async def __aenter__(self) -> FreshDatabase:
        self._database = await self._create()
        return self._database

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._database is not None
        async with _connected(self._postgres_url) as connection:
            await _drop(connection, self._database.name)
        _made[self._postgres_url].discard(self._database.name)

    async def _create(self) -> FreshDatabase:
        async with _connected(self._postgres_url) as connection:
            template = await _template(connection, self._postgres_url, self._services)
            name = f"test_{secrets.token_hex(8)}"
            # Copying files costs checkpoints, which are cheap only for a server that forgets all.
            strategy = "WAL_LOG" if os.environ.get("TAQUILLA_POSTGRES_URL") else "FILE_COPY"
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}"
            )
            _made[self._postgres_url].add(name)
        return FreshDatabase(
            name=name,
            admin_url=with_database(self._postgres_url, name),
            urls={
                service: service_url(self._postgres_url, name, service)
                for service in self._services
            },
        )


def fresh_database(postgres_url: str, *services: str) -> _Making:
    """A new database with the real migrations of the services named.

    Either `async with fresh_database(url, "payments") as database:` or
    `database = await fresh_database(url, "payments")`.
    """
    return _Making(postgres_url, services)


@contextlib.contextmanager
def session_postgres() -> Iterator[str]:
    """The superuser's URL: TAQUILLA_POSTGRES_URL, or a server of our own that forgets all."""
    if url := os.environ.get("TAQUILLA_POSTGRES_URL"):
        try:
            yield url
        finally:
            asyncio.run(_drop_all(url))
        return
    with _throwaway_folder() as folder, running(PostgresServer(folder, durable=False)) as url:
        yield url


@contextlib.contextmanager
def session_nats() -> Iterator[str]:
    """TAQUILLA_NATS_URL, or a server of our own that forgets all."""
    if url := os.environ.get("TAQUILLA_NATS_URL"):
        try:
            yield url
        finally:
            asyncio.run(_delete_streams(url))
        return
    with _throwaway_folder() as folder, running(NatsServer(folder, sync_interval="2m")) as url:
        yield url


def fresh_prefix() -> str:
    """A TAQUILLA_NATS_PREFIX of one test's own, so that its streams are nobody else's."""
    prefix = f"test{secrets.token_hex(6)}"
    _prefixes.add(prefix)
    return prefix


def own_port_base() -> int:
    """A --port-base from this process's own range: both processes of a test run start systems."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + worker % 4 * 3_000
    return free_port_base(first, first + 3_000)


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def service_url(postgres_url: str, database: str, service: str) -> str:
    """The URL in the role of the service.

    Roles belong to the whole server: with names of their own, tests leave an installation on the
    same server alone, and with derived passwords two test sessions agree.
    """
    parts = urlsplit(postgres_url)
    password = hashlib.sha256(f"{postgres_url} {service}".encode()).hexdigest()
    host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    role = quote(f"{service}_test")
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}", path=f"/{database}"))


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _template(
    connection: "asyncpg.Connection[asyncpg.Record]", postgres_url: str, services: tuple[str, ...]
) -> str:
    """The database to copy from: made by the first test that wants these services."""
    known = _templates.get((postgres_url, services))
    if known is not None:
        return known
    name = f"test_template_{secrets.token_hex(8)}"
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    _made.setdefault(postgres_url, set()).add(name)
    for service in services:
        await prepare_service(
            service,
            with_database(postgres_url, name),
            service_url(postgres_url, name, service),
        )
    _templates[postgres_url, services] = name
    return name


async def _drop_all(postgres_url: str) -> None:
    async with _connected(postgres_url) as connection:
        for name in _made.pop(postgres_url, set()):
            await _drop(connection, name)


async def _delete_streams(nats_url: str) -> None:
    client = await nats.connect(nats_url)
    try:
        jetstream = client.jetstream()
        for stream in await jetstream.streams_info():
            if str(stream.config.name).split("_", 1)[0].lower() in _prefixes:
                await jetstream.delete_stream(str(stream.config.name))
    finally:
        await client.close()


async def _drop(connection: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def _throwaway_folder() -> Iterator[Path]:
    # In memory where there is room: a database is copied four times as fast.
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    place = MEMORY if has_room else Path(tempfile.gettempdir())
    for forgotten in place.glob(f"{FOLDER}*"):
        # A session that was killed could not tidy up; one of today may still be at work.
        with contextlib.suppress(OSError):
            if time.time() - forgotten.stat().st_mtime > FORGOTTEN_SECONDS:
                shutil.rmtree(forgotten, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

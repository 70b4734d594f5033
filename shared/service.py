"""The life of a service: what starts before it answers, what runs beside it, how it stops."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
import uvloop
from aiohttp import web
from pydantic import ValidationError

from shared import retention
from shared.messaging import Bus
from shared.postgres import Database, open_pool
from shared.settings import ServiceSettings
from shared.tasks import stop_tasks
from shared.telemetry import configure_logging
from shared.web import answer_problems, json_answer, metrics
from shared.workers import run_worker

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1
READY_SECONDS = 2
GARBAGE_THRESHOLD = 10_000  # Objects; Python's own 700 takes a tenth of the time of a rush.

Settings = TypeVar("Settings", bound=ServiceSettings)

Check = Callable[[], Awaitable[None]]
"""Raises when what it looks at is not usable; its sentence is shown to the operator."""


@dataclass
class Runtime:
    """What a running service has at hand."""

    name: str
    database: Database
    bus: Bus
    checks: dict[str, Check] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def run(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something beside the service for as long as it lives."""
        self.tasks.append(asyncio.create_task(_keep_running(name, work), name=name))


RUNTIME: web.AppKey[Runtime] = web.AppKey("runtime", Runtime)


def create_service_app(
    name: str,
    settings: ServiceSettings,
    *,
    prepare: Callable[[web.Application, Runtime], Awaitable[None]],
    client_max_size: int = 1024 * 1024,
) -> web.Application:
    """An application with database, bus, relay, retention and operators' routes.

    `prepare` is called once the pool is open and before anything is received: it subscribes
    handlers on `runtime.bus`, adds checks and starts the service's own workers by `runtime.run`.
    """
    app = web.Application(middlewares=[answer_problems], client_max_size=client_max_size)

    async def live(app: web.Application) -> AsyncIterator[None]:
        pool = await open_pool(settings.postgres_url.get_secret_value(), name=f"taquilla-{name}")
        database = Database(pool)
        bus = Bus(
            service=name, url=settings.nats_url, prefix=settings.nats_prefix, database=database
        )
        runtime = app[RUNTIME] = Runtime(name, database, bus)
        runtime.checks |= {"postgres": _postgres_answers(database), "nats": _nats_answers(bus)}
        await prepare(app, runtime)

        async def follow_the_bus() -> None:
            await bus.start()
            await asyncio.gather(bus.relay().run(), bus.keep_provisioned())

        runtime.run("bus", follow_the_bus)
        runtime.run(
            "retention",
            lambda: run_worker(
                "retention",
                lambda: retention.prune_plumbing(database),
                idle_seconds=retention.EVERY_SECONDS,
            ),
        )
        yield
        await stop_tasks(runtime.tasks)
        await bus.stop()
        try:
            async with asyncio.timeout(5):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    app.cleanup_ctx.append(live)
    app.router.add_get("/livez", _livez)
    app.router.add_get("/readyz", _readyz)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/asyncapi.json", _asyncapi)
    return app


def serve(app: web.Application, settings: ServiceSettings) -> None:
    """Answer until SIGTERM or Ctrl-C; requests under way are finished first."""
    web.run_app(
        app,
        host=settings.host,
        port=settings.port,
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=None,
        shutdown_timeout=10,
        backlog=1024,
    )


def start(
    name: str,
    settings_type: type[Settings],
    create_app: Callable[[Settings], web.Application],
) -> None:
    """Read the environment and serve until told to stop, or say what is wrong with it and exit."""
    configure_logging(name)
    try:
        settings = settings_type()
    except ValidationError as failure:
        prefix = str(settings_type.model_config.get("env_prefix", ""))
        for error in failure.errors(include_url=False, include_input=False):
            variable = ".".join(map(str, error["loc"])).upper()
            if variable and not variable.startswith("TAQUILLA_"):
                variable = prefix + variable
            print(f"{variable}: {error['msg']}".removeprefix(": "), file=sys.stderr)
        raise SystemExit(2) from None
    app = create_app(settings)
    # What was made so far stays for good; a rush makes many short-lived objects and no cycles.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    serve(app, settings)


async def _keep_running(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await work()
        except Exception as failure:
            log.warning("starting again", task=name, failure=type(failure).__name__, exc_info=True)
        await asyncio.sleep(RESTART_SECONDS)


def _postgres_answers(database: Database) -> Check:
    async def check() -> None:
        async with database.connection() as connection:
            await connection.fetchval("SELECT 1")

    return check


def _nats_answers(bus: Bus) -> Check:
    async def check() -> None:
        if not bus.client.is_connected:
            raise ConnectionError("not connected to NATS; events wait in the outbox")
        if not bus.is_receiving:
            raise ConnectionError("not subscribed yet")
        await bus.client.flush(1)

    return check


async def _livez(request: web.Request) -> web.Response:
    """200 as long as everything that runs beside the service runs."""
    ended = [task.get_name() for task in request.app[RUNTIME].tasks if task.done()]
    return json_answer({"ended": ended}, status=503 if ended else 200)


async def _readyz(request: web.Request) -> web.Response:
    """200 when everything that the service needs answers; each need is named."""
    needs: dict[str, str] = {}
    for name, check in request.app[RUNTIME].checks.items():
        try:
            async with asyncio.timeout(READY_SECONDS):
                await check()
            needs[name] = "ok"
        except Exception as failure:
            needs[name] = f"{type(failure).__name__}: {failure}"[:200]
    is_ready = all(answer == "ok" for answer in needs.values())
    return json_answer({"ready": is_ready, "needs": needs}, status=200 if is_ready else 503)


async def _asyncapi(request: web.Request) -> web.Response:
    return web.Response(
        body=request.app[RUNTIME].bus.asyncapi().encode(), content_type="application/json"
    )

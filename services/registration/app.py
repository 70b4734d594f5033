"""The registration service put together."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from services.registration.admission import Admission
from services.registration.console import add_console_routes
from services.registration.doors import keep_register
from services.registration.handlers import subscribe
from services.registration.links import Links
from services.registration.live import add_streams
from services.registration.openapi import add_document
from services.registration.pages.rendering import Renderer
from services.registration.pages.routes import add_page_routes
from services.registration.reminding import (
    PAYMENTS_IDLE_SECONDS,
    STARTS_IDLE_SECONDS,
    Reminding,
)
from services.registration.requests import Requests
from services.registration.routes import ROUTES, add_routes
from services.registration.routes.table import DESK, Desk
from services.registration.settings import RegistrationSettings
from services.registration.store import sessions
from services.registration.watching import WATCH, Watch, add_watch
from services.registration.workers import (
    CANCELLATIONS_IDLE_SECONDS,
    HOLDS_IDLE_SECONDS,
    NEW_STARTS_IDLE_SECONDS,
    REPEATS_IDLE_SECONDS,
    Workers,
)
from shared import retention
from shared.service import Runtime, create_service_app
from shared.tokens import TokenSigner
from shared.web import parse_networks
from shared.workers import run_worker


def create_app(settings: RegistrationSettings) -> web.Application:
    """The application: routes, handlers and workers."""
    token_keys = settings.token_keys.get_secret_value()
    links = Links(
        TokenSigner.from_setting(token_keys), settings.public_url, settings.payments_public_url
    )

    async def prepare(app: web.Application, runtime: Runtime) -> None:
        admission = Admission(runtime.database, links, holds_per_network=settings.holds_per_network)
        desk = app[DESK] = Desk(
            database=runtime.database,
            links=links,
            admission=admission,
            network_secret=hashlib.sha256(token_keys.encode()).digest(),
            trusted_proxies=parse_networks(settings.trusted_proxies),
            bus=runtime.bus,
        )
        subscribe(runtime.bus, links, app[WATCH])
        Requests(runtime.database, links, admission).answer_on(runtime.bus)
        workers = Workers(runtime.database, links)
        _run(runtime, "holds", workers.end_due_holds, HOLDS_IDLE_SECONDS)
        _run(runtime, "unanswered-holds", workers.repeat_unanswered, REPEATS_IDLE_SECONDS)
        _run(
            runtime,
            "cancelled-webinars",
            workers.cancel_registrants,
            CANCELLATIONS_IDLE_SECONDS,
            desk.webinar_cancelled,
        )
        _run(
            runtime,
            "old-sessions",
            lambda: sessions.prune(runtime.database),
            retention.EVERY_SECONDS,
        )
        _run(runtime, "new-starts", workers.tell_new_starts, NEW_STARTS_IDLE_SECONDS)
        reminding = Reminding(runtime.database, links)
        _run(runtime, "payments-due", reminding.remind_of_payments, PAYMENTS_IDLE_SECONDS)
        _run(runtime, "starts-soon", reminding.remind_of_starts, STARTS_IDLE_SECONDS)

    app = create_service_app("registration", settings, prepare=prepare)
    add_streams(app)
    add_watch(app, Watch())
    add_routes(app)
    add_document(app, ROUTES, settings.public_url)
    renderer = Renderer(public_url=links.public_url, payments_public_url=links.payments_public_url)
    add_page_routes(app, links, renderer)
    add_console_routes(app, renderer)
    keep_register(app)
    return app


def _run(
    runtime: Runtime,
    name: str,
    round_of_work: Callable[[], Awaitable[int]],
    idle_seconds: float,
    wake: asyncio.Event | None = None,
) -> None:
    runtime.run(name, lambda: run_worker(name, round_of_work, idle_seconds=idle_seconds, wake=wake))

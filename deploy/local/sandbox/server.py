"""Puts the sandbox together: its routes, its journal, its clock, and its way to start and stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from deploy.local.sandbox.api.gate import Gate
from deploy.local.sandbox.api.operations import Operations
from deploy.local.sandbox.control.conditions import ConditionsControl
from deploy.local.sandbox.control.money import MoneyControl
from deploy.local.sandbox.control.requests import answer_mistakes
from deploy.local.sandbox.journal import Journal
from deploy.local.sandbox.objects import (
    accounts,
    accounts_v2,
    application_fees,
    balance,
    catalogue,
    charges,
    checkout,
    checkout_payment,
    disputes,
    events,
    oauth,
    payment_intents,
    payment_methods,
    payment_pages,
    payouts,
    refunds,
    webhook_endpoints,
)
from deploy.local.sandbox.pages.checkout import CheckoutPages
from deploy.local.sandbox.pages.connect import ConnectPages
from deploy.local.sandbox.pages.dashboard import DashboardPages
from deploy.local.sandbox.pages.rendering import STATIC
from deploy.local.sandbox.sandbox import Sandbox

OPERATIONS = [
    operation
    for module in (
        accounts,
        accounts_v2,
        application_fees,
        balance,
        catalogue,
        charges,
        checkout,
        disputes,
        events,
        oauth,
        payment_intents,
        payment_methods,
        payment_pages,
        payouts,
        refunds,
        webhook_endpoints,
    )
    for operation in module.OPERATIONS
]
SANDBOX = web.AppKey("sandbox", Sandbox)

# However quiet it is, look at the clock this often: the machine may have slept.
_LONGEST_NAP = 5.0


def create_app(
    data_dir: Path | None = None, *, base_url: str = "", is_live: bool = False
) -> web.Application:
    """The whole sandbox as one application; without a folder it forgets everything at the end."""
    sandbox = Sandbox(is_live=is_live)
    sandbox.base_url = base_url
    gate = Gate(sandbox, Operations(OPERATIONS))
    journal = None if data_dir is None else Journal(sandbox.world, data_dir)
    conditions = ConditionsControl(sandbox, gate)

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        if journal is not None:
            journal.load()
            journal.start()
            conditions.on_reset = journal.erase
        kept = sandbox.world.find("settings", "settings")
        if kept is not None:
            sandbox.settings.change({n: v for n, v in kept.object.items() if n != "id"})
        accounts.populate(sandbox)
        _resume(sandbox)
        sandbox.postman.start()
        timekeeper = asyncio.create_task(_keep_time(sandbox))
        yield
        timekeeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await timekeeper
        await sandbox.postman.stop()
        if journal is not None:
            journal.close()

    app = web.Application(middlewares=[answer_mistakes], client_max_size=2 * 1024 * 1024)
    app[SANDBOX] = sandbox
    app.cleanup_ctx.append(lifetime)
    app.add_routes(
        [
            web.route("*", "/v1/{path:.*}", gate.answer),
            web.route("*", "/v2/{path:.*}", gate.answer),
            web.post("/oauth/token", gate.answer),
            web.post("/oauth/deauthorize", gate.answer),
            web.get("/livez", _livez),
            *CheckoutPages(sandbox).routes(),
            *ConnectPages(sandbox).routes(),
            *DashboardPages(sandbox).routes(),
            *MoneyControl(sandbox).routes(),
            *conditions.routes(),
            web.static("/static", STATIC),
        ]
    )
    return app


async def _livez(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _resume(sandbox: Sandbox) -> None:
    """Put everything that was still to happen back on the agenda."""
    for session in sandbox.world.everything("checkout.session"):
        checkout.resume(sandbox, session)
    for intent in sandbox.world.everything("payment_intent"):
        checkout_payment.resume(sandbox, intent)
    for charge in sandbox.world.everything("charge"):
        charges.resume(sandbox, charge)
    for refund in sandbox.world.everything("refund"):
        refunds.resume(sandbox, refund)


async def _keep_time(sandbox: Sandbox) -> None:
    """Run the agenda as its appointments come."""
    changed = asyncio.Event()
    agenda = sandbox.world.agenda
    agenda.changed = changed.set
    while True:
        agenda.run_due()
        due = agenda.next_due()
        nap = _LONGEST_NAP
        if due is not None:
            nap = min(nap, max(0.0, due - sandbox.world.clock.now()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), nap)
        changed.clear()


@contextlib.asynccontextmanager
async def running_sandbox(
    port: int = 0,
    data_dir: Path | None = None,
    *,
    host: str = "127.0.0.1",
    public_url: str | None = None,
    is_live: bool = False,
) -> AsyncIterator[str]:
    """A sandbox in this process; yields its URL. Port 0 takes a free one."""
    app = create_app(data_dir, is_live=is_live)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        address = runner.addresses[0]
        url = f"http://{host}:{address[1]}"
        app[SANDBOX].base_url = public_url or url
        yield url
    finally:
        await runner.cleanup()

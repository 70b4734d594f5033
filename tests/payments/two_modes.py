"""A Stripe in both of its modes at one address, as the real one: the key says which is meant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from aiohttp.test_utils import unused_port

from deploy.local.sandbox import API_VERSION, running_sandbox
from services.payments.settings import PaymentsSettings
from services.payments.stripe_events import ENDPOINT_EVENTS
from tests.payments.box_office import KEY, TOKEN_KEYS, BoxOffice, Sandbox, running_service
from tests.servers import fresh_database, fresh_prefix

LIVE_KEY = "sk_live_sandbox"
TEST_KEY = KEY
_HOP_HEADERS = frozenset(("host", "content-length", "transfer-encoding", "connection", "date"))


@dataclass
class TwoModes:
    """Stripe's two books, and the settings of an installation with a live key and a test key."""

    live: Sandbox
    test: Sandbox
    settings: dict[str, Any]

    @asynccontextmanager
    async def office(self, **settings: Any) -> AsyncIterator[BoxOffice]:
        values = PaymentsSettings(**self.settings | settings)
        async with running_service(values, self.live, self.live.http) as running:
            yield running


@asynccontextmanager
async def two_modes(
    postgres_url: str, nats_url: str, *, webhooks: bool = True
) -> AsyncIterator[TwoModes]:
    """Both with webhook endpoints, whose secrets stand in one list, or both without."""
    async with (
        running_sandbox(is_live=True) as live_url,
        running_sandbox() as test_url,
        fresh_database(postgres_url, "payments") as database,
        aiohttp.ClientSession(auto_decompress=False) as http,
        _one_address(http, live_url, test_url) as url,
    ):
        live, test = Sandbox(live_url, http, LIVE_KEY), Sandbox(test_url, http, TEST_KEY)
        port = unused_port()
        secrets: list[str] = []
        for stripe in (live, test):
            await stripe.order("settings", settlement_delay=0.0, refund_delay=0.0)
            if webhooks:
                endpoint = await stripe.api(
                    "POST",
                    "/v1/webhook_endpoints",
                    url=f"http://127.0.0.1:{port}/stripe/webhooks",
                    enabled_events=list(ENDPOINT_EVENTS),
                    api_version=API_VERSION,
                )
                secrets.append(endpoint["secret"])
        yield TwoModes(
            live,
            test,
            {
                "postgres_url": database["payments"],
                "nats_url": nats_url,
                "TAQUILLA_TOKEN_KEYS": TOKEN_KEYS,
                "TAQUILLA_NATS_PREFIX": fresh_prefix(),
                "port": port,
                "public_url": f"http://127.0.0.1:{port}",
                "stripe_secret_key": LIVE_KEY,
                "stripe_test_secret_key": TEST_KEY,
                "stripe_organization_id": uuid4(),
                "stripe_webhook_secrets": ",".join(secrets) or "none",
                "stripe_api_url": url,
                "stripe_connect_url": url,
                "stripe_requests_per_second": 0,
            },
        )


@asynccontextmanager
async def _one_address(
    http: aiohttp.ClientSession, live_url: str, test_url: str
) -> AsyncIterator[str]:
    async def pass_on(request: web.Request) -> web.Response:
        is_live = "_live_" in request.headers["Authorization"]
        async with http.request(
            request.method,
            f"{live_url if is_live else test_url}{request.rel_url}",
            headers={n: v for n, v in request.headers.items() if n.lower() not in _HOP_HEADERS},
            data=await request.read(),
        ) as answer:
            kept = {n: v for n, v in answer.headers.items() if n.lower() not in _HOP_HEADERS}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pass_on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()

"""A running sandbox with everything around it: Stripe's own client, an HTTP client, a listener."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import stripe
from aiohttp import web

from deploy.local.sandbox import running_sandbox
from tests.deploy.local.sandbox.sdk_types import problems

stripe.enable_telemetry = False

# OAuth has a shape of its own, payment pages are not documented at all.
UNTYPED = ("/oauth/", "/v1/payment_pages/")

ANNA = "acct_sandbox_anna"
DEADLINE_SECONDS = 5.0


class CheckingClient(stripe.AIOHTTPClient):
    """Stripe's own HTTP client, which also holds every answer against the SDK's types."""

    def __init__(self) -> None:
        # Nothing here is encrypted, and reading all certificates takes longer than most tests.
        super().__init__(
            timeout=aiohttp.ClientTimeout(total=10), connector=aiohttp.TCPConnector(ssl=False)
        )
        self.problems: list[str] = []
        self.answers: list[tuple[str, str, int, dict[str, str]]] = []

    async def request_async(
        self, method: str, url: str, headers: Any, post_data: Any = None
    ) -> tuple[bytes, int, Any]:
        content, status, answered = await super().request_async(method, url, headers, post_data)
        self.answers.append((method, url, status, dict(answered)))
        path = urlsplit(url).path
        if answered.get("Content-Type", "").startswith("application/json") and not path.startswith(
            UNTYPED
        ):
            found = problems(json.loads(content), is_v2=path.startswith("/v2/"))
            self.problems += [f"{method} {path}: {one}" for one in found]
        return content, status, answered


@dataclass
class Letter:
    """One delivery as an endpoint receives it."""

    body: bytes
    signature: str
    headers: dict[str, str]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


@dataclass
class Listener:
    """An endpoint of ours; `answers` are the statuses that it gives first, before 200."""

    url: str = ""
    letters: list[Letter] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    hold: asyncio.Event | None = None
    closes: bool = False
    problems: list[str] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        with contextlib.suppress(ValueError):
            self.problems += problems(json.loads(body))
        self.letters.append(
            Letter(body, request.headers["Stripe-Signature"], dict(request.headers))
        )
        if self.hold is not None:
            await self.hold.wait()
        response = web.Response(status=self.answers.pop(0) if self.answers else 200)
        if self.closes:
            response.force_close()
        return response

    @property
    def types(self) -> list[str]:
        return [letter.event["type"] for letter in self.letters]

    def of_type(self, event_type: str) -> list[dict[str, Any]]:
        return [one.event for one in self.letters if one.event["type"] == event_type]

    async def wait_for(self, event_type: str, count: int = 1) -> dict[str, Any]:
        """The latest of this type, once there are so many."""
        await until(lambda: len(self.of_type(event_type)) >= count)
        return self.of_type(event_type)[-1]


@dataclass
class Bench:
    url: str
    client: stripe.StripeClient
    http: aiohttp.ClientSession
    listener: Listener
    transport: CheckingClient

    @property
    def last_headers(self) -> dict[str, str]:
        """The headers of the latest answer to the client."""
        return self.transport.answers[-1][3]

    async def listen(self, *types: str, **more: Any) -> stripe.WebhookEndpoint:
        params: Any = {
            "url": self.listener.url,
            "enabled_events": list(types) or ["*"],
            "api_version": "2026-10-28.endive",
            **more,
        }
        return await self.client.v1.webhook_endpoints.create_async(params)

    async def session(
        self, options: dict[str, Any] | None = None, **changes: Any
    ) -> stripe.checkout.Session:
        asked: dict[str, Any] = {
            "mode": "payment",
            "line_items": [line_item()],
            "success_url": "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/back",
            **changes,
        }
        params: Any = {name: value for name, value in asked.items() if value is not None}
        per_request: Any = options
        return await self.client.v1.checkout.sessions.create_async(params, per_request)

    async def pay(self, session_id: str, card: str = "4242424242424242", **more: Any) -> Any:
        return await self.control(f"checkout/{session_id}/pay", {"card": card, **more})

    async def paid(
        self,
        card: str = "4242424242424242",
        options: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A session, paid; answers the charge's id."""
        session = await self.session(options, **changes)
        charge: str = (await self.pay(session.id, card))["charge"]
        return charge

    async def control(
        self, path: str, body: dict[str, Any] | None = None, *, status: int = 200
    ) -> Any:
        async with self.http.post(f"{self.url}/_sandbox/{path}", json=body or {}) as response:
            text = await response.text()
            assert response.status == status, f"{response.status}: {text}"
            return json.loads(text)

    async def faults_met(self) -> int:
        async with self.http.get(f"{self.url}/_sandbox/faults") as response:
            return sum(rule["met"] for rule in (await response.json())["rules"])

    async def until_faults_met(self, count: int = 1) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while await self.faults_met() < count:
            assert time.monotonic() < deadline, "No request met the fault in time."

    async def ledger(self) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.url}/_sandbox/ledger") as response:
            entries: list[dict[str, Any]] = (await response.json())["entries"]
            return entries

    async def settled(self, charge_id: str, options: Any = None) -> stripe.Charge:
        """The charge with its balance transaction, once it is booked."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            charge = await self.client.v1.charges.retrieve_async(
                charge_id, {"expand": ["balance_transaction"]}, options
            )
            if charge.balance_transaction is not None:
                return charge
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


def line_item(amount: int = 4900, currency: str = "eur", quantity: int = 1) -> dict[str, Any]:
    return {
        "price_data": {
            "currency": currency,
            "unit_amount": amount,
            "product_data": {"name": "Price your work"},
        },
        "quantity": quantity,
    }


def client_for(
    url: str, transport: CheckingClient, key: str = "sk_test_bench", **more: Any
) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": url, "connect": url, "files": url, "meter_events": url},
        http_client=transport,
        client_id="ca_sandbox",
        **more,
    )


async def until(condition: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "This did not come true in time."
        await asyncio.sleep(0.005)


async def refused(call: Awaitable[Any]) -> stripe.StripeError:
    """The error that a call ends with."""
    with pytest.raises(stripe.StripeError) as caught:
        await call
    return caught.value


def code_of(error: stripe.StripeError) -> str | None:
    """The code that was sent; the SDK drops it from some of its error classes."""
    return None if error.error is None else error.error.code


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_post("/hook", listener.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield listener
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def running_bench(data_dir: Path | None = None, port: int = 0) -> AsyncIterator[Bench]:
    async with (
        listening() as listener,
        running_sandbox(port, data_dir) as url,
        aiohttp.ClientSession() as http,
    ):
        transport = CheckingClient()
        try:
            yield Bench(url, client_for(url, transport), http, listener, transport)
        finally:
            await transport.close_async()  # type: ignore[no-untyped-call]
    assert transport.problems + listener.problems == []

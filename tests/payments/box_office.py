"""A whole payments service in this process, with a Stripe, a database and a bus of its own."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import aiohttp
from aiohttp import web
from aiohttp.test_utils import unused_port

from deploy.local.sandbox import API_VERSION, running_sandbox
from services.payments.app import create_app
from services.payments.desk import DESK, Desk
from services.payments.settings import PaymentsSettings
from services.payments.stripe_events import ENDPOINT_EVENTS
from shared.events import (
    EVENTS,
    Event,
    HoldEnded,
    HoldEndReason,
    RefundRequested,
    RegistrantCorrected,
    RegistrantCreated,
    RegistrantFacts,
)
from shared.postgres import Database
from shared.service import RUNTIME
from shared.tokens import TokenSigner
from tests.servers import fresh_database, fresh_prefix
from tests.waiting import eventually

KEY = "sk_test_sandbox"
TOKEN_KEYS = "k1:" + "x" * 32
SIGNER = TokenSigner.from_setting(TOKEN_KEYS)
CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"

E = TypeVar("E", bound=Event)


@dataclass
class Answer:
    """What a browser was shown; redirects are not followed."""

    status: int
    text: str
    location: str | None
    headers: Any


@dataclass
class Sandbox:
    """Stripe as its payers, organizers and banks move it."""

    url: str
    http: aiohttp.ClientSession
    key: str = KEY

    async def order(self, what: str, /, **body: Any) -> Any:
        async with self.http.post(f"{self.url}/_sandbox/{what}", json=body) as answer:
            assert answer.status < 400 or answer.status in (402, 409), await answer.text()
            return await answer.json()

    async def pay(self, session_id: str, card: str = CARD, **more: Any) -> Any:
        return await self.order(f"checkout/{session_id}/pay", card=card, **more)

    async def fault(self, fault: str, **rule: Any) -> None:
        await self.order("faults", fault=fault, **rule)

    async def heal(self) -> None:
        """End all faults."""
        async with self.http.delete(f"{self.url}/_sandbox/faults"):
            pass
        await self.order("webhooks")

    async def ledger(
        self, *types: str, of: RegistrantCreated | None = None
    ) -> list[dict[str, Any]]:
        """What Stripe ever booked, or what it booked for one registrant's charges."""
        async with self.http.get(f"{self.url}/_sandbox/ledger") as answer:
            entries: list[dict[str, Any]] = (await answer.json())["entries"]
        theirs = {
            one["id"]
            for one in entries
            if of is not None and one["metadata"].get("registrant_id") == str(of.registrant_id)
        }
        return [
            one
            for one in entries
            if (not types or one["type"] in types)
            and (of is None or one["id"] in theirs or one["charge"] in theirs)
        ]

    async def api(
        self, method: str, path: str, *, account: str | None = None, **form: Any
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"} | (
            {"Stripe-Account": account} if account else {}
        )
        pairs: list[tuple[str, str]] = []
        for name, value in form.items():
            if isinstance(value, list):
                pairs += [(f"{name}[{index}]", one) for index, one in enumerate(value)]
            else:
                pairs.append((name, str(value)))
        given = {"params": pairs} if method == "GET" else {"data": pairs}
        async with self.http.request(
            method,
            f"{self.url}{path}",
            headers=headers,
            **given,  # type: ignore[arg-type] # Either of the two.
        ) as answer:
            document: dict[str, Any] = await answer.json()
            assert answer.status < 400, document
            return document


@dataclass
class BoxOffice:
    """One running payments service; `second` starts another one beside it."""

    url: str
    app: web.Application
    stripe: Sandbox
    http: aiohttp.ClientSession
    organization_id: UUID
    settings: PaymentsSettings
    webinar_id: UUID = field(default_factory=uuid4)

    @property
    def desk(self) -> Desk:
        return self.app[DESK]

    @property
    def database(self) -> Database:
        return self.desk.database

    async def hear(self, *events: Event) -> None:
        """Events arrive by the bus."""
        for event in events:
            await self.app[RUNTIME].bus.handle(event)

    def registrant(self, **facts: Any) -> RegistrantCreated:
        """Someone who owes EUR 49.00 for the next 15 minutes."""
        registrant_id = facts.pop("registrant_id", None) or uuid4()
        return RegistrantCreated(
            **{
                "organization_id": self.organization_id,
                "registrant_id": registrant_id,
                "webinar_id": self.webinar_id,
                "version": 1,
                "name": "Ada Lovelace",
                "email": "ada@example.org",
                "webinar_title": "Price your work",
                "starts_at": datetime.now(UTC) + timedelta(days=7),
                "duration_minutes": 60,
                "time_zone": "Europe/Madrid",
                "amount_minor": 4900,
                "currency": "EUR",
                "manage_url": f"https://box.example/r/{registrant_id}",
                "organization_name": "Faro Studio",
                "pay_by": datetime.now(UTC) + timedelta(minutes=15),
            }
            | facts
        )

    async def registered(self, **facts: Any) -> RegistrantCreated:
        """A registrant whose event has arrived."""
        event = self.registrant(**facts)
        await self.hear(event)
        return event

    def corrected(self, registrant: RegistrantCreated, version: int = 2) -> RegistrantCorrected:
        """Name, address and page of a registrant, as they are from that version on."""
        facts = registrant.model_dump(
            include=set(RegistrantFacts.model_fields) - {"event_id", "occurred_at"}
        )
        return RegistrantCorrected(
            **facts
            | {
                "version": version,
                "name": f"Ada King {version}",
                "email": f"ada.{version}@example.org",
                "manage_url": f"{registrant.manage_url}/{version}",
                "status": "awaiting_payment",
            }
        )

    def hold_ended(
        self, registrant: RegistrantCreated, reason: HoldEndReason = "lapsed"
    ) -> HoldEnded:
        return HoldEnded(
            organization_id=registrant.organization_id,
            registrant_id=registrant.registrant_id,
            webinar_id=registrant.webinar_id,
            reason=reason,
        )

    def refund_requested(self, registrant: RegistrantCreated, **facts: Any) -> RefundRequested:
        return RefundRequested(
            **{
                "organization_id": registrant.organization_id,
                "registrant_id": registrant.registrant_id,
                "webinar_id": registrant.webinar_id,
                "refund_id": uuid4(),
                "origin": "organizer",
                "cause": "organizer",
            }
            | facts
        )

    def pay_path(self, registrant: RegistrantCreated) -> str:
        return f"/pay/{SIGNER.sign('pay', str(registrant.registrant_id))}"

    async def get(self, path: str, method: str = "GET") -> Answer:
        async with self.http.request(method, f"{self.url}{path}", allow_redirects=False) as answer:
            return Answer(
                answer.status,
                await answer.text(),
                answer.headers.get("Location"),
                answer.headers,
            )

    async def open_checkout(self, registrant: RegistrantCreated) -> str:
        """Press the button that pays; the id of the session that it leads to."""
        answer = await self.get(self.pay_path(registrant))
        assert answer.status == 303, answer
        assert answer.location is not None
        assert "/c/pay/" in answer.location, answer.location
        return answer.location.rsplit("/", 1)[-1].split("#")[0]

    async def paid(self, **facts: Any) -> RegistrantCreated:
        """A registrant whose payment has been told of."""
        registrant = await self.registered(**facts)
        await self.stripe.pay(await self.open_checkout(registrant))
        await self.told("payments.payment.succeeded", registrant)
        return registrant

    async def published(self, *subjects: str, of: RegistrantCreated | None = None) -> list[Event]:
        """Every event that was ever left in the outbox, in order."""
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT subject, payload FROM outbox ORDER BY id")
        events = [EVENTS[row["subject"]].model_validate(json.loads(row["payload"])) for row in rows]
        return [
            event
            for event in events
            if (not subjects or event.subject in subjects)
            and (of is None or getattr(event, "registrant_id", None) == of.registrant_id)
        ]

    async def told(
        self, subject: str, of: RegistrantCreated, count: int = 1, timeout: float = 10
    ) -> Any:
        """The event of that subject about a registrant, once it is published so many times."""

        async def enough() -> list[Event]:
            found = await self.published(subject, of=of)
            return found if len(found) >= count else []

        events = await eventually(enough, timeout, what=f"{count} {subject}")
        return events[-1]

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        async with self.database.connection() as connection:
            return [dict(row) for row in await connection.fetch(query, *arguments)]

    async def execute(self, query: str, *arguments: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute(query, *arguments)

    async def attempts(self, registrant: RegistrantCreated) -> list[dict[str, Any]]:
        return await self.rows(
            "SELECT a.* FROM attempts a JOIN payments p USING (payment_id) "
            "WHERE p.registrant_id = $1 ORDER BY number",
            registrant.registrant_id,
        )

    async def sessions_of(self, registrant: RegistrantCreated) -> list[dict[str, Any]]:
        """Every session that Stripe ever made for a registrant."""
        page = await self.stripe.api("GET", "/v1/checkout/sessions", limit=100)
        return [
            one
            for one in page["data"]
            if one["metadata"].get("registrant_id") == str(registrant.registrant_id)
        ]

    async def make_due(self, table: str) -> None:
        """Time passes for what waits; the worker is woken."""
        await self.execute(f"UPDATE {table} SET due_at = now() WHERE due_at IS NOT NULL")
        wakes = self.desk.wakes
        for wake in (
            wakes.attempts,
            wakes.stripe_events,
            wakes.lookups,
            wakes.refunds,
            wakes.hold_ends,
        ):
            wake.set()

    async def exceptions(self, of: RegistrantCreated | None = None) -> list[str]:
        """The causes of what a person has to look at."""
        rows = await self.rows(
            "SELECT cause FROM exceptions WHERE $1::uuid IS NULL OR registrant_id = $1 ORDER BY 1",
            None if of is None else of.registrant_id,
        )
        return [row["cause"] for row in rows]


@asynccontextmanager
async def box_office(
    postgres_url: str, nats_url: str, *, webhooks: bool = True, **settings: Any
) -> AsyncIterator[BoxOffice]:
    """A service that has found its own account and is ready to sell."""
    async with (
        running_sandbox() as stripe_url,
        fresh_database(postgres_url, "payments") as database,
        aiohttp.ClientSession() as http,
    ):
        stripe = Sandbox(stripe_url, http)
        await stripe.order("settings", settlement_delay=0.0, refund_delay=0.0)
        port = unused_port()
        secrets = "none"
        if webhooks:
            endpoint = await stripe.api(
                "POST",
                "/v1/webhook_endpoints",
                url=f"http://127.0.0.1:{port}/stripe/webhooks",
                enabled_events=list(ENDPOINT_EVENTS),
                api_version=API_VERSION,
            )
            secrets = endpoint["secret"]
        defaults: dict[str, Any] = {
            "postgres_url": database["payments"],
            "nats_url": nats_url,
            "TAQUILLA_TOKEN_KEYS": TOKEN_KEYS,
            "TAQUILLA_NATS_PREFIX": fresh_prefix(),
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "stripe_secret_key": KEY,
            "stripe_organization_id": uuid4(),
            "stripe_webhook_secrets": secrets,
            "stripe_api_url": stripe_url,
            "stripe_connect_url": stripe_url,
            "stripe_requests_per_second": 0,
        }
        values = PaymentsSettings(**defaults | settings)
        async with running_service(values, stripe, http) as office:
            yield office


@asynccontextmanager
async def running_service(
    settings: PaymentsSettings, stripe: Sandbox, http: aiohttp.ClientSession
) -> AsyncIterator[BoxOffice]:
    """One process's worth of the service; several may share a database."""
    app = create_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", settings.port).start()
        assert settings.stripe_organization_id is not None
        office = BoxOffice(
            f"http://127.0.0.1:{settings.port}",
            app,
            stripe,
            http,
            settings.stripe_organization_id,
            settings,
        )
        await eventually(
            lambda: office.rows("SELECT FROM stripe_accounts WHERE is_ready"), what="the account"
        )
        await eventually(lambda: app[RUNTIME].bus.is_receiving, what="the bus")
        yield office
    finally:
        await runner.cleanup()

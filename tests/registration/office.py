"""A registration service on a fresh database: its doors, its handlers, what it told the others."""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.registration import administration
from services.registration.access import SCOPES
from services.registration.admission import Admission
from services.registration.handlers import subscribe
from services.registration.links import Links
from services.registration.openapi import add_document
from services.registration.registrants import Registrant
from services.registration.routes import ROUTES, add_routes
from services.registration.routes.table import DESK, Desk
from services.registration.store import organizations, registrants
from services.registration.watching import Watch
from services.registration.workers import Workers
from shared.events import (
    EVENTS,
    CheckoutExpired,
    CheckoutOpened,
    Event,
    FeeSettled,
    PaymentSucceeded,
    Refunded,
    RefundFailed,
    StripeAccountConnected,
)
from shared.messaging import Bus
from shared.postgres import Database, open_pool
from shared.tokens import TokenSigner
from shared.web import answer_problems
from tests.servers import fresh_database

PUBLIC_URL = "https://tickets.example.org"
PAYMENTS_URL = "https://pay.example.org"

E = TypeVar("E", bound=Event)


def links_for_tests() -> Links:
    return Links(TokenSigner.from_setting("k1:" + "s" * 40), PUBLIC_URL, PAYMENTS_URL)


@dataclass
class Reply:
    """An answer of the API."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def fields(self) -> list[str]:
        return [error["field"] for error in self.body["errors"]]


@dataclass
class Office:
    """One organization and everything that it can do."""

    postgres_url: str
    database: Database
    links: Links
    admission: Admission
    bus: Bus
    workers: Workers
    watch: Watch
    client: "TestClient[web.Request, web.Application]"
    organization_id: UUID
    token: str

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """Call the API; without a token as a stranger."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.client.request(
            method, path, headers=sent, **({"data": raw} if raw is not None else {"json": body})
        ) as answer:
            is_json = "json" in answer.content_type
            return Reply(
                answer.status, await answer.json() if is_json else None, dict(answer.headers)
            )

    async def organizer(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Call the API as the organization."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.call(method, path, body, token=self.token, headers=named)

    async def schedule(self, **fields: Any) -> dict[str, Any]:
        """A webinar that costs 49.00 EUR, unless told otherwise."""
        body = webinar_body(**fields)
        reply = await self.organizer("POST", "/api/v1/webinars", body)
        assert reply.status == 201, reply.body
        return dict(reply.body)

    async def register(
        self, webinar: dict[str, Any], email: str | None = None, **fields: Any
    ) -> Reply:
        """Register a stranger."""
        key = fields.pop("key", None)
        token = fields.pop("token", None)
        body = {"name": "Ana Pérez", "email": email or new_address()} | fields
        return await self.call(
            "POST",
            f"/api/v1/webinars/{webinar['id']}/registrations",
            body,
            token=token,
            headers={} if key is None else {"Idempotency-Key": key},
        )

    async def admitted(self, webinar: dict[str, Any], email: str | None = None) -> Registrant:
        """Register a stranger who is let in."""
        reply = await self.register(webinar, email)
        assert reply.status == 201, reply.body
        return await self.registrant(reply.body["id"])

    async def paid(self, webinar: dict[str, Any], email: str | None = None) -> Registrant:
        """A registrant who has paid."""
        registrant = await self.admitted(webinar, email)
        await self.deliver(payment_succeeded(registrant))
        return await self.registrant(registrant.id)

    async def registrant(self, registrant_id: UUID | str) -> Registrant:
        async with self.database.connection() as connection:
            found = await registrants.find(connection, UUID(str(registrant_id)))
        assert found is not None
        return found

    async def deliver(self, *events: Event) -> None:
        """Hand events to their handlers as the bus does: inbox row and effect in one commit."""
        for event in events:
            await self.bus.handle(event)

    async def told(self, kind: type[E], registrant_id: UUID | None = None) -> list[E]:
        """The events of a kind in the outbox, in the order of their commit."""
        async with self.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", kind.subject
            )
        events = [kind.model_validate_json(row["payload"]) for row in rows]
        if registrant_id is None:
            return events
        return [one for one in events if getattr(one, "registrant_id", None) == registrant_id]

    async def subjects(self) -> list[str]:
        """Everything that was told, by subject."""
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT subject FROM outbox ORDER BY id")
        assert all(row["subject"] in EVENTS for row in rows)
        return [row["subject"] for row in rows]

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Change the rows as only time or another version of us could have."""
        async with self.database.connection() as connection:
            await connection.execute(statement, *arguments)

    async def value(self, query: str, *arguments: Any) -> Any:
        async with self.database.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def end_hold(self, registrant: Registrant) -> Registrant:
        """Let the time to pay run out."""
        await self.execute(
            "UPDATE registrants SET pay_by = now() - interval '1 second' WHERE id = $1",
            registrant.id,
        )
        await self.workers.end_due_holds()
        return await self.registrant(registrant.id)

    async def start(self, webinar: dict[str, Any]) -> None:
        """Let the webinar have started."""
        await self.execute(
            "UPDATE webinars SET starts_at = now() - interval '1 minute' WHERE id = $1",
            UUID(webinar["id"]),
        )

    async def seats_taken(self, webinar: dict[str, Any]) -> int:
        """The seat counter, which must equal the registrants that hold a seat."""
        counted, held = await self.value(
            "SELECT (w.seats_taken, (SELECT count(*) FROM registrants r "
            "WHERE r.webinar_id = w.id AND r.holds_seat)::int) FROM webinars w WHERE w.id = $1",
            UUID(webinar["id"]),
        )
        assert counted == held
        return int(counted)


@contextlib.asynccontextmanager
async def open_office(postgres_url: str, *, holds_per_network: int = 0) -> AsyncIterator[Office]:
    """A fresh database, one organization that may take payments, a token with every scope."""
    async with fresh_database(postgres_url, "registration") as fresh:
        pool = await open_pool(fresh["registration"], name="test")
        try:
            async with _office(fresh["registration"], Database(pool), holds_per_network) as office:
                yield office
        finally:
            await pool.close()


@contextlib.asynccontextmanager
async def _office(
    postgres_url: str, database: Database, holds_per_network: int
) -> AsyncIterator[Office]:
    links = links_for_tests()
    organization_id = uuid4()
    token = await new_organization(database, organization_id)
    admission = Admission(database, links, holds_per_network=holds_per_network)
    # Never connected: `handle` is what it does with an event once it has one.
    bus = Bus(service="registration", url="nats://127.0.0.1:1", prefix="", database=database)
    watch = Watch(look_seconds=0.2)
    subscribe(bus, links, watch)
    await bus.handle(account_connected(organization_id))
    app = web.Application(middlewares=[answer_problems])
    app[DESK] = Desk(database, links, admission, hashlib.sha256(b"network").digest(), ())
    add_routes(app)
    add_document(app, ROUTES, PUBLIC_URL)
    async with TestClient(TestServer(app)) as client:
        yield Office(
            postgres_url,
            database,
            links,
            admission,
            bus,
            Workers(database, links),
            watch,
            client,
            organization_id,
            token,
        )


async def new_organization(
    database: Database, organization_id: UUID, scopes: tuple[str, ...] = tuple(SCOPES)
) -> str:
    """An organization and a token of it."""
    async with database.transaction() as connection:
        await administration.create_organization(connection, organization_id, "Escuela Norte")
        organization = await organizations.get(connection, organization_id)
        return await administration.create_token(connection, organization.id, "tests", scopes)


def webinar_body(**fields: Any) -> dict[str, Any]:
    """What an organizer sends; a field that is None is left out."""
    body = {
        "title": "Bread at home",
        "starts_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        "duration_minutes": 90,
        "time_zone": "Europe/Madrid",
        "description": "Bring **flour**.",
        "price_minor": 4900,
        "currency": "EUR",
        "capacity": 10,
        "refund_policy": {
            "kind": "brackets",
            "brackets": [
                {"hours_before": 168, "percent": 100},
                {"hours_before": 24, "percent": 50},
            ],
        },
        "join_url": "https://meet.example.org/bread",
    } | fields
    return {name: value for name, value in body.items() if value is not None}


FREE: dict[str, Any] = {"price_minor": 0, "currency": None, "refund_policy": None}


def new_address() -> str:
    return f"ana.{uuid4().hex[:12]}@example.org"


def new_key() -> str:
    return f"key-{uuid4()}"


def _about(registrant: Registrant) -> dict[str, Any]:
    return {
        "organization_id": registrant.organization_id,
        "registrant_id": registrant.id,
        "webinar_id": registrant.webinar_id,
    }


def account_connected(organization_id: UUID, **fields: Any) -> StripeAccountConnected:
    return StripeAccountConnected(
        **{
            "organization_id": organization_id,
            "version": 1,
            "stripe_account_id": "acct_1",
            "is_ready": True,
            "default_currency": "EUR",
        }
        | fields
    )


def checkout_opened(registrant: Registrant, **fields: Any) -> CheckoutOpened:
    return CheckoutOpened(
        **_about(registrant)
        | {
            "payment_id": uuid4(),
            "attempt": 1,
            "pay_by": datetime.now(UTC) + timedelta(minutes=35),
        }
        | fields
    )


def checkout_expired(registrant: Registrant, **fields: Any) -> CheckoutExpired:
    return CheckoutExpired(**_about(registrant) | {"reason": "lapsed"} | fields)


def payment_succeeded(registrant: Registrant, **fields: Any) -> PaymentSucceeded:
    return PaymentSucceeded(
        **_about(registrant)
        | {
            "payment_id": uuid4(),
            "amount_minor": registrant.amount_minor,
            "currency": registrant.currency,
            "paid_at": datetime.now(UTC),
            "version": 1,
        }
        | fields
    )


def _refund_facts(registrant: Registrant, amount_minor: int) -> dict[str, Any]:
    return _about(registrant) | {
        "refund_id": uuid4(),
        "payment_id": uuid4(),
        "version": 2,
        "amount_minor": amount_minor,
        "currency": registrant.currency,
        "paid_minor": registrant.amount_minor,
        "refunded_minor": amount_minor,
        "origin": "dashboard",
        "cause": "dashboard",
    }


def refunded(registrant: Registrant, amount_minor: int, **fields: Any) -> Refunded:
    return Refunded(**_refund_facts(registrant, amount_minor) | fields)


def refund_failed(registrant: Registrant, amount_minor: int, **fields: Any) -> RefundFailed:
    facts = _refund_facts(registrant, amount_minor)
    return RefundFailed(**facts | {"refunded_minor": 0, "failure_reason": "declined"} | fields)


def fee_settled(registrant: Registrant, **fields: Any) -> FeeSettled:
    return FeeSettled(
        **_about(registrant)
        | {
            "payment_id": uuid4(),
            "version": 1,
            "fee_minor": 172,
            "net_minor": 4728,
            "settlement_currency": "EUR",
        }
        | fields
    )

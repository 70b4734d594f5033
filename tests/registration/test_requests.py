"""Requests over the bus: the real NATS, the same answers as over HTTP."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import nats
import pytest
from nats.aio.client import Client

from services.registration import administration
from services.registration.access import SCOPES
from services.registration.requests import Requests
from shared.events import RegistrantCreated
from shared.messaging import Bus
from shared.topology import subject_prefix
from tests.registration.office import FREE, Office, Reply, new_key


@dataclass
class Wire:
    """A service on the other side of the bus."""

    client: Client
    prefix: str

    async def ask(self, command: str, body: Any, headers: dict[str, str]) -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.client.request(
            f"{subject_prefix(self.prefix)}registration.command.{command}",
            raw,
            headers=headers,
            timeout=10,
        )
        told = answer.headers or {}
        return Reply(int(told["Status"]), json.loads(answer.data), told)


@pytest.fixture
async def wire(office: Office, nats_url: str, nats_prefix: str) -> AsyncIterator[Wire]:
    bus = Bus(service="registration", url=nats_url, prefix=nats_prefix, database=office.database)
    Requests(office.database, office.links, office.admission).answer_on(bus)
    await bus.start()
    client = await nats.connect(nats_url)
    yield Wire(client, nats_prefix)
    await client.close()
    await bus.stop()


def allowed(office: Office, key: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {office.token}", "Idempotency-Key": key or new_key()}


async def test_registering_is_answered_as_over_http(office: Office, wire: Wire) -> None:
    webinar, key = await office.schedule(), new_key()
    body = {"webinar_id": webinar["id"], "name": "Ana", "email": "ana@example.org"}

    over_nats = await wire.ask("register", body, allowed(office, key))
    again = await wire.ask("register", body, allowed(office, key))
    over_http = await office.register(webinar)

    assert over_nats.status == over_http.status == 201
    assert set(over_nats.body) == set(over_http.body)
    assert again.body == over_nats.body
    assert len(await office.told(RegistrantCreated)) == 2


async def test_cancelling_is_answered_as_over_http(office: Office, wire: Wire) -> None:
    webinar = await office.schedule()
    registrant, key = await office.paid(webinar), new_key()
    body = {"registrant_id": str(registrant.id), "refund": "amount", "amount_minor": 1000}

    reply = await wire.ask("cancel", body, allowed(office, key))
    again = await wire.ask("cancel", body, allowed(office, key))
    other = await wire.ask("cancel", body, allowed(office))

    assert (reply.status, reply.body["status"]) == (202, "cancelled")
    assert reply.body["refund"]["amount_minor"] == 1000
    assert (again.status, again.body) == (202, reply.body)
    assert (other.status, other.code) == (409, "not_active")


async def test_refusals_are_those_of_http(office: Office, wire: Wire) -> None:
    webinar, gratis = await office.schedule(capacity=1), await office.schedule(**FREE)
    await office.admitted(webinar)
    person = {"webinar_id": webinar["id"], "name": "Ana", "email": "ana@example.org"}
    headers = allowed(office)
    async with office.database.transaction() as connection:
        await administration.create_organization(connection, other := uuid4(), "Other")
        stranger = await administration.create_token(connection, other, "x", tuple(SCOPES))
        reader = await administration.create_token(
            connection, office.organization_id, "x", ("read",)
        )

    async def refused(body: Any, headers: dict[str, str]) -> tuple[int, str, list[str]]:
        reply = await wire.ask("register", body, headers)
        return reply.status, reply.code, reply.fields

    assert await refused(person, headers) == (409, "sold_out", [])
    assert await refused(person | {"name": "", "email": "x"}, headers) == (
        422,
        "invalid",
        ["name", "email"],
    )
    assert await refused(b"{", headers) == (400, "bad_body", [])
    without_key = {"Authorization": headers["Authorization"]}
    assert await refused(person, without_key) == (422, "invalid", ["Idempotency-Key"])
    assert (await refused(person, {"Idempotency-Key": new_key()}))[0] == 401
    for token, status in ((reader, 403), (stranger, 404), ("tq_unknown", 401)):
        named = headers | {"Authorization": f"Bearer {token}"}
        assert (await refused(person | {"webinar_id": gratis["id"]}, named))[0] == status


async def test_headers_may_come_in_any_case(office: Office, wire: Wire) -> None:
    webinar = await office.schedule()
    body = {"webinar_id": webinar["id"], "name": "Ana", "email": "ana@example.org"}
    headers = {name.lower(): value for name, value in allowed(office).items()}

    assert (await wire.ask("register", body, headers)).status == 201

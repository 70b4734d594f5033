"""The NATS of compose: each service's user may do all that the service does, and no more."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import asyncpg
import nats
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from services.notifications.app import create_app as create_notifications
from services.notifications.settings import Settings as NotificationsSettings
from services.payments.app import create_app as create_payments
from services.payments.settings import PaymentsSettings
from services.registration.app import create_app as create_registration
from services.registration.settings import RegistrationSettings
from shared import topology
from shared.events import EVENTS, RegistrantConfirmed, subjects_of
from shared.outbox import enqueue
from tests.deploy.nats_server import SERVICES, ComposeNats, compose_nats, permissions
from tests.servers import FreshDatabase, fresh_database
from tests.waiting import eventually

CONTRACTS = Path(__file__).parents[1] / "contracts"
ANSWER_SECONDS = 2
ASKS = {"registration": {"notifications.command.preview"}}
"""What a service asks of others; its AsyncAPI document says only what it is asked."""


@pytest.fixture
def server() -> Iterator[ComposeNats]:
    with compose_nats() as running:
        yield running


def application(service: str, database: FreshDatabase, server: ComposeNats) -> web.Application:
    """The service with its own user; what else it needs is not there."""
    nobody = "http://127.0.0.1:9"
    common: dict[str, Any] = {
        "postgres_url": database[service],
        "nats_url": server.url(service),
        "TAQUILLA_TOKEN_KEYS": f"test:{uuid4().hex}",
    }
    if service == "registration":
        return create_registration(
            RegistrationSettings(public_url=nobody, payments_public_url=nobody, **common)
        )
    if service == "payments":
        return create_payments(
            PaymentsSettings(
                public_url=nobody,
                stripe_secret_key="sk_test_123",
                stripe_webhook_secrets="none",
                stripe_api_url=nobody,
                stripe_connect_url=nobody,
                **common,
            )
        )
    return create_notifications(
        NotificationsSettings(
            smtp_host="127.0.0.1", smtp_port=9, mail_from="tickets@example.org", **common
        )
    )


@contextlib.asynccontextmanager
async def running(
    service: str, database: FreshDatabase, server: ComposeNats
) -> AsyncIterator[dict[str, Any]]:
    """The service at work; gives its AsyncAPI document."""
    app = TestServer(application(service, database, server))
    await app.start_server()
    try:
        async with ClientSession(app.make_url("/")) as http, http.get("/asyncapi.json") as answer:
            yield json.loads(await answer.text())
    finally:
        await app.close()


@contextlib.asynccontextmanager
async def connected(service: str, server: ComposeNats) -> AsyncIterator[Client]:
    """A client that has got hold of the service's password."""

    async def ignore(_failure: Exception) -> None:
        """The server's log is looked at instead."""

    client = await nats.connect(
        server.url(service),
        inbox_prefix=topology.inbox_prefix(service),
        allow_reconnect=False,
        error_cb=ignore,
    )
    try:
        yield client
    finally:
        await client.close()


def received(document: dict[str, Any]) -> list[str]:
    """The subjects that a service receives, by its AsyncAPI document."""
    return [
        document["channels"][unquote(operation["channel"]["$ref"].rpartition("/")[2])]["address"]
        for operation in document["operations"].values()
        if operation["action"] == "receive"
    ]


def needed(service: str, events: list[str]) -> set[str]:
    """What the user has to be allowed to publish, JetStream's calls included."""
    own = topology.stream_name(service, "")
    subjects = {f"{subject.rpartition('.')[0]}.*" for subject in subjects_of(service)}
    subjects.add(f"$JS.API.STREAM.MSG.GET.{own}")
    subjects |= ASKS.get(service, set())
    streams = {own}
    for subject in events:
        stream = topology.stream_name(topology.publisher_of(EVENTS[subject]), "")
        consumer = f"{stream}.{topology.durable_name(service, EVENTS[subject])}"
        streams.add(stream)
        subjects |= {
            f"$JS.API.CONSUMER.INFO.{consumer}",
            f"$JS.API.CONSUMER.CREATE.{consumer}.{subject}",
            f"$JS.API.CONSUMER.MSG.NEXT.{consumer}",
            f"$JS.ACK.{consumer}.>",
        }
    for stream in streams:
        subjects |= {f"$JS.API.STREAM.{call}.{stream}" for call in ("INFO", "CREATE", "UPDATE")}
    return subjects


@pytest.mark.parametrize("service", SERVICES)
async def test_a_user_may_do_what_its_service_does_and_no_more(
    service: str, postgres_url: str, server: ComposeNats
) -> None:
    async with (
        fresh_database(postgres_url, service) as database,
        running(service, database, server) as document,
        connected(service, server) as client,
    ):
        subjects = received(document)
        events = [subject for subject in subjects if subject in EVENTS]
        jetstream = client.jetstream(timeout=ANSWER_SECONDS)

        async def are_made() -> bool:
            for subject in events:
                stream = topology.stream_name(topology.publisher_of(EVENTS[subject]), "")
                consumer = topology.durable_name(service, EVENTS[subject])
                try:
                    await jetstream.consumer_info(stream, consumer)
                except NotFoundError:
                    return False
            return True

        await eventually(are_made)

    allowed = permissions()[service]
    assert sorted(needed(service, events) - set(allowed["publish"])) == [], "add to nats.conf"
    assert sorted(set(allowed["publish"]) - needed(service, events)) == [], "take from nats.conf"
    own = {f"{topology.inbox_prefix(service)}.>"}
    commands = {f"{service}.command.*"} if len(events) < len(subjects) else set()
    assert set(allowed["subscribe"]) == own | commands
    assert server.violations() == []


def refused(kind: str, service: str, subject: str, server: ComposeNats) -> bool:
    """Whether the server noted just that."""
    told = f'user:{service}" - {kind} Violation - Subject "{subject}"'
    return any(told in line for line in server.violations())


async def test_an_event_travels_from_one_user_to_the_other(
    postgres_url: str, server: ComposeNats
) -> None:
    told = json.loads((CONTRACTS / "registration.registrant.confirmed.json").read_text())
    event = RegistrantConfirmed.model_validate(told)
    async with (
        fresh_database(postgres_url, "registration", "notifications") as database,
        running("registration", database, server),
        running("notifications", database, server),
    ):
        registration = await asyncpg.connect(database["registration"])
        notifications = await asyncpg.connect(database["notifications"])
        try:
            await enqueue(registration, event)
            await eventually(
                lambda: notifications.fetchval(
                    "SELECT true FROM inbox WHERE event_id = $1", event.event_id
                )
            )
        finally:
            await registration.close()
            await notifications.close()

    assert server.violations() == []


@pytest.mark.parametrize(
    ("service", "subject"),
    [
        ("notifications", "payments.payment.succeeded"),
        ("notifications", "registration.command.register"),
        ("registration", "payments.payment.succeeded"),
        ("registration", "registration.command.register"),
        ("registration", "notifications.command.other"),
        ("payments", "notifications.command.preview"),
        ("payments", "registration.registrant.created"),
        ("payments", "_INBOX_registration.answer"),
        ("payments", "$JS.API.STREAM.PURGE.PAYMENTS"),
        ("payments", "$JS.API.STREAM.DELETE.REGISTRATION"),
        ("payments", "$JS.API.CONSUMER.DELETE.REGISTRATION.payments-registrant-created"),
        ("notifications", "$JS.API.STREAM.MSG.GET.PAYMENTS"),
        ("notifications", "$JS.API.CONSUMER.CREATE.PAYMENTS.spy.payments.account.connected"),
        ("notifications", "$JS.API.STREAM.NAMES"),
    ],
)
async def test_a_user_may_not_speak_for_others_or_destroy(
    service: str, subject: str, server: ComposeNats
) -> None:
    async with connected(service, server) as client:
        await client.publish(subject, b"{}")
        await client.flush()

        await eventually(lambda: refused("Publish", service, subject, server))


@pytest.mark.parametrize(
    ("service", "subject"),
    [
        ("notifications", ">"),
        ("payments", "registration.registrant.created"),
        ("payments", "registration.command.*"),
        ("payments", "_INBOX_registration.>"),
        ("registration", "_INBOX.>"),
        ("registration", "$SYS.>"),
    ],
)
async def test_a_user_may_not_listen_in(service: str, subject: str, server: ComposeNats) -> None:
    async with connected(service, server) as client:
        await client.subscribe(subject)
        await client.flush()

        await eventually(lambda: refused("Subscription", service, subject, server))


async def test_nobody_comes_in_without_a_password(server: ComposeNats) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        assert (await reader.readline()).startswith(b"INFO")
        writer.write(b"CONNECT {}\r\nPING\r\n")

        assert b"Authorization Violation" in await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


def test_what_was_acknowledged_is_on_the_disk(server: ComposeNats) -> None:
    configuration = (Path(__file__).parents[2] / "deploy/nats/nats.conf").read_text()

    assert "sync_interval: always" in configuration
    assert "no_auth_user" not in configuration
    assert server.violations() == []

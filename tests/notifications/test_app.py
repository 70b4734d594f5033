"""The service as a whole: from an event in the stream to a mail and an event about it."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from deploy.local.mailbox.server import Mailbox, running_mailbox
from services.notifications.app import create_app
from services.notifications.settings import Settings
from shared import outbox
from shared.events import EmailSent, Event
from shared.messaging import Bus
from shared.postgres import Database, open_pool
from shared.service import RUNTIME
from tests.notifications.builders import confirmed, refunded
from tests.servers import fresh_database
from tests.shared.builders import jetstream_of
from tests.waiting import eventually


def settings_for(postgres_url: str, nats_url: str, prefix: str, smtp_port: int) -> Settings:
    return Settings(
        postgres_url=SecretStr(postgres_url),
        nats_url=nats_url,
        nats_prefix=prefix,
        token_keys=SecretStr("k1:" + "x" * 32),
        port=0,
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_security="none",
        mail_from="Taquilla <tickets@example.org>",
    )


@contextlib.asynccontextmanager
async def running_app(settings: Settings) -> AsyncIterator[tuple[web.Application, str]]:
    """The service as `python -m services.notifications` runs it, on a free port."""
    app = create_app(settings)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield app, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Publisher:
    """The outbox and relay of another service."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._relay = bus.relay()

    async def publish(self, *events: Event) -> None:
        async with self._database.transaction() as connection:
            await outbox.enqueue(connection, *events)
        await self._relay.step()


@contextlib.asynccontextmanager
async def publisher(url: str, nats_url: str, prefix: str, service: str) -> AsyncIterator[Publisher]:
    pool = await open_pool(url, name="test")
    database = Database(pool)
    bus = Bus(service=service, url=nats_url, prefix=prefix, database=database)
    await bus.client.connect(nats_url)
    await bus.provision()
    try:
        yield Publisher(database, bus)
    finally:
        await bus.stop()
        await pool.close()


async def get_json(url: str) -> dict[str, object]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        body = await answer.text()
        return {"status": answer.status, "body": body, "json": _json(body)}


def _json(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


async def test_from_the_stream_to_the_mailbox_and_back(
    postgres_url: str, nats_url: str, nats_prefix: str, tmp_path: Path
) -> None:
    async with (
        fresh_database(postgres_url, "notifications", "registration", "payments") as made,
        running_mailbox(tmp_path) as mailbox,
        publisher(made["registration"], nats_url, nats_prefix, "registration") as registration,
        publisher(made["payments"], nats_url, nats_prefix, "payments") as payments,
        running_app(
            settings_for(made["notifications"], nats_url, nats_prefix, mailbox.smtp_port)
        ) as (_, url),
    ):
        await payments.publish(refunded())
        await registration.publish(confirmed())

        await eventually(lambda: mailbox.mails.count() == 2)
        subjects = [mail.subject for mail in mailbox.mails.find()]
        assert subjects == [
            "You have a seat: Price your work, Thursday 26 November, 18:00",
            "Refund of €24.50 EUR: Price your work",
        ]
        await eventually(lambda: _published(nats_url, nats_prefix, 2))

        ready = await get_json(f"{url}/readyz")
        assert ready["json"] == {
            "ready": True,
            "needs": {"postgres": "ok", "nats": "ok", "smtp": "ok"},
        }
        metrics = str((await get_json(f"{url}/metrics"))["body"])
        assert 'taquilla_mails_total{kind="confirmation",result="sent"}' in metrics
        asyncapi = str((await get_json(f"{url}/asyncapi.json"))["body"])
        assert EmailSent.subject in asyncapi


async def _published(nats_url: str, prefix: str, number: int) -> bool:
    async with jetstream_of(nats_url) as jetstream:
        state = (await jetstream.stream_info(f"{prefix}_notifications".upper())).state
        return bool(state.messages == number)


async def test_started_again_nothing_is_sent_twice(
    postgres_url: str, nats_url: str, nats_prefix: str, tmp_path: Path
) -> None:
    async with (
        fresh_database(postgres_url, "notifications", "registration") as made,
        running_mailbox(tmp_path) as mailbox,
        publisher(made["registration"], nats_url, nats_prefix, "registration") as registration,
    ):
        settings = settings_for(made["notifications"], nats_url, nats_prefix, mailbox.smtp_port)
        async with running_app(settings):
            await registration.publish(confirmed())
            await eventually(lambda: mailbox.mails.count() == 1)
        async with running_app(settings) as (app, _):
            # A later event shows that everything before it has been seen.
            await registration.publish(confirmed(registrant_id=UUID(int=9)))
            await eventually(lambda: mailbox.mails.count() >= 2)

            async with app[RUNTIME].database.connection() as connection:
                assert await connection.fetchval("SELECT max(claims) FROM mails") == 1
        assert mailbox.mails.count() == 2


async def test_without_a_mail_server_the_service_lives_but_is_not_ready(
    postgres_url: str, nats_url: str, nats_prefix: str, tmp_path: Path
) -> None:
    async with fresh_database(postgres_url, "notifications") as made:
        smtp_port = await _port_of_a_stopped(tmp_path)
        settings = settings_for(made["notifications"], nats_url, nats_prefix, smtp_port)
        async with running_app(settings) as (_, url):
            await eventually(lambda: _is_reachable(f"{url}/livez"))
            ready = await get_json(f"{url}/readyz")

            assert ready["status"] == 503
            needs = ready["json"]
            assert isinstance(needs, dict)
            assert needs["needs"]["smtp"].startswith("ServerAway")


async def _port_of_a_stopped(directory: Path) -> int:
    async with running_mailbox(directory) as mailbox:
        gone: Mailbox = mailbox
    return gone.smtp_port


async def _is_reachable(url: str) -> bool:
    return (await get_json(url))["status"] == 200

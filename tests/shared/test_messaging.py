import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import nats
import pytest
from nats.js.errors import NotFoundError
from pydantic import BaseModel

from shared import dead_letters, messaging, outbox
from shared.events import HoldEnded
from shared.messaging import Answer, Bus
from shared.postgres import Connection, Database, open_pool
from shared.refusals import Forbidden
from shared.tasks import stop_tasks
from shared.topology import durable_name, stream_name
from tests.servers import fresh_database
from tests.shared.builders import hold_ended, jetstream_of, payment_failed
from tests.waiting import eventually


class Follower:
    """Payments following `HoldEnded`, with a handler that does as the test says."""

    def __init__(self, database: Database, bus: Bus, nats_url: str, prefix: str) -> None:
        self.database = database
        self.bus = bus
        self.nats_url = nats_url
        self.prefix = prefix
        self.seen: list[UUID] = []
        self.failures: list[BaseException] = []

    async def on_hold_ended(self, event: HoldEnded, connection: Connection) -> None:
        self.seen.append(event.event_id)
        await outbox.enqueue(connection, payment_failed(registrant_id=event.registrant_id))
        if self.failures:
            raise self.failures.pop(0)

    async def send(self, body: bytes, message_id: str) -> None:
        """Put a message into registration's stream, past its outbox."""
        async with jetstream_of(self.nats_url) as jetstream:
            await jetstream.publish(
                f"{self.prefix}.{HoldEnded.subject}",
                body,
                stream=stream_name("registration", self.prefix),
                headers={"Nats-Msg-Id": message_id, "content-type": "application/json"},
            )

    async def effects(self) -> int:
        async with self.database.connection() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM outbox"))

    async def is_settled(self) -> bool:
        """Nothing is waiting for an acknowledgement any more."""
        async with jetstream_of(self.nats_url) as jetstream:
            info = await jetstream.consumer_info(
                stream_name("registration", self.prefix), durable_name("payments", HoldEnded)
            )
        return bool(info.num_ack_pending == 0 and info.num_pending == 0)


@pytest.fixture
async def follower(
    postgres_url: str, nats_url: str, nats_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Follower]:
    monkeypatch.setattr(messaging, "RETRY_DELAYS_SECONDS", (0.05, 0.05, 0.05))
    monkeypatch.setattr(messaging, "DATABASE_DELAY_SECONDS", 0.05)
    async with fresh_database(postgres_url, "payments") as made:
        pool = await open_pool(made["payments"], name="test")
        database = Database(pool)
        bus = Bus(service="payments", url=nats_url, prefix=nats_prefix, database=database)
        follower = Follower(database, bus, nats_url, nats_prefix)
        bus.on(HoldEnded, follower.on_hold_ended)
        await bus.start()
        try:
            yield follower
        finally:
            await bus.stop()
            await pool.close()


async def test_an_event_sent_twenty_times_at_once_has_one_effect(follower: Follower) -> None:
    body = outbox.payload_of(hold_ended())

    await asyncio.gather(*(follower.send(body, str(number)) for number in range(20)))

    await eventually(follower.is_settled)
    assert await follower.effects() == 1
    assert len(follower.seen) == 1


async def test_a_handler_that_fails_is_tried_again(follower: Follower) -> None:
    follower.failures = [RuntimeError("once"), RuntimeError("twice")]

    await follower.send(outbox.payload_of(hold_ended()), "1")

    await eventually(follower.is_settled)
    assert len(follower.seen) == 3
    assert await follower.effects() == 1
    assert await dead_letters.list_waiting(follower.database) == []


async def test_after_the_fourth_failure_a_message_is_parked_with_its_cause(
    follower: Follower,
) -> None:
    follower.failures = [RuntimeError("no such webinar")] * 9
    event = hold_ended()

    await follower.send(outbox.payload_of(event), "1")

    await eventually(follower.is_settled)
    [letter] = await dead_letters.list_waiting(follower.database)
    assert letter["cause"] == "RuntimeError: no such webinar"
    assert letter["tries"] == 4
    assert HoldEnded.model_validate_json(letter["body"]) == event
    assert len(follower.seen) == 4
    assert await follower.effects() == 0


async def test_a_parked_message_can_be_replayed_once(follower: Follower) -> None:
    follower.failures = [RuntimeError("still broken")] * 4
    await follower.send(outbox.payload_of(hold_ended()), "1")
    await eventually(follower.is_settled)
    [letter] = await dead_letters.list_waiting(follower.database)

    await follower.bus.replay(letter["subject"], letter["body"])
    await follower.bus.replay(letter["subject"], letter["body"])
    await dead_letters.mark_replayed(follower.database, letter["id"])

    assert await follower.effects() == 1
    assert await dead_letters.list_waiting(follower.database) == []


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"{not json", "unreadable"),
        (b'{"event_id": 1}', "unreadable"),
        (b"\xff\xfe", ""),
    ],
)
async def test_an_unreadable_message_is_parked_at_once(
    follower: Follower, body: bytes, cause: str
) -> None:
    await follower.send(body, "1")
    await follower.send(outbox.payload_of(hold_ended()), "2")

    await eventually(follower.is_settled)
    [letter] = await dead_letters.list_waiting(follower.database)
    assert letter["tries"] == 1
    assert bytes(letter["body"]) == body
    assert cause in letter["cause"] or "JSONDecodeError" in letter["cause"]
    assert len(follower.seen) == 1


async def test_a_cause_names_fields_and_never_what_was_in_them(follower: Follower) -> None:
    body = json.loads(outbox.payload_of(hold_ended())) | {"reason": "anna@example.org"}

    await follower.send(json.dumps(body).encode(), "1")

    await eventually(follower.is_settled)
    [letter] = await dead_letters.list_waiting(follower.database)
    assert letter["cause"] == "unreadable: event.reason"


async def test_failing_to_reach_our_own_database_is_no_try(follower: Follower) -> None:
    follower.failures = [asyncpg.LockNotAvailableError("lock timeout") for _ in range(8)]

    await follower.send(outbox.payload_of(hold_ended()), "1")

    await eventually(follower.is_settled)
    assert len(follower.seen) == 9
    assert await follower.effects() == 1
    assert await dead_letters.list_waiting(follower.database) == []


async def test_a_deleted_consumer_comes_back(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messaging, "PROVISION_SECONDS", 0.05)
    keeper = asyncio.create_task(follower.bus.keep_provisioned())
    async with jetstream_of(follower.nats_url) as jetstream:
        await jetstream.delete_stream(stream_name("registration", follower.prefix))

        async def is_back() -> bool:
            try:
                return await follower.is_settled()
            except NotFoundError:
                return False

        await eventually(is_back)
    await stop_tasks([keeper])

    await follower.send(outbox.payload_of(hold_ended()), "1")
    await eventually(lambda: len(follower.seen) == 1, timeout=20)


async def test_a_request_is_answered_as_http_would(
    postgres_url: str, nats_url: str, nats_prefix: str
) -> None:
    class Refund(BaseModel):
        """A refund."""

    async def refund(body: bytes, headers: dict[str, str]) -> Answer:
        if headers.get("Authorization") != "Bearer good":
            raise Forbidden
        return Answer(202, {"echo": json.loads(body)})

    async with fresh_database(postgres_url, "payments") as made:
        pool = await open_pool(made["payments"], name="test")
        bus = Bus(service="payments", url=nats_url, prefix=nats_prefix, database=Database(pool))
        bus.answer("refund", refund, Refund)
        subject = f"{nats_prefix}.payments.command.refund"
        client = await nats.connect(nats_url)
        await bus.start()
        # Asked at once: whoever sees the service ready is answered.
        good = await client.request(
            subject, b'{"a": 1}', headers={"Authorization": "Bearer good"}, timeout=5
        )
        bad = await client.request(subject, b"{}", timeout=5)
        broken = await client.request(
            subject, b"{", headers={"Authorization": "Bearer good"}, timeout=5
        )
        await client.close()
        await bus.stop()
        await pool.close()

    assert (good.headers or {})["Status"] == "202"
    assert json.loads(good.data) == {"echo": {"a": 1}}
    assert (bad.headers or {})["Status"] == "403"
    assert json.loads(bad.data)["code"] == "forbidden"
    assert (broken.headers or {})["Status"] == "500"


async def test_the_asyncapi_document_names_what_is_received_and_what_is_sent(
    follower: Follower,
) -> None:
    document = json.loads(follower.bus.asyncapi())

    assert document["asyncapi"].startswith("3.")
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert f"{follower.prefix}.registration.hold.ended" in addresses
    assert f"{follower.prefix}.payments.payment.succeeded" in addresses
    assert "PaymentSucceeded" in document["components"]["schemas"]

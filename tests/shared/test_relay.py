import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from nats.js.api import StreamConfig

from shared import outbox
from shared.events import PaymentFailed
from shared.relay import Relay, SequenceRefused
from shared.tasks import stop_tasks
from tests.shared.builders import Payments, jetstream_of, payment_failed, payments_plumbing
from tests.waiting import eventually


@pytest.fixture
async def payments(postgres_url: str, nats_url: str, nats_prefix: str) -> AsyncIterator[Payments]:
    async with payments_plumbing(postgres_url, nats_url, nats_prefix) as plumbing:
        yield plumbing


async def enqueued(payments: Payments, count: int) -> list[PaymentFailed]:
    events = [payment_failed() for _ in range(count)]
    async with payments.database.transaction() as connection:
        await outbox.enqueue(connection, *events)
    return events


@contextlib.asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        await stop_tasks(tasks)


def ids(events: list[PaymentFailed]) -> list[str]:
    return [str(event.event_id) for event in events]


async def test_events_are_stored_once_and_in_order(payments: Payments) -> None:
    events = await enqueued(payments, 600)
    relay = payments.bus.relay()

    published = [await relay.step() for _ in range(4)]

    assert published == [250, 250, 100, 0]
    async with jetstream_of(payments.nats_url) as jetstream:
        assert await payments.stored(jetstream) == ids(events)


async def test_a_published_message_is_the_event_itself(payments: Payments) -> None:
    [event] = await enqueued(payments, 1)

    await payments.bus.relay().step()

    async with jetstream_of(payments.nats_url) as jetstream:
        message = await jetstream.get_msg(payments.stream, 1)
    assert message.subject == f"{payments.prefix}.payments.payment.failed"
    assert PaymentFailed.model_validate_json(message.data or b"") == event


async def test_an_event_of_a_transaction_that_failed_is_never_published(
    payments: Payments,
) -> None:
    async def changes_its_mind() -> None:
        async with payments.database.transaction() as connection:
            await outbox.enqueue(connection, payment_failed())
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await changes_its_mind()

    assert await payments.bus.relay().step() == 0
    assert not payments.database.events_left.is_set()


async def test_a_commit_wakes_the_relay(payments: Payments) -> None:
    await enqueued(payments, 1)

    assert payments.database.events_left.is_set()


async def test_a_batch_whose_answer_was_lost_is_found_in_the_stream(payments: Payments) -> None:
    events = await enqueued(payments, 3)
    relay = payments.bus.relay()
    await relay.step()
    # As if the relay had died between the stream's answer and its own commit.
    async with payments.database.transaction() as connection:
        await connection.execute("UPDATE outbox SET stream_sequence = NULL")
        await connection.execute("UPDATE relay SET last_sequence = 0")
    later = await enqueued(payments, 2)

    with pytest.raises(SequenceRefused):
        await relay.step()
    await relay.step()

    assert await payments.waiting() == 0
    async with jetstream_of(payments.nats_url) as jetstream:
        assert await payments.stored(jetstream) == ids(events + later)


async def test_a_single_event_whose_answer_was_lost_is_found_in_the_stream(
    payments: Payments,
) -> None:
    [event] = await enqueued(payments, 1)
    relay = payments.bus.relay()
    await relay.step()
    async with payments.database.transaction() as connection:
        await connection.execute("UPDATE outbox SET stream_sequence = NULL")
        await connection.execute("UPDATE relay SET last_sequence = 0")

    with pytest.raises(SequenceRefused):
        await relay.step()

    assert await payments.waiting() == 0
    async with jetstream_of(payments.nats_url) as jetstream:
        assert await payments.stored(jetstream) == ids([event])


async def test_a_relay_that_slept_is_refused(payments: Payments) -> None:
    events = await enqueued(payments, 2)
    sleeper = payments.bus.relay()
    # What a relay holds in memory when it is stopped: rows, and the sequence of that moment.
    await payments.bus.relay().step()
    more = await enqueued(payments, 2)
    await payments.bus.relay().step()
    async with payments.database.transaction() as connection:
        await connection.execute("UPDATE outbox SET stream_sequence = NULL WHERE id <= 2")
        await connection.execute("UPDATE relay SET last_sequence = 2")

    with pytest.raises(SequenceRefused):
        await sleeper.step()

    async with jetstream_of(payments.nats_url) as jetstream:
        assert await payments.stored(jetstream) == ids(events + more)


async def test_three_relays_together_store_each_event_once_and_in_order(
    payments: Payments,
) -> None:
    events: list[PaymentFailed] = []

    async with running(*(payments.bus.relay() for _ in range(3))):
        for _ in range(30):
            events += await enqueued(payments, 20)

        async def drained() -> bool:
            return await payments.waiting() == 0

        await eventually(drained)

    async with jetstream_of(payments.nats_url) as jetstream:
        assert await payments.stored(jetstream) == ids(events)


async def test_a_deleted_stream_comes_back_and_is_filled_again(payments: Payments) -> None:
    events = await enqueued(payments, 40)
    relay = payments.bus.relay()
    await relay.step()

    async with jetstream_of(payments.nats_url) as jetstream:
        await jetstream.delete_stream(payments.stream)
        await relay.check()
        while await relay.step():
            pass

        assert await payments.stored(jetstream) == ids(events)


async def test_a_stream_that_was_rolled_back_gets_its_missing_end_again(
    payments: Payments,
) -> None:
    events = await enqueued(payments, 5)
    relay = payments.bus.relay()
    await relay.step()

    async with jetstream_of(payments.nats_url) as jetstream:
        # A server restored from an older copy: the same stream with only the first messages.
        copies = [await jetstream.get_msg(payments.stream, sequence) for sequence in (1, 2)]
        await jetstream.delete_stream(payments.stream)
        await payments.bus.provision()
        for copy in copies:
            kept = {"Nats-Msg-Id": (copy.headers or {})["Nats-Msg-Id"]}
            await jetstream.publish(copy.subject or "", copy.data or b"", headers=kept)
        await relay.check()
        await relay.step()

        assert await payments.stored(jetstream) == ids(events)


async def test_a_purged_stream_is_not_filled_again(payments: Payments) -> None:
    await enqueued(payments, 5)
    relay = payments.bus.relay()
    await relay.step()

    async with jetstream_of(payments.nats_url) as jetstream:
        await jetstream.purge_stream(payments.stream)
        await relay.check()

        assert await relay.step() == 0
        assert await payments.stored(jetstream) == []


async def test_a_stream_without_atomic_batches_is_served_singly(payments: Payments) -> None:
    events = await enqueued(payments, 4)
    async with jetstream_of(payments.nats_url) as jetstream:
        info = await jetstream.stream_info(payments.stream)
        await jetstream.delete_stream(payments.stream)
        await jetstream.add_stream(
            StreamConfig(name=payments.stream, subjects=info.config.subjects)
        )
        relay = payments.bus.relay()

        async with running(relay):

            async def drained() -> bool:
                return await payments.waiting() == 0

            await eventually(drained)

        assert await payments.stored(jetstream) == ids(events)


async def test_rows_that_are_in_the_stream_already_are_marked_one_by_one(
    payments: Payments,
) -> None:
    events = await enqueued(payments, 3)
    relay = payments.bus.relay()
    await relay.step()
    # The sequence is right, yet two rows count as unsent: restored from a backup, say.
    async with payments.database.transaction() as connection:
        await connection.execute("UPDATE outbox SET stream_sequence = NULL WHERE id <= 2")
    later = await enqueued(payments, 1)

    await relay.step()

    assert await payments.waiting() == 0
    async with jetstream_of(payments.nats_url) as jetstream:
        assert await payments.stored(jetstream) == ids(events + later)


async def test_an_event_above_64_kib_is_refused_at_the_door(payments: Payments) -> None:
    async with payments.database.transaction() as connection:
        with pytest.raises(outbox.EventTooLarge):
            await outbox.enqueue(connection, payment_failed(message="x" * 70_000))


async def test_the_payload_is_plain_json(payments: Payments) -> None:
    event = payment_failed(message="señal ✓")

    assert json.loads(outbox.payload_of(event))["message"] == "señal ✓"

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared import outbox
from shared.events import HoldEnded
from shared.handling import Handling
from shared.postgres import Connection, Database, open_pool
from tests.servers import fresh_database
from tests.shared.builders import hold_ended, payment_failed


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with fresh_database(postgres_url, "payments") as made:
        pool = await open_pool(made["payments"], name="test")
        yield Database(pool)
        await pool.close()


async def effects(database: Database) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM outbox"))


async def on_hold_ended(event: HoldEnded, connection: Connection) -> None:
    await outbox.enqueue(connection, payment_failed(registrant_id=event.registrant_id))


async def test_events_that_arrive_together_share_a_transaction(database: Database) -> None:
    transactions: list[object] = []

    async def handler(event: HoldEnded, connection: Connection) -> None:
        transactions.append(await connection.fetchval("SELECT txid_current()"))
        await on_hold_ended(event, connection)

    handling = Handling(database, "c", handler)
    await asyncio.gather(*(handling.handle(hold_ended()) for _ in range(20)))

    assert await effects(database) == 20
    assert len(set(transactions)) < 5


async def test_one_event_given_many_times_at_once_has_one_effect(database: Database) -> None:
    handling = Handling(database, "c", on_hold_ended)
    event = hold_ended()

    await asyncio.gather(*(handling.handle(event) for _ in range(20)))
    await handling.handle(event)

    assert await effects(database) == 1


async def test_two_replicas_given_the_same_events_have_each_effect_once(
    database: Database,
) -> None:
    replicas = [Handling(database, "c", on_hold_ended) for _ in range(2)]
    events = [hold_ended() for _ in range(30)]

    await asyncio.gather(*(replica.handle(event) for event in events for replica in replicas))

    assert await effects(database) == 30


async def test_a_poisoned_event_fails_alone(database: Database) -> None:
    poisoned = hold_ended()

    async def handler(event: HoldEnded, connection: Connection) -> None:
        await on_hold_ended(event, connection)
        if event == poisoned:
            raise RuntimeError("poison")

    handling = Handling(database, "c", handler)
    events = [hold_ended() for _ in range(10)] + [poisoned] + [hold_ended() for _ in range(10)]
    outcomes = await asyncio.gather(
        *(handling.handle(event) for event in events), return_exceptions=True
    )

    assert [str(outcome) for outcome in outcomes if outcome is not None] == ["poison"]
    assert await effects(database) == 20


async def test_a_caller_that_leaves_does_not_stop_the_others(database: Database) -> None:
    handling = Handling(database, "c", on_hold_ended)
    leaving = asyncio.create_task(handling.handle(hold_ended()))
    staying = [asyncio.create_task(handling.handle(hold_ended())) for _ in range(5)]
    await asyncio.sleep(0)

    leaving.cancel()
    await asyncio.gather(*staying)
    await handling.handle(hold_ended())

    assert await effects(database) == 7


async def test_an_event_that_failed_can_be_handled_later(database: Database) -> None:
    failures = [RuntimeError("once")]

    async def handler(event: HoldEnded, connection: Connection) -> None:
        if failures:
            raise failures.pop()
        await on_hold_ended(event, connection)

    handling = Handling(database, "c", handler)
    event = hold_ended()
    with pytest.raises(RuntimeError, match="once"):
        await handling.handle(event)
    await handling.handle(event)

    assert await effects(database) == 1

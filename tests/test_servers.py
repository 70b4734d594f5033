"""The ground that other tests stand on."""

import asyncpg
import nats
import pytest

from tests.servers import fresh_database
from tests.waiting import eventually


async def test_a_fresh_database_is_empty_whatever_was_written_to_the_last(
    postgres_url: str,
) -> None:
    async with fresh_database(postgres_url) as first:
        connection = await asyncpg.connect(first.admin_url)
        await connection.execute("CREATE TABLE left_behind (number int)")
        await connection.close()

    async with fresh_database(postgres_url) as second:
        connection = await asyncpg.connect(second.admin_url)
        tables = await connection.fetch("SELECT FROM pg_tables WHERE tablename = 'left_behind'")
        await connection.close()

    assert tables == []


async def test_a_fresh_database_is_gone_after_its_block(postgres_url: str) -> None:
    async with fresh_database(postgres_url) as database:
        pass

    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(database.admin_url)


async def test_an_awaited_database_stays(postgres_url: str) -> None:
    database = await fresh_database(postgres_url, "payments")

    connection = await asyncpg.connect(database["payments"])
    assert await connection.fetchval("SELECT current_database()") == database.name
    await connection.close()


async def test_nats_has_jetstream(nats_url: str) -> None:
    client = await nats.connect(nats_url)
    try:
        account = await client.jetstream().account_info()
    finally:
        await client.close()

    assert account.limits.max_streams == -1


async def test_waiting_returns_the_first_truthy_answer() -> None:
    answers = iter([None, 0, "", "yes", "later"])

    assert await eventually(lambda: next(answers)) == "yes"


async def test_waiting_takes_coroutines_and_forgives_assertions() -> None:
    tries: list[int] = []

    async def third_time() -> bool:
        tries.append(len(tries))
        assert len(tries) > 2
        return True

    assert await eventually(third_time)
    assert len(tries) == 3


async def test_waiting_ends_at_the_deadline_and_says_what_was_last() -> None:
    with pytest.raises(AssertionError, match=r"the mail did not come true in 0\.05 s; last: False"):
        await eventually(lambda: False, timeout=0.05, what="the mail")

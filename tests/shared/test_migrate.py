import asyncio
from pathlib import Path

import asyncpg
import pytest

from shared.migrate import migrate
from tests.servers import fresh_database


def written(folder: Path, **files: str) -> Path:
    for name, sql in files.items():
        (folder / f"{name.removeprefix('m')}.sql").write_text(sql)
    return folder


async def run(url: str, folder: Path) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return await migrate(connection, "shop", folder)
    finally:
        await connection.close()


async def test_five_runners_at_once_apply_each_file_once(postgres_url: str, tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        m0001_seats="CREATE TABLE seats (id int)",
        m0002_more="INSERT INTO seats VALUES (1)",
    )
    async with fresh_database(postgres_url) as made:
        applied = await asyncio.gather(*(run(made.admin_url, folder) for _ in range(5)))

        connection = await asyncpg.connect(made.admin_url)
        seats = await connection.fetchval("SELECT count(*) FROM shop.seats")
        await connection.close()

    assert sorted(name for names in applied for name in names) == [
        "0001_seats.sql",
        "0002_more.sql",
    ]
    assert seats == 1


async def test_a_file_that_fails_leaves_nothing_and_can_be_mended(
    postgres_url: str, tmp_path: Path
) -> None:
    folder = written(
        tmp_path,
        m0001_good="CREATE TABLE a (id int)",
        m0002_bad="CREATE TABLE b (id int); SELECT 1/0",
    )
    async with fresh_database(postgres_url) as made:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await run(made.admin_url, folder)
        written(tmp_path, m0002_bad="CREATE TABLE b (id int)")

        assert await run(made.admin_url, folder) == ["0002_bad.sql"]
        assert await run(made.admin_url, folder) == []

"""What commands do in the registration service's database, as its own role."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from deploy.cli.places import environment_of, fail
from shared.postgres import UNAVAILABLE, Connection, Database, open_pool
from shared.refusals import Refusal

T = TypeVar("T")


def in_transaction(data_dir: Path, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do the work in one transaction; a refusal ends the command with its sentence."""
    url = environment_of("registration", data_dir)["REGISTRATION_POSTGRES_URL"]

    async def run() -> T:
        pool = await open_pool(url, name="taquilla-command", size_max=1)
        try:
            async with Database(pool).transaction() as connection:
                return await work(connection)
        finally:
            await pool.close()

    try:
        return asyncio.run(run())
    except Refusal as refusal:
        fail(str(refusal))
    except UNAVAILABLE as failure:
        fail(f"The database does not answer: {type(failure).__name__}: {failure}")

"""Dead letters seen from outside a service: listing them, and handling them again."""

import importlib
from collections.abc import Sequence
from uuid import UUID

from aiohttp import web

from deploy.doctor import SETTINGS
from shared import dead_letters
from shared.postgres import Database, Record, open_pool
from shared.service import RUNTIME


async def waiting(postgres_url: str) -> list[Record]:
    """What a service has given up and nobody has replayed, oldest first."""
    pool = await open_pool(postgres_url, name="taquilla-command", size_max=1)
    try:
        return await dead_letters.list_waiting(Database(pool))
    finally:
        await pool.close()


async def replay_letters(
    service: str, letter_ids: Sequence[UUID] | None
) -> list[tuple[UUID, str | None]]:
    """Hand the letters, or all that wait, to the service's own handlers; what failed and why.

    The handlers are those of a whole application, started here as one more replica.
    """
    settings = SETTINGS[service]()
    app: web.Application = importlib.import_module(f"services.{service}.app").create_app(settings)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        runtime = app[RUNTIME]
        if letter_ids is None:
            letter_ids = [row["id"] for row in await dead_letters.list_waiting(runtime.database)]
        outcomes: list[tuple[UUID, str | None]] = []
        for letter_id in letter_ids:
            letter = await dead_letters.get(runtime.database, letter_id)
            if letter is None:
                outcomes.append((letter_id, "there is no such message"))
                continue
            try:
                await runtime.bus.replay(letter["subject"], letter["body"])
            except Exception as failure:
                outcomes.append((letter_id, f"{type(failure).__name__}: {failure}"))
                continue
            await dead_letters.mark_replayed(runtime.database, letter_id)
            outcomes.append((letter_id, None))
        return outcomes
    finally:
        await runner.cleanup()

"""A service's database made ready: its role, its schema and its migrations."""

import asyncio
import random
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from shared.migrate import migrate
from shared.postgres import Connection

SERVICES = ("registration", "payments", "notifications")
ROLES_FILE = Path(__file__).with_name("roles.sql")
SOURCES = Path(__file__).parents[1] / "services"

ROLE_TRIES = 30
ROLE_RETRY_SECONDS_MAX = 0.1


async def prepare_service(service: str, migrate_url: str, service_url: str) -> list[str]:
    """Make the role of `service_url`, the schema and its tables; may be repeated and raced.

    Returns the migrations that were applied now.
    """
    role = urlsplit(service_url)
    connection = await asyncpg.connect(migrate_url)
    try:
        await create_role(
            connection,
            role=unquote(role.username or ""),
            password=unquote(role.password or ""),
            schema=service,
        )
        return await migrate(connection, service, SOURCES / service / "migrations")
    finally:
        await connection.close()


async def create_role(connection: Connection, *, role: str, password: str, schema: str) -> None:
    """Run roles.sql; may be repeated."""
    statements = ROLES_FILE.read_text()
    for left in reversed(range(ROLE_TRIES)):
        try:
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('taquilla.role', $1, true), "
                    "set_config('taquilla.password', $2, true), "
                    "set_config('taquilla.schema', $3, true)",
                    role,
                    password,
                    schema,
                )
                await connection.execute(statements)
            return
        except (
            asyncpg.UniqueViolationError,
            asyncpg.DuplicateObjectError,
            asyncpg.InternalServerError,  # "tuple concurrently updated"
        ):
            # Roles belong to the whole server; roles.sql's lock keeps apart one database only.
            if not left:
                raise
            await asyncio.sleep(random.uniform(0, ROLE_RETRY_SECONDS_MAX))

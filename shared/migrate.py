"""Migrations: plain SQL files, each applied once and in order, however many runners race."""

from pathlib import Path

from shared.postgres import Connection


async def migrate(connection: Connection, schema: str, folder: Path) -> list[str]:
    """Apply the folder's `NNNN_*.sql` that the schema does not have yet; their names.

    The connection is an owner's. Each file is one transaction with its line in the ledger.
    """
    applied: list[str] = []
    # Held for the session: runners wait for each other instead of failing.
    await connection.execute("SELECT pg_advisory_lock(hashtext('taquilla.migrate.' || $1))", schema)
    try:
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        await connection.execute(f'SET search_path = "{schema}"')
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations "
            "(name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        known = {row["name"] for row in await connection.fetch("SELECT name FROM migrations")}
        for file in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql")):  # noqa: ASYNC240 # A few local files.
            if file.name in known:
                continue
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '5s'")
                await connection.execute(file.read_text())
                await connection.execute("INSERT INTO migrations (name) VALUES ($1)", file.name)
            applied.append(file.name)
    finally:
        await connection.execute(
            "SELECT pg_advisory_unlock(hashtext('taquilla.migrate.' || $1))", schema
        )
    return applied

"""Retention: old rows go, a limited number at a time, so that no table grows for ever."""

from datetime import timedelta

from shared.postgres import Database

ROWS_PER_ROUND = 5_000
EVERY_SECONDS = 600

OUTBOX_AGE = timedelta(days=14)  # Longer than the stream, which may have to be filled again.
INBOX_AGE = timedelta(days=30)  # Longer than the outbox, whose rows may come again.


async def prune_plumbing(database: Database) -> int:
    """Remove old outbox and inbox rows; how many went."""
    return (
        await prune(
            database, "outbox", "created_at", OUTBOX_AGE, extra="AND stream_sequence IS NOT NULL"
        )
        + await prune(database, "inbox", "seen_at", INBOX_AGE)
        + await prune(database, "delivery_tries", "tried_at", INBOX_AGE)
    )


async def prune(
    database: Database, table: str, column: str, age: timedelta, *, extra: str = ""
) -> int:
    """Remove rows older than `age` by the database's clock; how many went."""
    async with database.transaction() as connection:
        status = await connection.execute(
            f"DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} "
            f"WHERE {column} < now() - $1::interval {extra} LIMIT {ROWS_PER_ROUND})",
            age,
        )
    return int(status.split()[-1])

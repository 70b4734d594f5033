"""What is counted, and what is forgotten in time."""

from datetime import timedelta

from shared import retention
from shared.postgres import Database

CONTENT_AGE = timedelta(days=90)
RECORD_AGE = timedelta(days=400)  # Refunds may come up to this long after the start.
ROWS_PER_ROUND = 1_000


async def count_unsettled(database: Database) -> dict[str, tuple[int, float]]:
    """How many mails are in each state that is not final, and the age of the oldest in seconds."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT state, count(*) AS mails, "
            "extract(epoch FROM now() - min(created_at))::float8 AS oldest FROM mails "
            # A refund's failure may wait for ever: nobody had been told of the refund.
            "WHERE state IN ('queued', 'sending') OR state = 'waiting' AND kind = 'refund' "
            "GROUP BY state"
        )
    return {row["state"]: (row["mails"], row["oldest"]) for row in rows}


async def forget_contents(database: Database) -> int:
    """Remove addresses and bytes of old mails; that there was a mail stays known."""
    async with database.transaction() as connection:
        status = await connection.execute(
            "UPDATE mails SET content = NULL, recipient = NULL, answer = NULL WHERE email_id IN ("
            "SELECT email_id FROM mails WHERE (content IS NOT NULL OR recipient IS NOT NULL) "
            "AND created_at < now() - $1::interval AND state NOT IN ('queued', 'sending') "
            "LIMIT $2)",
            CONTENT_AGE,
            ROWS_PER_ROUND,
        )
    return int(status.split()[-1])


async def prune(database: Database) -> int:
    """What the retention worker does, a limited number of rows at a time; how many it did."""
    return (
        await forget_contents(database)
        + await retention.prune(
            database, "mails", "created_at", CONTENT_AGE, extra="AND state = 'waiting'"
        )
        + await retention.prune(database, "mails", "created_at", RECORD_AGE)
        + await retention.prune(database, "registrants", "keep_from", RECORD_AGE)
    )

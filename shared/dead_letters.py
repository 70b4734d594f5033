"""Dead letters: messages that could not be handled, kept until someone replays them."""

from uuid import UUID

from shared.postgres import Database, Record


async def count_try(database: Database, consumer: str, delivery: str) -> int:
    """Note that a redelivered message is tried once more; how often that has happened by now."""
    async with database.transaction() as connection:
        return int(
            await connection.fetchval(
                "INSERT INTO delivery_tries (consumer, delivery) VALUES ($1, $2) "
                "ON CONFLICT (consumer, delivery) DO UPDATE SET tries = delivery_tries.tries + 1, "
                "tried_at = now() RETURNING tries",
                consumer,
                delivery,
            )
        )


async def forget_try(database: Database, consumer: str, delivery: str) -> None:
    """Take a try back: our own database failed, which says nothing of the message."""
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE delivery_tries SET tries = tries - 1 WHERE consumer = $1 AND delivery = $2",
            consumer,
            delivery,
        )


async def park(
    database: Database,
    *,
    consumer: str,
    delivery: str,
    subject: str,
    body: bytes,
    headers: dict[str, str],
    cause: str,
    tries: int,
) -> None:
    """Keep a message that is given up; may be repeated for the same delivery."""
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO dead_letters (consumer, delivery, subject, body, headers, cause, tries) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (consumer, delivery) DO NOTHING",
            consumer,
            delivery,
            subject,
            body,
            headers,
            cause,
            tries,
        )


async def list_waiting(database: Database, limit: int = 200) -> list[Record]:
    """Parked messages that nobody has replayed yet, oldest first."""
    async with database.connection() as connection:
        return list(
            await connection.fetch(
                "SELECT id, consumer, subject, cause, tries, parked_at, body, headers "
                "FROM dead_letters WHERE replayed_at IS NULL ORDER BY parked_at LIMIT $1",
                limit,
            )
        )


async def get(database: Database, letter_id: UUID) -> Record | None:
    """One parked message."""
    async with database.connection() as connection:
        letter: Record | None = await connection.fetchrow(
            "SELECT id, consumer, subject, body, replayed_at FROM dead_letters WHERE id = $1",
            letter_id,
        )
        return letter


async def mark_replayed(database: Database, letter_id: UUID) -> None:
    """The message was handled after all."""
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE dead_letters SET replayed_at = now() WHERE id = $1", letter_id
        )

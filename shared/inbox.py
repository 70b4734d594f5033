"""The inbox: an event's effect and the note that it was handled are one transaction."""

from uuid import UUID

from shared.postgres import Connection


async def claim(connection: Connection, consumer: str, event_id: UUID) -> bool:
    """True the first time; the effect follows in the same transaction. False: just ack."""
    claimed = await connection.fetchval(
        "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) "
        "ON CONFLICT DO NOTHING RETURNING true",
        consumer,
        event_id,
    )
    return bool(claimed)

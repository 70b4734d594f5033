"""The inbox: an event's effect and the note that it was handled are one transaction."""

from collections.abc import Sequence
from uuid import UUID

from shared.postgres import Connection


async def claim(connection: Connection, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Those that are new here: their effects follow in the same transaction, others are done."""
    rows = await connection.fetch(
        "INSERT INTO inbox (consumer, event_id) "
        "SELECT $1, event_id FROM unnest($2::uuid[]) AS event_id "
        "ON CONFLICT DO NOTHING RETURNING event_id",
        consumer,
        # Sorted: two replicas that claim the same events wait for each other in one order.
        sorted(set(event_ids)),
    )
    return {row["event_id"] for row in rows}

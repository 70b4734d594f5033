"""Matters for a person, as operators count them."""

from shared.postgres import Connection


async def count_open(connection: Connection) -> dict[str, int]:
    """Open matters by cause."""
    rows = await connection.fetch(
        "SELECT cause, count(*) FROM exceptions WHERE resolved_at IS NULL GROUP BY cause"
    )
    return {row[0]: row[1] for row in rows}

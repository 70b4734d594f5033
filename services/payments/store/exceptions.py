"""Matters for a person, as operators read them."""

from shared.postgres import Connection, Record

ROWS_MAX = 200


async def count_open(connection: Connection) -> dict[str, int]:
    """Open matters by cause."""
    rows = await connection.fetch(
        "SELECT cause, count(*) FROM exceptions WHERE resolved_at IS NULL GROUP BY cause"
    )
    return {row[0]: row[1] for row in rows}


async def list_open(connection: Connection) -> list[Record]:
    """Open matters, newest first."""
    return list(
        await connection.fetch(
            "SELECT exception_id, cause, about, organization_id, registrant_id, payment_id, "
            "detail, raised_at FROM exceptions WHERE resolved_at IS NULL "
            "ORDER BY exception_id DESC LIMIT $1",
            ROWS_MAX,
        )
    )

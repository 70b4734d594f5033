"""Registrants who still have to hear of a new start, kept as ranges of their numbers."""

from uuid import UUID

from services.registration.registrants import Registrant
from services.registration.rescheduling import Rescheduling
from services.registration.store import registrants
from shared.postgres import Connection

_COLUMNS = "id, organization_id, webinar_id, previous_starts_at, after_number, last_number"


async def lock_untold(connection: Connection, webinar_id: UUID) -> list[Rescheduling]:
    """What is left of earlier moves of a webinar, locked."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM reschedulings "
        "WHERE webinar_id = $1 AND after_number < last_number ORDER BY id FOR UPDATE",
        webinar_id,
    )
    return [Rescheduling(**row) for row in rows]


async def add(connection: Connection, added: list[Rescheduling]) -> None:
    """Store whom to tell."""
    await connection.executemany(
        f"INSERT INTO reschedulings ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (
                one.id,
                one.organization_id,
                one.webinar_id,
                one.previous_starts_at,
                one.after_number,
                one.last_number,
            )
            for one in added
        ],
    )


async def list_untold(connection: Connection, limit: int) -> list[UUID]:
    """Moves of which somebody has not heard yet, the oldest first."""
    rows = await connection.fetch(
        "SELECT id FROM reschedulings WHERE after_number < last_number "
        "ORDER BY created_at LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]


async def take(connection: Connection, rescheduling_id: UUID) -> Rescheduling | None:
    """The rest of a move, locked; None if another replica has it or nobody is left to tell."""
    found = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM reschedulings "
        "WHERE id = $1 AND after_number < last_number FOR UPDATE SKIP LOCKED",
        rescheduling_id,
    )
    return None if found is None else Rescheduling(**found)


async def list_registrants(
    connection: Connection, rescheduling: Rescheduling, limit: int
) -> list[Registrant]:
    """Those to tell next, in the order of admission."""
    listed = await registrants.list_of_webinar(
        connection, rescheduling.webinar_id, after=rescheduling.after_number, limit=limit
    )
    return [one for one in listed if one.number <= rescheduling.last_number]


async def mark_told(connection: Connection, rescheduling_id: UUID, number: int) -> None:
    """Everybody up to this number has heard."""
    await connection.execute(
        "UPDATE reschedulings SET after_number = $2 WHERE id = $1", rescheduling_id, number
    )


async def last_number(connection: Connection, webinar_id: UUID) -> int:
    """The number of the webinar's newest registrant; the webinar is locked by the caller."""
    found: int = await connection.fetchval(
        "SELECT coalesce((SELECT number FROM registrants WHERE webinar_id = $1 "
        "ORDER BY number DESC LIMIT 1), 0)",
        webinar_id,
    )
    return found

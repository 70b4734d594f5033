"""The record of what was done: entries are added and read, the table refuses everything else."""

from uuid import UUID

from services.registration.audit import ABOUT_LENGTH_MAX, Act, Entry
from shared.postgres import Connection


async def add(
    connection: Connection,
    organization_id: UUID,
    person_id: UUID | None,
    act: Act,
    about: str = "",
) -> None:
    """Note an act in the transaction that does it."""
    await connection.execute(
        "INSERT INTO audit_entries (organization_id, person_id, act, about) "
        "VALUES ($1, $2, $3, $4)",
        organization_id,
        person_id,
        act,
        about[:ABOUT_LENGTH_MAX],
    )


async def list_of(
    connection: Connection, organization_id: UUID, *, before: int | None, limit: int
) -> list[Entry]:
    """An organization's entries, the last first; `before` is the id where the page before ended."""
    rows = await connection.fetch(
        "SELECT a.id, a.act, a.about, a.person_id, p.name AS person_name, a.happened_at "
        "FROM audit_entries a LEFT JOIN people p ON p.id = a.person_id "
        "WHERE a.organization_id = $1 AND ($2::bigint IS NULL OR a.id < $2) "
        "ORDER BY a.id DESC LIMIT $3",
        organization_id,
        before,
        limit,
    )
    return [Entry(**row) for row in rows]

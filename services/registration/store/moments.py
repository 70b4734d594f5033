"""What happened to a registration and left no other trace."""

from typing import Literal
from uuid import UUID

from services.registration.registrants import Registrant
from shared.events import Event
from shared.postgres import Connection, Record

What = Literal["checkout_opened", "declined", "added", "corrected", "mail_requested", "noted"]

WORDS_LENGTH_MAX = 1000
LISTED_MAX = 200


async def add(
    connection: Connection,
    registrant: Registrant,
    what: What,
    words: str | None = None,
    *,
    person_id: UUID | None = None,
    key: str | None = None,
) -> bool:
    """Note something once for each key; whether it was new. `person_id` is who did it."""
    added = await connection.execute(
        "INSERT INTO registrant_moments "
        "(organization_id, registrant_id, what, words, person_id, key) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (registrant_id, key) DO NOTHING",
        registrant.organization_id,
        registrant.id,
        what,
        None if words is None else words[:WORDS_LENGTH_MAX],
        person_id,
        key,
    )
    return added == "INSERT 0 1"


async def add_told(
    connection: Connection,
    registrant: Registrant,
    what: What,
    event: Event,
    words: str | None = None,
) -> None:
    """Note what another service tells, at the time when it happened there."""
    await connection.execute(
        "INSERT INTO registrant_moments "
        "(organization_id, registrant_id, what, words, happened_at) VALUES ($1, $2, $3, $4, $5)",
        registrant.organization_id,
        registrant.id,
        what,
        None if words is None else words[:WORDS_LENGTH_MAX],
        event.occurred_at,
    )


async def list_of(connection: Connection, registrant_id: UUID) -> list[Record]:
    """A registrant's moments with the organizer's name, the first ones of very many."""
    return list(
        await connection.fetch(
            "SELECT m.what, m.words, m.happened_at, p.name AS person FROM registrant_moments m "
            "LEFT JOIN people p ON p.id = m.person_id "
            "WHERE m.registrant_id = $1 ORDER BY m.id LIMIT $2",
            registrant_id,
            LISTED_MAX,
        )
    )

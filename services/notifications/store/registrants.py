"""What is known of registrants, for the mails that are written to them."""

from dataclasses import dataclass
from uuid import UUID

from shared.events import RegistrantFacts
from shared.postgres import Connection


@dataclass(frozen=True)
class Known:
    """What we know of a registrant; no facts yet if money was heard of first."""

    status: str | None
    facts: RegistrantFacts | None


@dataclass(frozen=True)
class Noted:
    """What became of facts that an event brought."""

    status: str | None  # The newest that is known, be it this event's or a later one's.
    version: int  # Likewise: a lower one may have had another address and other links.
    sequence: int  # Likewise: a lower one spoke of a time that has changed since.
    was_known: bool
    has_waiting: bool
    has_all_back: bool


async def note_registrant(connection: Connection, facts: RegistrantFacts, status: str) -> Noted:
    """Keep facts if they are newer than ours. Locks the registrant until we commit."""
    row = await connection.fetchrow(
        "INSERT INTO registrants "
        "(registrant_id, organization_id, version, sequence, status, facts, keep_from) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (registrant_id) DO UPDATE SET "
        "version = excluded.version, sequence = excluded.sequence, status = excluded.status, "
        "facts = excluded.facts, keep_from = excluded.keep_from "
        "WHERE (registrants.version, registrants.sequence) < (excluded.version, excluded.sequence) "
        # A row that was inserted just now has no xmax.
        "RETURNING status, version, sequence, xmax <> 0 AS was_known, has_waiting, has_all_back",
        facts.registrant_id,
        facts.organization_id,
        facts.version,
        facts.sequence,
        status,
        facts.model_dump(mode="json", include=_FACTS),
        facts.starts_at,
    )
    if row is not None:
        return Noted(**dict(row))
    row = await connection.fetchrow(
        "SELECT status, version, sequence, true AS was_known, has_waiting, has_all_back "
        "FROM registrants WHERE registrant_id = $1 FOR UPDATE",
        facts.registrant_id,
    )
    return Noted(**dict(row or {}))


_FACTS = set(RegistrantFacts.model_fields)


async def lock_registrant(
    connection: Connection, registrant_id: UUID, organization_id: UUID
) -> Known:
    """What is known of a registrant; nobody else decides on their mails until we commit."""
    row = await connection.fetchrow(
        "INSERT INTO registrants (registrant_id, organization_id) VALUES ($1, $2) "
        "ON CONFLICT (registrant_id) DO UPDATE SET registrant_id = excluded.registrant_id "
        "RETURNING status, facts",
        registrant_id,
        organization_id,
    )
    if row is None or row["facts"] is None:
        return Known(None, None)
    return Known(row["status"], RegistrantFacts.model_validate(row["facts"]))


async def mark_all_back(connection: Connection, registrant_id: UUID) -> None:
    """Note that all their money went back and the seat with it."""
    await connection.execute(
        "UPDATE registrants SET has_all_back = true WHERE registrant_id = $1", registrant_id
    )


async def mark_waiting(connection: Connection, registrant_id: UUID) -> None:
    """Note that mails wait for the facts of this registrant."""
    await connection.execute(
        "UPDATE registrants SET has_waiting = true WHERE registrant_id = $1", registrant_id
    )

"""Signed-in browsers, and failed attempts to become one. All SQL about them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.registration.people import (
    SESSION_IDLE,
    SESSION_LIFETIME,
    SESSION_TOUCHED_EVERY,
    Session,
)
from shared import retention
from shared.postgres import Connection, Database

_SESSION = "id_hash, person_id, created_at, seen_at, confirmed_at, browser"
FAILURES_KEPT = timedelta(days=1)
LINKS_KEPT = timedelta(days=30)


async def add(connection: Connection, id_hash: bytes, person_id: UUID, browser: str) -> None:
    """Store a new session, which has just been proven by a password or a link."""
    await connection.execute(
        "INSERT INTO sessions (id_hash, person_id, browser) VALUES ($1, $2, $3)",
        id_hash,
        person_id,
        browser,
    )


async def find(
    connection: Connection, id_hash: bytes
) -> tuple[Session, dict[str, Any] | None] | None:
    """The session unless it is over, with the note for its next page, which is taken off it.

    It counts as seen now; that is written at most once a minute.
    """
    found = await connection.fetchrow(
        f"SELECT {_SESSION}, note, now() - seen_at > $4::interval AS is_stale FROM sessions "
        "WHERE id_hash = $1 AND seen_at > now() - $2::interval "
        "AND created_at > now() - $3::interval",
        id_hash,
        SESSION_IDLE,
        SESSION_LIFETIME,
        SESSION_TOUCHED_EVERY,
    )
    if found is None:
        return None
    *session, note, is_stale = found.values()
    if is_stale:
        await connection.execute("UPDATE sessions SET seen_at = now() WHERE id_hash = $1", id_hash)
    return Session(*session), note


async def put_note(connection: Connection, id_hash: bytes, note: dict[str, Any] | None) -> None:
    """What the next page says once; None takes it away."""
    await connection.execute(
        "UPDATE sessions SET note = $2::jsonb WHERE id_hash = $1", id_hash, note
    )


async def confirm(connection: Connection, id_hash: bytes) -> None:
    """The password was given again just now."""
    await connection.execute("UPDATE sessions SET confirmed_at = now() WHERE id_hash = $1", id_hash)


async def remove(connection: Connection, id_hash: bytes) -> None:
    """Sign this browser out."""
    await connection.execute("DELETE FROM sessions WHERE id_hash = $1", id_hash)


async def remove_all_of(
    connection: Connection, person_id: UUID, *, keep: bytes | None = None
) -> None:
    """Sign the person out everywhere, or everywhere else."""
    await connection.execute(
        "DELETE FROM sessions WHERE person_id = $1 AND id_hash IS DISTINCT FROM $2",
        person_id,
        keep,
    )


async def list_of(connection: Connection, person_id: UUID) -> list[Session]:
    """The person's browsers, the last used first."""
    rows = await connection.fetch(
        f"SELECT {_SESSION} FROM sessions WHERE person_id = $1 ORDER BY seen_at DESC", person_id
    )
    return [Session(**row) for row in rows]


async def count_failures(
    connection: Connection, counters: Sequence[str], within: timedelta
) -> dict[str, int]:
    """Failed sign-ins by counter."""
    rows = await connection.fetch(
        "SELECT counted_by, count(*) AS failures FROM sign_in_failures "
        "WHERE counted_by = ANY($1::text[]) AND failed_at > now() - $2::interval "
        "GROUP BY counted_by",
        list(counters),
        within,
    )
    return {row["counted_by"]: row["failures"] for row in rows}


async def add_failure(connection: Connection, counters: Sequence[str]) -> None:
    """Count a failed sign-in."""
    await connection.execute(
        "INSERT INTO sign_in_failures (counted_by) SELECT * FROM unnest($1::text[])",
        list(counters),
    )


async def take_back(connection: Connection, counters: Sequence[str]) -> None:
    """What was counted in advance was no failure: the newest of each counter goes."""
    await connection.execute(
        "DELETE FROM sign_in_failures WHERE ctid IN (SELECT DISTINCT ON (counted_by) ctid "
        "FROM sign_in_failures WHERE counted_by = ANY($1::text[]) "
        "ORDER BY counted_by, failed_at DESC)",
        list(counters),
    )


async def forget_failures(connection: Connection, counter: str) -> None:
    """Whoever signed in from here has shown that it is theirs."""
    await connection.execute("DELETE FROM sign_in_failures WHERE counted_by = $1", counter)


async def prune(database: Database) -> int:
    """Remove what is over; how many rows went."""
    return (
        await retention.prune(database, "sessions", "seen_at", SESSION_IDLE)
        + await retention.prune(database, "sign_in_failures", "failed_at", FAILURES_KEPT)
        + await retention.prune(database, "person_links", "expires_at", LINKS_KEPT)
    )

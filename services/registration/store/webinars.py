"""Webinars, their descriptions, and the row whose lock guards the seats."""

from datetime import datetime
from uuid import UUID

from services.registration.webinars import Webinar
from shared.postgres import Connection

COLUMNS = (
    "id, organization_id, version, status, kind, title, starts_at, duration_minutes, time_zone, "
    "price_minor, currency, capacity, seats_taken, hold_minutes, description_version, "
    "refund_policy, join_url, created_at, cancelled_at, questions, "
    "refund_until, refund_granted_at"
)


async def add(connection: Connection, webinar: Webinar, description: str) -> None:
    """Store a new webinar with the first version of its description."""
    await connection.execute(
        "INSERT INTO webinars (id, organization_id, kind, title, starts_at, duration_minutes, "
        "time_zone, price_minor, currency, capacity, hold_minutes, refund_policy, join_url, "
        "created_at, questions) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        webinar.id,
        webinar.organization_id,
        webinar.kind,
        webinar.title,
        webinar.starts_at,
        webinar.duration_minutes,
        webinar.time_zone,
        webinar.price_minor,
        webinar.currency,
        webinar.capacity,
        webinar.hold_minutes,
        webinar.refund_policy,
        webinar.join_url,
        webinar.created_at,
        webinar.questions,
    )
    await add_description(connection, webinar, description)


async def add_description(connection: Connection, webinar: Webinar, description: str) -> None:
    """Store the description under the webinar's current `description_version`."""
    await connection.execute(
        "INSERT INTO webinar_descriptions (webinar_id, version, organization_id, description) "
        "VALUES ($1, $2, $3, $4)",
        webinar.id,
        webinar.description_version,
        webinar.organization_id,
        description,
    )


async def save(connection: Connection, webinar: Webinar) -> None:
    """Store a changed webinar, seats excepted: those move with registrants only."""
    await connection.execute(
        "UPDATE webinars SET version = $2, status = $3, kind = $4, title = $5, starts_at = $6, "
        "duration_minutes = $7, time_zone = $8, price_minor = $9, currency = $10, capacity = $11, "
        "hold_minutes = $12, description_version = $13, refund_policy = $14, join_url = $15, "
        "cancelled_at = $16, questions = $17, refund_until = $18, refund_granted_at = $19 "
        "WHERE id = $1",
        webinar.id,
        webinar.version,
        webinar.status,
        webinar.kind,
        webinar.title,
        webinar.starts_at,
        webinar.duration_minutes,
        webinar.time_zone,
        webinar.price_minor,
        webinar.currency,
        webinar.capacity,
        webinar.hold_minutes,
        webinar.description_version,
        webinar.refund_policy,
        webinar.join_url,
        webinar.cancelled_at,
        webinar.questions,
        webinar.refund_until,
        webinar.refund_granted_at,
    )


async def find(connection: Connection, webinar_id: UUID) -> Webinar | None:
    """The webinar, or None."""
    found = await connection.fetchrow(f"SELECT {COLUMNS} FROM webinars WHERE id = $1", webinar_id)
    return None if found is None else Webinar(**found)


async def lock(connection: Connection, webinar_id: UUID) -> Webinar | None:
    """The webinar as it is once nobody else changes its seats; held until the transaction ends.

    Alone in its statement: what is read beside a lock may be older than the lock.
    """
    found = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM webinars WHERE id = $1 FOR NO KEY UPDATE", webinar_id
    )
    return None if found is None else Webinar(**found)


async def has_sold(connection: Connection, webinar_id: UUID) -> bool:
    """Whether anybody has ever paid for a seat of this webinar."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM registrants "
            "WHERE webinar_id = $1 AND paid_at IS NOT NULL AND NOT is_rehearsal)",
            webinar_id,
        )
    )


async def move_seats(connection: Connection, webinar_id: UUID, seats: int) -> None:
    """Take seats, or free them when negative; the webinar is locked by the caller."""
    if seats:
        await connection.execute(
            "UPDATE webinars SET seats_taken = seats_taken + $2 WHERE id = $1", webinar_id, seats
        )


async def descriptions(connection: Connection, webinar_ids: list[UUID]) -> dict[UUID, str]:
    """The descriptions as they are now, by webinar."""
    rows = await connection.fetch(
        "SELECT w.id, d.description FROM webinars w JOIN webinar_descriptions d "
        "ON d.webinar_id = w.id AND d.version = w.description_version "
        "WHERE w.id = ANY($1::uuid[])",
        webinar_ids,
    )
    return {row["id"]: row["description"] for row in rows}


async def list_of(
    connection: Connection,
    organization_id: UUID,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Webinar]:
    """An organization's webinars by start, the latest first, below the place `after`."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM webinars WHERE organization_id = $1 "
        "AND ($2::timestamptz IS NULL OR (starts_at, id) < ($2, $3::uuid)) "
        "ORDER BY starts_at DESC, id DESC LIMIT $4",
        organization_id,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [Webinar(**row) for row in rows]


async def next_hold_end(connection: Connection, webinar_id: UUID) -> datetime | None:
    """When the next unpaid hold ends: what a sold-out page can promise."""
    found: datetime | None = await connection.fetchval(
        "SELECT min(pay_by) FROM registrants "
        "WHERE webinar_id = $1 AND status = 'awaiting_payment' AND pay_by > now()",
        webinar_id,
    )
    return found


async def list_untold(connection: Connection, limit: int) -> list[UUID]:
    """Cancelled webinars that still have registrants who were not told."""
    rows = await connection.fetch(
        "SELECT w.id FROM webinars w WHERE w.status = 'cancelled' AND w.told_at IS NULL "
        "ORDER BY w.cancelled_at LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]


async def mark_told(connection: Connection, webinar_id: UUID) -> None:
    """Every registrant of a cancelled webinar was cancelled."""
    await connection.execute("UPDATE webinars SET told_at = now() WHERE id = $1", webinar_id)

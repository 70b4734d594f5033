"""Who is reminded next, by the database's clock, and how far it has come."""

from datetime import datetime
from uuid import UUID

from services.registration.registrants import Registrant
from services.registration.reminders import (
    HOLD_MIN,
    PAYMENT_LEAD_MAX,
    PAYMENT_LEAD_MIN,
    PAYMENT_LEFT_MIN,
    START_LEAD,
)
from services.registration.store import registrants
from services.registration.webinars import Webinar
from shared.postgres import Connection

_IS_OFF = "EXISTS (SELECT FROM messages m WHERE m.organization_id = {}.organization_id AND m.is_off"


async def lock_payments_due(connection: Connection, limit: int) -> list[Registrant]:
    """Registrants whose hold is about to end unpaid and who have not been reminded, locked."""
    rows = await connection.fetch(
        f"SELECT {registrants.COLUMNS} FROM registrants "
        "WHERE status = 'awaiting_payment' AND hold_ended_at IS NULL AND NOT is_rehearsal "
        # The index on pay_by holds these alone; what follows sorts out the window's few.
        "AND pay_by BETWEEN now() + $1::interval AND now() + $2::interval "
        "AND pay_by - created_at >= $3::interval "
        "AND pay_by - now() <= greatest($4::interval, (pay_by - created_at) / 3) "
        "AND NOT EXISTS (SELECT FROM payment_reminders p WHERE p.registrant_id = registrants.id) "
        f"AND NOT {_IS_OFF.format('registrants')} AND m.mail = 'payment_due') "
        "ORDER BY pay_by LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED",
        PAYMENT_LEFT_MIN,
        PAYMENT_LEAD_MAX,
        HOLD_MIN,
        PAYMENT_LEAD_MIN,
        limit,
    )
    return [Registrant(**row) for row in rows]


async def claim_payments(connection: Connection, due: list[Registrant]) -> list[Registrant]:
    """Those of them that nobody else has claimed: they are reminded of by us, and by none again.

    Their locks do not tell: a replica that looked before another committed sees them as due still.
    """
    rows = await connection.fetch(
        "INSERT INTO payment_reminders (registrant_id, organization_id, asked_at) "
        "SELECT id, organization_id, now() "
        "FROM unnest($1::uuid[], $2::uuid[]) AS due (id, organization_id) "
        "ON CONFLICT (registrant_id) DO NOTHING RETURNING registrant_id",
        [one.id for one in due],
        [one.organization_id for one in due],
    )
    claimed = {row["registrant_id"] for row in rows}
    return [one for one in due if one.id in claimed]


async def withhold_payment(
    connection: Connection, registrant: Registrant, processing_at: datetime
) -> None:
    """A payment is processing: nobody is asked to pay meanwhile."""
    await connection.execute(
        "INSERT INTO payment_reminders (registrant_id, organization_id, processing_at) "
        "VALUES ($1, $2, $3) ON CONFLICT (registrant_id) DO UPDATE "
        "SET processing_at = greatest(payment_reminders.processing_at, excluded.processing_at)",
        registrant.id,
        registrant.organization_id,
        processing_at,
    )


async def allow_payment(
    connection: Connection, registrant: Registrant, failed_at: datetime
) -> None:
    """What was processing has failed: they may be reminded again."""
    await connection.execute(
        "DELETE FROM payment_reminders "
        "WHERE registrant_id = $1 AND asked_at IS NULL AND processing_at < $2",
        registrant.id,
        failed_at,
    )


async def list_starting(connection: Connection, limit: int) -> list[UUID]:
    """Webinars that start within a day and whose registrants have not all been reminded."""
    rows = await connection.fetch(
        "SELECT id FROM webinars w WHERE status = 'scheduled' "
        "AND starts_at BETWEEN now() AND now() + $1::interval "
        "AND NOT EXISTS (SELECT FROM start_reminders r WHERE r.webinar_id = w.id "
        "AND r.starts_at = w.starts_at AND r.done_at IS NOT NULL) "
        f"AND NOT {_IS_OFF.format('w')} AND m.mail = 'starts_soon') "
        "ORDER BY starts_at LIMIT $2",
        START_LEAD,
        limit,
    )
    return [row["id"] for row in rows]


async def take_start(connection: Connection, webinar: Webinar) -> int | None:
    """Behind which number the reminders of this start go on, locked; None if another has it."""
    await connection.execute(
        "INSERT INTO start_reminders (webinar_id, starts_at, organization_id) "
        "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        webinar.id,
        webinar.starts_at,
        webinar.organization_id,
    )
    after: int | None = await connection.fetchval(
        "SELECT after_number FROM start_reminders WHERE webinar_id = $1 AND starts_at = $2 "
        "AND done_at IS NULL FOR UPDATE SKIP LOCKED",
        webinar.id,
        webinar.starts_at,
    )
    return after


async def list_confirmed(
    connection: Connection, webinar: Webinar, after: int, limit: int
) -> list[Registrant]:
    """Confirmed registrants of a webinar, in the order of admission."""
    rows = await connection.fetch(
        f"SELECT {registrants.COLUMNS} FROM registrants WHERE webinar_id = $1 AND number > $2 "
        "AND status = 'confirmed' AND NOT is_rehearsal ORDER BY number LIMIT $3",
        webinar.id,
        after,
        limit,
    )
    return [Registrant(**row) for row in rows]


async def last_moved_at(connection: Connection, webinar: Webinar) -> datetime | None:
    """When the webinar's registrants were last told of another start."""
    found: datetime | None = await connection.fetchval(
        "SELECT max(created_at) FROM reschedulings WHERE webinar_id = $1", webinar.id
    )
    return found


async def mark_start(
    connection: Connection, webinar: Webinar, after: int, *, is_done: bool
) -> None:
    """Everybody up to this number was reminded of this start."""
    await connection.execute(
        "UPDATE start_reminders SET after_number = $3, done_at = CASE WHEN $4 THEN now() END "
        "WHERE webinar_id = $1 AND starts_at = $2",
        webinar.id,
        webinar.starts_at,
        after,
        is_done,
    )

"""Holds that ended, also those of registrants that this service has not heard of yet."""

from datetime import timedelta
from uuid import UUID

from shared.events import HoldEnded, HoldEndReason
from shared.postgres import Connection, Record

ROWS_PER_ROUND = 50


async def add_hold_end(connection: Connection, event: HoldEnded, retry: timedelta) -> None:
    """Keep the end of a hold; a decision outweighs an earlier lapse. It waits for its payment."""
    await connection.execute(
        "INSERT INTO hold_ends (registrant_id, organization_id, webinar_id, reason, due_at) "
        "VALUES ($1, $2, $3, $4, now() + $5::interval) ON CONFLICT (registrant_id) DO UPDATE SET "
        "reason = CASE WHEN hold_ends.reason = 'lapsed' THEN excluded.reason "
        "ELSE hold_ends.reason END, due_at = excluded.due_at, tries = 0",
        event.registrant_id,
        event.organization_id,
        event.webinar_id,
        event.reason,
        retry,
    )


async def mark_matched(connection: Connection, registrant_id: UUID) -> None:
    """The payment knows of it now."""
    await connection.execute(
        "UPDATE hold_ends SET due_at = NULL WHERE registrant_id = $1", registrant_id
    )


async def take_due(connection: Connection, lease: timedelta) -> list[Record]:
    """Ends whose payment may have come meanwhile; each try waits twice as long, up to an hour."""
    return list(
        await connection.fetch(
            "UPDATE hold_ends SET tries = tries + 1, "
            "due_at = now() + least($1::interval * power(2, least(tries, 20)), interval '1 hour') "
            "WHERE registrant_id IN (SELECT registrant_id FROM hold_ends WHERE due_at <= now() "
            "ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) "
            "RETURNING registrant_id, reason",
            lease,
            ROWS_PER_ROUND,
        )
    )


def reason_of(row: Record) -> HoldEndReason:
    reason: HoldEndReason = row["reason"]
    return reason

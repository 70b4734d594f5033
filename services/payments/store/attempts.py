"""Attempts: added under all guards in one statement, let go, taken by workers, postponed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.payments.payment import Attempt
from services.payments.store.payments import columns_of
from shared.postgres import Connection

ROWS_PER_ROUND = 50
NETWORK_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DueAttempt:
    """An attempt that a worker has taken for a while."""

    payment_id: UUID
    attempt: Attempt
    taken_at: datetime


async def add_attempt(
    connection: Connection,
    payment_id: UUID,
    attempt: Attempt,
    *,
    network: str | None = None,
    network_limit: int = 0,
) -> bool:
    """Store an attempt if the payment may have one now; the caller looks again if not.

    All guards are in this statement and in the table's keys, so that two tabs, two replicas and a
    hold that ends at this moment cannot get past each other.
    """
    return bool(
        await connection.fetchval(
            "INSERT INTO attempts (payment_id, number, kind, status, stripe_account_id, "
            "acting_for, is_live, idempotency_key, params, called_at, look_up_at, expires_at, "
            "network, due_at) "
            "SELECT p.payment_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 "
            "FROM payments p WHERE p.payment_id = $1 AND p.paid_at IS NULL AND NOT p.is_odd "
            "AND p.hold_end IS NULL AND p.pay_by > now() "
            "AND NOT EXISTS (SELECT FROM hold_ends h WHERE h.registrant_id = p.registrant_id) "
            "AND ($15 = 0 OR $13::text IS NULL OR (SELECT count(*) FROM attempts a "
            "WHERE a.network = $13 AND a.queued_at > now() - $16::interval) < $15) "
            # Who ends the hold locks this row too, and then sees the attempt or stops it.
            "FOR UPDATE OF p ON CONFLICT DO NOTHING RETURNING true",
            payment_id,
            attempt.number,
            attempt.kind,
            attempt.status,
            attempt.stripe_account_id,
            attempt.acting_for,
            attempt.is_live,
            attempt.idempotency_key,
            attempt.params,
            attempt.called_at,
            attempt.look_up_at,
            attempt.expires_at,
            network,
            attempt.due_at,
            network_limit,
            NETWORK_WINDOW,
        )
    )


async def take_due(
    connection: Connection, lease: timedelta, *, paused: list[str], limit: int = ROWS_PER_ROUND
) -> list[DueAttempt]:
    """Attempts whose time has come, taken for the length of the lease; oldest first.

    Queued ones of accounts in `paused` are left alone: their turn has not come.
    """
    rows = await connection.fetch(
        "UPDATE attempts SET due_at = now() + $1::interval WHERE (payment_id, number) IN ("
        "SELECT payment_id, number FROM attempts WHERE due_at <= now() "
        "AND NOT (status = 'queued' AND coalesce(acting_for, '') = ANY($2)) "
        "ORDER BY due_at, queued_at LIMIT $3 FOR UPDATE SKIP LOCKED) "
        f"RETURNING payment_id AS owner, now(), {columns_of(Attempt)}",
        lease,
        paused,
        limit,
    )
    return [DueAttempt(owner, Attempt(*values), now) for owner, now, *values in rows]


async def postpone(
    connection: Connection, payment_id: UUID, number: int, delay: timedelta, *, is_try: bool
) -> None:
    """Have the attempt taken up again after the delay."""
    await connection.execute(
        "UPDATE attempts SET due_at = now() + $3::interval, tries = tries + $4 "
        "WHERE payment_id = $1 AND number = $2 AND due_at IS NOT NULL",
        payment_id,
        number,
        delay,
        int(is_try),
    )


async def close_attempts_of(connection: Connection, organization_id: UUID) -> int:
    """Have every open attempt of an organization ended; how many are not settled yet."""
    await connection.execute(
        "UPDATE attempts SET is_closing = true, due_at = now() FROM payments p "
        "WHERE p.payment_id = attempts.payment_id AND p.organization_id = $1 "
        "AND attempts.status <> 'settled' AND NOT attempts.is_closing",
        organization_id,
    )
    return await count_unsettled(connection, organization_id)


async def count_unsettled(connection: Connection, organization_id: UUID) -> int:
    """Attempts of an organization that may still take money."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM attempts a JOIN payments p USING (payment_id) "
            "WHERE p.organization_id = $1 AND (a.status <> 'settled' OR a.is_closing)",
            organization_id,
        )
    )

"""Refund rows that wait: for their payment, for a call, for Stripe's answer."""

from datetime import datetime, timedelta
from uuid import UUID

from services.payments.payment import Refund
from services.payments.store.payments import columns_of
from shared.postgres import Connection

ROWS_PER_ROUND = 20


async def add_request(connection: Connection, refund: Refund) -> bool:
    """Store a request once; a worker decides it."""
    return bool(
        await connection.fetchval(
            "INSERT INTO refunds (refund_id, organization_id, registrant_id, webinar_id, "
            "requested_minor, origin, cause, reason, keep_seat, notify, message, "
            "status, due_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', now()) "
            "ON CONFLICT DO NOTHING RETURNING true",
            refund.refund_id,
            refund.organization_id,
            refund.registrant_id,
            refund.webinar_id,
            refund.requested_minor,
            refund.origin,
            refund.cause,
            refund.reason,
            refund.keep_seat,
            refund.notify,
            refund.message,
        )
    )


async def get_request(connection: Connection, refund_id: UUID) -> Refund:
    """A refund row, whatever became of it."""
    row = await connection.fetchrow(
        f"SELECT {columns_of(Refund)} FROM refunds WHERE refund_id = $1", refund_id
    )
    assert row is not None
    return Refund(*row)


async def take_due(connection: Connection, lease: timedelta) -> list[tuple[Refund, datetime]]:
    """Refunds whose time has come, taken for the length of the lease, and the time."""
    rows = await connection.fetch(
        "UPDATE refunds SET due_at = now() + $1::interval WHERE refund_id IN ("
        "SELECT refund_id FROM refunds WHERE due_at <= now() "
        "ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) "
        f"RETURNING now(), {columns_of(Refund)}",
        lease,
        ROWS_PER_ROUND,
    )
    return [(Refund(*values), now) for now, *values in rows]


async def postpone(connection: Connection, refund_id: UUID, delay: timedelta) -> None:
    """Have the refund taken up again after the delay."""
    await connection.execute(
        "UPDATE refunds SET due_at = now() + $2::interval, tries = tries + 1 "
        "WHERE refund_id = $1 AND due_at IS NOT NULL",
        refund_id,
        delay,
    )


async def add_key(
    connection: Connection,
    *,
    registrant_id: UUID,
    idempotency_key: str,
    body_hash: bytes,
    refund_id: UUID,
) -> tuple[UUID, bytes]:
    """Remember a request by its key: the refund and the body's hash of whoever came first."""
    row = await connection.fetchrow(
        "INSERT INTO refund_keys (registrant_id, idempotency_key, body_hash, refund_id) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (registrant_id, idempotency_key) "
        # Nothing is changed, but the row is returned, and a request under way is waited for.
        "DO UPDATE SET idempotency_key = excluded.idempotency_key "
        "RETURNING refund_id, body_hash",
        registrant_id,
        idempotency_key,
        body_hash,
        refund_id,
    )
    assert row is not None
    return row["refund_id"], row["body_hash"]

"""The inbox of Stripe's events: stored once, merged in the transaction that marks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.postgres import Connection

ROWS_PER_ROUND = 64


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it came."""

    id: str
    account: str | None
    type: str
    body: bytes
    tries: int = 0


async def add_events(
    connection: Connection, events: Sequence[StoredEvent], *, source: str
) -> set[str]:
    """Store events that are not stored yet; the ids of those that were new."""
    rows = await connection.fetch(
        "INSERT INTO stripe_events (stripe_event_id, account, type, body, source) "
        "SELECT id, account, type, body, $5 FROM unnest($1::text[], $2::text[], $3::text[], "
        "$4::bytea[]) AS given (id, account, type, body) ON CONFLICT DO NOTHING "
        "RETURNING stripe_event_id",
        [one.id for one in events],
        [one.account for one in events],
        [one.type for one in events],
        [one.body for one in events],
        source,
    )
    return {row[0] for row in rows}


async def lock_waiting(connection: Connection, limit: int = ROWS_PER_ROUND) -> list[StoredEvent]:
    """Events to merge, oldest first, locked until the transaction that merges them ends."""
    rows = await connection.fetch(
        "SELECT stripe_event_id, account, type, body, tries FROM stripe_events "
        "WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
    )
    return [StoredEvent(*row) for row in rows]


async def mark_processed(connection: Connection, event_ids: Sequence[str]) -> None:
    await connection.execute(
        "UPDATE stripe_events SET processed_at = now(), due_at = NULL, failure = NULL "
        "WHERE stripe_event_id = ANY($1)",
        event_ids,
    )


async def postpone(connection: Connection, event_id: str, delay: timedelta, failure: str) -> None:
    """An event that could not be merged is tried again later; it is never dropped."""
    await connection.execute(
        "UPDATE stripe_events SET due_at = now() + $2::interval, tries = tries + 1, failure = $3 "
        "WHERE stripe_event_id = $1 AND processed_at IS NULL",
        event_id,
        delay,
        failure[:400],
    )

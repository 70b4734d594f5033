"""Objects that have to be read from Stripe."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.payments.change import LookupKind
from shared.postgres import Connection

ROWS_PER_ROUND = 100


@dataclass(frozen=True, slots=True)
class DueLookup:
    """One object to read, taken for a while."""

    kind: LookupKind
    stripe_object_id: str
    acting_for: str | None
    is_live: bool
    payment_id: UUID | None
    reason: str
    tries: int


async def take_due(connection: Connection, lease: timedelta) -> list[DueLookup]:
    """Look-ups whose time has come, taken for the length of the lease."""
    rows = await connection.fetch(
        "UPDATE lookups SET due_at = now() + $1::interval WHERE (kind, stripe_object_id) IN ("
        "SELECT kind, stripe_object_id FROM lookups WHERE due_at <= now() "
        "ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "RETURNING kind, stripe_object_id, acting_for, is_live, payment_id, reason, tries",
        lease,
        ROWS_PER_ROUND,
    )
    return [DueLookup(*row) for row in rows]


async def add_intent(
    connection: Connection, intent_id: str, acting_for: str | None, is_live: bool, reason: str
) -> None:
    """Have an intent read whose payment is not known."""
    await connection.execute(
        "INSERT INTO lookups (kind, stripe_object_id, acting_for, is_live, reason) "
        "VALUES ('intent', $1, $2, $3, $4) ON CONFLICT (kind, stripe_object_id) DO NOTHING",
        intent_id,
        acting_for,
        is_live,
        reason,
    )


async def remove(connection: Connection, done: list[DueLookup]) -> None:
    """They were read and merged, in the same transaction."""
    await connection.execute(
        "DELETE FROM lookups USING unnest($1::text[], $2::text[]) AS done (kind, id) "
        "WHERE lookups.kind = done.kind AND lookups.stripe_object_id = done.id",
        [one.kind for one in done],
        [one.stripe_object_id for one in done],
    )


async def postpone(connection: Connection, lookup: DueLookup, delay: timedelta) -> None:
    await connection.execute(
        "UPDATE lookups SET due_at = now() + $3::interval, tries = tries + 1 "
        "WHERE kind = $1 AND stripe_object_id = $2",
        lookup.kind,
        lookup.stripe_object_id,
        delay,
    )

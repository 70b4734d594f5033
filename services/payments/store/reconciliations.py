"""Which accounts are to be reconciled, and how far their events were listed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.postgres import Connection

ACTIVE_DAYS = 35
ROWS_PER_ROUND = 5


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account whose events are to be listed, taken for a while."""

    acting_for: str | None
    listed_until: datetime | None
    swept_at: datetime | None
    now: datetime
    first_call_at: datetime | None
    is_busy: bool


async def add_accounts(connection: Connection) -> None:
    """Note each account that has taken money, or may, in the last weeks."""
    await connection.execute(
        "INSERT INTO reconciliations (account) "
        "SELECT DISTINCT coalesce(acting_for, '') FROM attempts "
        "WHERE queued_at > now() - make_interval(days => $1) ON CONFLICT DO NOTHING",
        ACTIVE_DAYS,
    )


async def take_due(connection: Connection, lease: timedelta) -> list[DueAccount]:
    """Accounts whose turn it is, taken for the length of the lease.

    An account is busy while something may happen at any moment: an open attempt, or a refund.
    """
    rows = await connection.fetch(
        "UPDATE reconciliations r SET due_at = now() + $1::interval WHERE account IN ("
        "SELECT account FROM reconciliations WHERE due_at <= now() ORDER BY due_at LIMIT $2 "
        "FOR UPDATE SKIP LOCKED) "
        "RETURNING nullif(account, ''), listed_until, swept_at, now(), "
        "(SELECT min(called_at) FROM attempts WHERE coalesce(acting_for, '') = r.account), "
        "EXISTS (SELECT FROM attempts WHERE status <> 'settled' "
        "AND coalesce(acting_for, '') = r.account) "
        "OR EXISTS (SELECT FROM refunds JOIN charges USING (stripe_payment_intent_id) "
        "WHERE status IN ('calling', 'pending') AND coalesce(acting_for, '') = r.account)",
        lease,
        ROWS_PER_ROUND,
    )
    return [DueAccount(*row) for row in rows]


async def save_progress(
    connection: Connection,
    acting_for: str | None,
    *,
    listed_until: datetime | None,
    is_sweep: bool,
    next_in: timedelta,
    failure: str | None = None,
) -> None:
    """How far an account was listed, and when it is looked at next."""
    await connection.execute(
        "UPDATE reconciliations SET listed_until = greatest(listed_until, $2), "
        "swept_at = CASE WHEN $3 THEN now() ELSE swept_at END, due_at = now() + $4::interval, "
        "failure = $5, tries = CASE WHEN $5::text IS NULL THEN 0 ELSE tries + 1 END "
        "WHERE account = coalesce($1, '')",
        acting_for,
        listed_until,
        is_sweep,
        next_in,
        failure,
    )

"""Which accounts are to be reconciled, and how far their events were listed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.postgres import Connection

ACTIVE_FOR = timedelta(days=35)
BOOKS_WITHIN = timedelta(minutes=10)
ROWS_PER_ROUND = 5

TEST_ACCOUNT = "test"
"""Names the test key's own account, whose events are apart from those of the live one."""

_IS_BUSY = (
    "(EXISTS (SELECT FROM attempts WHERE status <> 'settled' "
    "AND coalesce(acting_for, '') = account AND (is_live OR NOT $6)) "
    "OR EXISTS (SELECT FROM refunds JOIN charges USING (stripe_payment_intent_id) "
    "WHERE status IN ('calling', 'pending') AND due_at IS NOT NULL "
    "AND coalesce(acting_for, '') = account AND (is_live OR NOT $6)))"
)


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account whose events are to be listed, taken for a while."""

    name: str
    is_live: bool
    acting_for: str | None
    listed_until: datetime | None
    swept_at: datetime | None
    now: datetime
    first_attempt_at: datetime | None


async def add_accounts(connection: Connection) -> None:
    """Note each account that is connected."""
    await connection.execute(
        "INSERT INTO reconciliations (account) "
        "SELECT CASE mode WHEN 'direct_key' THEN '' ELSE stripe_account_id END "
        "FROM stripe_accounts WHERE status <> 'disconnected' ON CONFLICT DO NOTHING"
    )


async def take_due(
    connection: Connection,
    lease: timedelta,
    *,
    busy: timedelta,
    idle: timedelta,
    is_live: bool,
    are_modes_apart: bool = False,
) -> list[DueAccount]:
    """Accounts whose turn it is, taken for the length of the lease.

    An account is busy while something may happen at any moment, an open attempt or a refund, and
    is left alone when it has not been paid into for weeks. With `are_modes_apart` what is in test
    mode does not count: it is another account's.
    """
    rows = await connection.fetch(
        "UPDATE reconciliations r SET due_at = now() + $1::interval WHERE account IN ("
        "SELECT account FROM reconciliations WHERE due_at <= now() AND ("
        "(listed_at IS NULL OR listed_at + $2::interval <= now()) AND " + _IS_BUSY + " OR "
        "(listed_at IS NULL OR listed_at + $3::interval <= now()) AND EXISTS (SELECT FROM attempts "
        "WHERE coalesce(acting_for, '') = account AND queued_at > now() - $4::interval "
        "AND (is_live OR NOT $6))) "
        "ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED) "
        "RETURNING account, $7::boolean, nullif(account, ''), listed_until, swept_at, now(), "
        "(SELECT min(queued_at) FROM attempts WHERE coalesce(acting_for, '') = r.account)",
        lease,
        busy,
        idle,
        ACTIVE_FOR,
        ROWS_PER_ROUND,
        are_modes_apart,
        is_live,
    )
    return [DueAccount(*row) for row in rows]


async def take_rehearsals(
    connection: Connection, lease: timedelta, *, every: timedelta
) -> list[DueAccount]:
    """The test key's own account, if it is its turn, taken for the length of the lease.

    Only while a rehearsal is under way: opened, on its way back, or with books that are missing.
    """
    await connection.execute(
        "INSERT INTO reconciliations (account) VALUES ($1) ON CONFLICT DO NOTHING", TEST_ACCOUNT
    )
    rows = await connection.fetch(
        "UPDATE reconciliations SET due_at = now() + $2::interval "
        "WHERE account = $1 AND due_at <= now() "
        "AND (listed_at IS NULL OR listed_at + $3::interval <= now()) AND ("
        "EXISTS (SELECT FROM attempts WHERE NOT is_live AND acting_for IS NULL "
        "AND status <> 'settled') "
        "OR EXISTS (SELECT FROM refunds JOIN charges USING (stripe_payment_intent_id) "
        "WHERE status IN ('calling', 'pending') AND due_at IS NOT NULL "
        "AND NOT is_live AND acting_for IS NULL) "
        "OR EXISTS (SELECT FROM charges c WHERE NOT c.is_live AND c.acting_for IS NULL "
        "AND c.taken_at > now() - $4::interval "
        "AND NOT EXISTS (SELECT FROM ledger l WHERE l.payment_id = c.payment_id))) "
        "RETURNING account, false, NULL::text, listed_until, swept_at, now(), "
        "(SELECT min(queued_at) FROM attempts WHERE NOT is_live AND acting_for IS NULL)",
        TEST_ACCOUNT,
        lease,
        every,
        BOOKS_WITHIN,
    )
    return [DueAccount(*row) for row in rows]


async def save_progress(
    connection: Connection,
    name: str,
    *,
    listed_until: datetime | None,
    is_sweep: bool,
) -> None:
    """An account was listed to the end, as far as that moment of Stripe's."""
    await connection.execute(
        "UPDATE reconciliations SET listed_until = greatest(listed_until, $2), "
        "swept_at = CASE WHEN $3 THEN now() ELSE swept_at END, listed_at = now(), "
        "due_at = now(), tries = 0, failure = NULL WHERE account = $1",
        name,
        listed_until,
        is_sweep,
    )


async def save_failure(connection: Connection, name: str, failure: str) -> None:
    """An account could not be listed; each try waits twice as long, up to ten minutes."""
    await connection.execute(
        "UPDATE reconciliations SET failure = $2, tries = tries + 1, due_at = now() + "
        "least(interval '1 second' * power(2, least(tries, 12)), interval '10 minutes') "
        "WHERE account = $1",
        name,
        failure[:400],
    )

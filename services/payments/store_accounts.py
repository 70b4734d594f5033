"""All SQL about Stripe accounts and about the way to connect one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.payments.accounts import Account, AccountTaken
from shared import outbox
from shared.events import Event
from shared.postgres import Connection, Record

_COLUMNS = (
    "organization_id, stripe_account_id, mode, is_live, status, version, display_name, country, "
    "default_currency, is_ready, is_submitted, may_charge, may_pay_out, missing, "
    "statement_descriptor, has_test_key"
)


async def find_account(connection: Connection, organization_id: UUID) -> Account | None:
    """The organization's account, whatever its status."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM stripe_accounts WHERE organization_id = $1", organization_id
    )
    return _account(row) if row is not None else None


async def lock_account(connection: Connection, organization_id: UUID) -> Account | None:
    """The organization's account, nobody else changing it until the transaction ends."""
    # Not the row's lock: the first connection has no row yet.
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('stripe_account.' || $1, 0))",
        str(organization_id),
    )
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM stripe_accounts WHERE organization_id = $1",
        organization_id,
    )
    return _account(row) if row is not None else None


async def find_organization(connection: Connection, stripe_account_id: str) -> UUID | None:
    """The organization that an account is connected to."""
    organization_id: UUID | None = await connection.fetchval(
        "SELECT organization_id FROM stripe_accounts "
        "WHERE stripe_account_id = $1 AND status <> 'disconnected'",
        stripe_account_id,
    )
    return organization_id


async def list_accounts(connection: Connection) -> list[Account]:
    """Every account that is not disconnected."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM stripe_accounts WHERE status <> 'disconnected' "
        "ORDER BY organization_id"
    )
    return [_account(row) for row in rows]


async def save_account(
    connection: Connection,
    account: Account,
    events: list[Event],
    *,
    change: str,
    person: str | None = None,
) -> None:
    """Store an account's new version, its line in the log and its events; raises AccountTaken."""
    try:
        # A savepoint: the refusal must not spoil the caller's transaction.
        async with connection.transaction():
            await _put(connection, account, person)
    except asyncpg.UniqueViolationError as taken:
        raise AccountTaken from taken
    await connection.execute(
        "INSERT INTO stripe_account_changes "
        "(organization_id, stripe_account_id, version, change, person) "
        "VALUES ($1, $2, $3, $4, $5)",
        account.organization_id,
        account.stripe_account_id,
        account.version,
        change,
        person,
    )
    await outbox.enqueue(connection, *events)


async def _put(connection: Connection, account: Account, person: str | None) -> None:
    await connection.execute(
        f"INSERT INTO stripe_accounts ({_COLUMNS}, connected_by, checked_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
        "now()) "
        "ON CONFLICT (organization_id) DO UPDATE SET "
        "stripe_account_id = excluded.stripe_account_id, mode = excluded.mode, "
        "is_live = excluded.is_live, status = excluded.status, version = excluded.version, "
        "display_name = excluded.display_name, country = excluded.country, "
        "default_currency = excluded.default_currency, is_ready = excluded.is_ready, "
        "is_submitted = excluded.is_submitted, may_charge = excluded.may_charge, "
        "may_pay_out = excluded.may_pay_out, missing = excluded.missing, checked_at = now(), "
        "statement_descriptor = excluded.statement_descriptor, "
        "has_test_key = excluded.has_test_key, "
        "connected_by = coalesce(excluded.connected_by, stripe_accounts.connected_by), "
        # A connection begins when something other than a connected row becomes one.
        "connected_at = CASE WHEN excluded.status = 'connected' "
        "AND stripe_accounts.status <> 'connected' THEN now() "
        "ELSE stripe_accounts.connected_at END, "
        "disconnected_at = CASE WHEN excluded.status = 'disconnected' THEN now() END",
        account.organization_id,
        account.stripe_account_id,
        account.mode,
        account.is_live,
        account.status,
        account.version,
        account.display_name,
        account.country,
        account.default_currency,
        account.is_ready,
        account.is_submitted,
        account.may_charge,
        account.may_pay_out,
        list(account.missing),
        account.statement_descriptor,
        account.has_test_key,
        person,
    )


async def queue_check(connection: Connection, stripe_account_id: str) -> None:
    """Have an account read again at Stripe soon; unknown ones are passed over."""
    await connection.execute(
        "UPDATE stripe_accounts SET check_due_at = now() "
        "WHERE stripe_account_id = $1 AND status <> 'disconnected'",
        stripe_account_id,
    )


async def queue_test_key_checks(connection: Connection, has_test_key: bool) -> None:
    """The same for every account of which something else was told about the test key."""
    await connection.execute(
        "UPDATE stripe_accounts SET check_due_at = now() "
        "WHERE status = 'connected' AND has_test_key <> $1",
        has_test_key,
    )


async def take_due_checks(
    connection: Connection, limit: int, lease: timedelta
) -> list[tuple[Account, datetime]]:
    """Accounts that are due to be read, each with the end of the lease under which it is taken."""
    rows = await connection.fetch(
        "UPDATE stripe_accounts SET check_due_at = now() + $2::interval "
        "WHERE organization_id IN ("
        "SELECT organization_id FROM stripe_accounts "
        "WHERE check_due_at <= now() AND status <> 'disconnected' "
        "ORDER BY check_due_at LIMIT $1 FOR UPDATE SKIP LOCKED) "
        f"RETURNING {_COLUMNS}, check_due_at",
        limit,
        lease,
    )
    return [(_account(row), row["check_due_at"]) for row in rows]


async def schedule_check(
    connection: Connection, organization_id: UUID, taken_until: datetime, delay: timedelta
) -> None:
    """Have the account read again after the delay, or at once if someone asked meanwhile."""
    await connection.execute(
        "UPDATE stripe_accounts SET checked_at = now(), check_due_at = now() + $3::interval "
        "WHERE organization_id = $1 AND check_due_at = $2",
        organization_id,
        taken_until,
        delay,
    )


def _account(row: Record) -> Account:
    return Account(
        organization_id=row["organization_id"],
        stripe_account_id=row["stripe_account_id"],
        mode=row["mode"],
        is_live=row["is_live"],
        status=row["status"],
        version=row["version"],
        display_name=row["display_name"],
        country=row["country"],
        default_currency=row["default_currency"],
        is_ready=row["is_ready"],
        is_submitted=row["is_submitted"],
        may_charge=row["may_charge"],
        may_pay_out=row["may_pay_out"],
        missing=tuple(row["missing"]),
        statement_descriptor=row["statement_descriptor"],
        has_test_key=row["has_test_key"],
    )


@dataclass(frozen=True)
class ConnectState:
    """One way to Stripe and back, as the browser's return finds it."""

    cookie_hash: bytes
    organization_id: UUID
    person: str
    is_expired: bool
    is_used: bool
    outcome: str | None
    detail: str | None
    return_url: str | None
    locale: str | None
    stripe_account_id: str | None


async def claim_ticket(connection: Connection, ticket_id: str, expires_unix: int) -> bool:
    """True the first time, before the ticket's end by the database's clock."""
    claimed = await connection.fetchval(
        "INSERT INTO connect_tickets (ticket_id) SELECT $1 WHERE to_timestamp($2) > now() "
        "ON CONFLICT DO NOTHING RETURNING true",
        ticket_id,
        expires_unix,
    )
    return bool(claimed)


async def add_state(
    connection: Connection,
    *,
    state_hash: bytes,
    cookie_hash: bytes,
    organization_id: UUID,
    person: str,
    lifetime: timedelta,
    return_url: str | None = None,
    locale: str | None = None,
    stripe_account_id: str | None = None,
) -> None:
    """Remember a way to Stripe that a browser was sent on; by onboarding it names the account."""
    await connection.execute(
        "INSERT INTO connect_states (state_hash, cookie_hash, organization_id, person, "
        "return_url, locale, stripe_account_id, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8::interval)",
        state_hash,
        cookie_hash,
        organization_id,
        person,
        return_url,
        locale,
        stripe_account_id,
        lifetime,
    )


async def find_state(connection: Connection, state_hash: bytes) -> ConnectState | None:
    """The way to Stripe that a state stands for, used or not."""
    row = await connection.fetchrow(
        "SELECT cookie_hash, organization_id, person, expires_at <= now() AS is_expired, "
        "used_at IS NOT NULL AS is_used, outcome, detail, return_url, locale, stripe_account_id "
        "FROM connect_states WHERE state_hash = $1",
        state_hash,
    )
    return ConnectState(**row) if row is not None else None


async def claim_state(connection: Connection, state_hash: bytes) -> bool:
    """True for the first return that comes in time; Stripe's code is exchanged only then."""
    claimed = await connection.fetchval(
        "UPDATE connect_states SET used_at = now() "
        "WHERE state_hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING true",
        state_hash,
    )
    return bool(claimed)


async def save_outcome(
    connection: Connection, state_hash: bytes, outcome: str, detail: str | None
) -> None:
    """What became of it, for a browser that returns again."""
    await connection.execute(
        "UPDATE connect_states SET outcome = $2, detail = $3 WHERE state_hash = $1",
        state_hash,
        outcome,
        detail,
    )

"""Accounts beside the service: the key's own is connected, all are read again, leavers let go."""

import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from services.payments import store_accounts
from services.payments.accounts import (
    Account,
    AccountFacts,
    AccountTaken,
    connect,
    end_connection,
    observe,
    read_account,
    start_disconnecting,
)
from services.payments.stripe_gateway import (
    StripeAccountRefused,
    StripeFailure,
    StripeGateway,
    StripeRefused,
)
from services.payments.stripe_gateway import accounts as stripe_accounts
from shared import retention
from shared.postgres import Connection, Database

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1
CHECKS_PER_ROUND = 10
LEASE = timedelta(minutes=2)
# Stripe counts reads against the payments made; an idle account costs 120 a month.
READY_INTERVAL = timedelta(hours=6)
# Whoever is filling in Stripe's forms wants to sell soon.
UNREADY_INTERVAL = timedelta(minutes=5)
FAILURE_INTERVAL = timedelta(seconds=30)
KEY_RETRY_SECONDS = 30
STATES_KEPT = timedelta(days=2)
PRUNE_SECONDS = 600

HasOpenAttempts = Callable[[Connection, UUID], Awaitable[bool]]
"""Whether an organization's money could still arrive: its account is not let go before.

Called again and again in a transaction of its own, so it may also see to it that they end.
"""

KEY_REMEDY = (
    "Stripe does not let this restricted key read its own account. Give it read permission for "
    "the account where Stripe's dashboard offers that, or set PAYMENTS_STRIPE_SECRET_KEY to a "
    "secret key (sk_...)."
)


class AccountChecks:
    """The rounds of one worker; run one in each replica."""

    def __init__(
        self,
        database: Database,
        gateway: StripeGateway,
        *,
        own_organization_id: UUID | None,
        has_open_attempts: HasOpenAttempts,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._own_organization_id = own_organization_id
        self._has_open_attempts = has_open_attempts
        self._is_own_known = self._is_test_key_told = False
        self._own_due = self._prune_due = 0.0

    async def round(self) -> int:
        """One round, for `shared.workers.run_worker`; how many accounts were read."""
        if not self._is_own_known and time.monotonic() >= self._own_due:
            await self._adopt()
        if time.monotonic() >= self._prune_due:
            self._prune_due = time.monotonic() + PRUNE_SECONDS
            await prune_connections(self._database)
        if not self._is_test_key_told:
            async with self._database.transaction() as connection:
                await store_accounts.queue_test_key_checks(connection, self._gateway.has_test_key)
            self._is_test_key_told = True
        async with self._database.transaction() as connection:
            due = await store_accounts.take_due_checks(connection, CHECKS_PER_ROUND, LEASE)
        for account, taken_until in due:
            await self._check(account, taken_until)
        return len(due)

    async def _adopt(self) -> None:
        """Make the key's account that of its organization; Stripe is waited for."""
        try:
            await adopt_own_account(self._database, self._gateway, self._own_organization_id)
        except (StripeFailure, AccountTaken) as failure:
            self._own_due = time.monotonic() + KEY_RETRY_SECONDS
            is_forbidden = isinstance(failure, StripeAccountRefused) and not failure.is_key_refused
            log.error(
                "the account of PAYMENTS_STRIPE_SECRET_KEY is not known yet",
                failure=type(failure).__name__,
                says=str(failure)[:300],
                remedy=KEY_REMEDY if is_forbidden else "It is tried again every 30 seconds.",
            )
        else:
            self._is_own_known = True

    async def _check(self, account: Account, taken_until: datetime) -> None:
        """Bring our row to what Stripe says; without an answer it stays as it is."""
        try:
            if account.status == "disconnecting":
                delay = await self._let_go(account)
            else:
                await self._read_again(account)
                delay = READY_INTERVAL if account.is_ready else UNREADY_INTERVAL
        except StripeFailure as failure:
            log.warning(
                "no answer about a Stripe account",
                account=account.stripe_account_id,
                failure=type(failure).__name__,
                says=str(failure)[:300],
            )
            delay = FAILURE_INTERVAL
        async with self._database.transaction() as connection:
            await store_accounts.schedule_check(
                connection, account.organization_id, taken_until, delay
            )

    async def _read_again(self, account: Account) -> None:
        try:
            facts = await read_facts(self._gateway, account)
        except StripeAccountRefused as refused:
            # A bad key says nothing of the account, and neither does a right that is missing.
            if account.mode == "direct_key" or refused.code != "account_invalid":
                raise
            await self._end(account, "access revoked at Stripe")
            return
        async with self._database.transaction() as connection:
            current = await store_accounts.lock_account(connection, account.organization_id)
            if current is None or current.stripe_account_id != account.stripe_account_id:
                return
            seen, events = observe(
                current,
                facts,
                is_live=self._gateway.is_live,
                has_test_key=self._gateway.has_test_key,
            )
            if seen != current:
                await store_accounts.save_account(connection, seen, events, change="updated")

    async def _let_go(self, account: Account) -> timedelta:
        """Deauthorize once nothing is open, which may be repeated; when to look again."""
        async with self._database.transaction() as connection:
            if await self._has_open_attempts(connection, account.organization_id):
                return timedelta(seconds=IDLE_SECONDS)
        try:
            await stripe_accounts.deauthorize(self._gateway, account.stripe_account_id)
        except StripeRefused as refused:
            # "Not connected" is what we want; reading the account tells it from a wrong client id.
            log.warning("deauthorize refused", code=refused.code, says=str(refused)[:300])
            await self._read_again(account)
            return FAILURE_INTERVAL
        await self._end(account, "disconnected")
        return READY_INTERVAL

    async def _end(self, account: Account, change: str) -> None:
        async with self._database.transaction() as connection:
            current = await store_accounts.lock_account(connection, account.organization_id)
            if current is None or current.version != account.version:
                return  # It was connected again meanwhile: the next check sees how it stands.
            gone, events = end_connection(current)
            if gone != current:
                await store_accounts.save_account(connection, gone, events, change=change)


async def adopt_own_account(
    database: Database, gateway: StripeGateway, organization_id: UUID | None
) -> Account | None:
    """Connect the key's own account to the operator's organization; may be repeated and raced.

    The operator's word is final: an account of another key, or of an organization that is no
    longer named, is disconnected. Raises StripeFailure or AccountTaken, nothing changed.
    """
    facts = await read_own_facts(gateway) if organization_id else None
    async with database.transaction() as connection:
        for account in await store_accounts.list_accounts(connection):
            is_own = account.organization_id == organization_id
            is_replaced = facts is not None and account.stripe_account_id != facts.stripe_account_id
            if (is_own and is_replaced) or (not is_own and account.mode == "direct_key"):
                await _withdraw(connection, account.organization_id)
        if organization_id is None or facts is None:
            return None
        current = await store_accounts.lock_account(connection, organization_id)
        account, events = connect(
            current,
            organization_id,
            facts,
            "direct_key",
            gateway.is_live,
            has_test_key=gateway.has_test_key,
        )
        if account != current:
            await store_accounts.save_account(
                connection, account, events, change="connected by the operator's key"
            )
        return account


async def disconnect(
    connection: Connection, organization_id: UUID, stripe_account_id: str, person: str
) -> None:
    """Stop an organization's sales; its account is let go when nothing is open any more.

    May be repeated. An account that is not the organization's any more is left alone, and so is
    that of the operator's key, which the operator alone takes away.
    """
    account = await store_accounts.lock_account(connection, organization_id)
    if account is None or account.stripe_account_id != stripe_account_id:
        return
    if account.mode == "direct_key":
        log.warning(
            "the account of the operator's own key is not disconnected by a request",
            organization_id=str(organization_id),
        )
        return
    leaving, events = start_disconnecting(account)
    if leaving == account:
        return
    await store_accounts.save_account(
        connection, leaving, events, change="disconnecting", person=person
    )
    await store_accounts.queue_check(connection, leaving.stripe_account_id)


async def apply_account_event(connection: Connection, event: dict[str, Any]) -> None:
    """A webhook about an account: a hint to read it again, whatever it says and however late.

    The snapshot in it may be old, and a revocation may be older than a new connection.
    """
    account_id = event.get("account")
    if account_id is None and event.get("type") == "account.updated":
        # On the account endpoint of the operator's own key nothing but the object names it.
        account_id = ((event.get("data") or {}).get("object") or {}).get("id")
    if isinstance(account_id, str):
        await store_accounts.queue_check(connection, account_id)


async def read_facts(gateway: StripeGateway, account: Account) -> AccountFacts:
    """What Stripe says of a connected account now; raises a StripeFailure."""
    if account.mode == "direct_key":
        return await read_own_facts(gateway)
    return read_account(
        await stripe_accounts.read_connected_account(gateway, account.stripe_account_id)
    )


async def read_own_facts(gateway: StripeGateway) -> AccountFacts:
    """What Stripe says of the key's own account; raises a StripeFailure.

    Many restricted keys may not read it, but Stripe's refusal names the account. That the key may
    open checkouts is then proof enough, and Stripe has the last word at every payment.
    """
    try:
        return read_account(await stripe_accounts.read_own_account(gateway))
    except StripeAccountRefused as refused:
        named = re.search(r"'(acct_[A-Za-z0-9]{8,60})'", refused.message)
        if refused.is_key_refused or named is None:
            raise
    await stripe_accounts.prove_key(gateway)
    return AccountFacts(stripe_account_id=named[1], is_ready=True, may_pay_out=True)


async def prune_connections(database: Database) -> int:
    """Remove old tickets and ways to Stripe; how many went."""
    return await retention.prune(
        database, "connect_tickets", "used_at", STATES_KEPT
    ) + await retention.prune(database, "connect_states", "created_at", STATES_KEPT)


async def _withdraw(connection: Connection, organization_id: UUID) -> None:
    account = await store_accounts.lock_account(connection, organization_id)
    if account is None:
        return
    gone, events = end_connection(account)
    if gone != account:
        await store_accounts.save_account(
            connection, gone, events, change="replaced by the operator's settings"
        )

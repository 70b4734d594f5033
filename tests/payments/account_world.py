"""A payments database, a Stripe of its own and a gateway between them, for tests about accounts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from deploy.local.sandbox import running_sandbox
from services.payments import account_checks, store_accounts
from services.payments.account_checks import AccountChecks, HasOpenAttempts
from services.payments.accounts import Account, AccountFacts, connect
from services.payments.stripe_gateway import StripeGateway
from shared.events import EVENTS, Event
from shared.postgres import Connection, Database, open_pool
from tests.servers import fresh_database

KEY = "sk_test_sandbox"
CLIENT_ID = "ca_sandbox"
OWN = "acct_sandbox_platform"
ANNA = "acct_sandbox_anna"
NEW = "acct_sandbox_new"


async def nothing_open(_connection: Connection, _organization_id: UUID) -> bool:
    return False


async def disconnect(
    database: Database, organization_id: UUID, account_id: str = ANNA, *, person: str = "Inés"
) -> None:
    """What becomes of registration's request to disconnect."""
    async with database.transaction() as connection:
        await account_checks.disconnect(connection, organization_id, account_id, person)


@dataclass
class AccountWorld:
    """What a test has at hand."""

    database: Database
    gateway: StripeGateway
    stripe_url: str
    http: aiohttp.ClientSession

    def checks(
        self,
        organization_id: UUID | None = None,
        *,
        gateway: StripeGateway | None = None,
        has_open_attempts: HasOpenAttempts = nothing_open,
    ) -> AccountChecks:
        return AccountChecks(
            self.database,
            gateway or self.gateway,
            own_organization_id=organization_id,
            has_open_attempts=has_open_attempts,
        )

    async def control(self, order: str, **body: Any) -> Any:
        """An order to the sandbox."""
        async with self.http.post(f"{self.stripe_url}/_sandbox/{order}", json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def account_of(self, organization_id: UUID) -> Account | None:
        async with self.database.connection() as connection:
            return await store_accounts.find_account(connection, organization_id)

    async def connected(self, account_id: str = ANNA, *, name: str = "Anna Talks") -> UUID:
        """A new organization, connected to an account by OAuth, and ready."""
        organization_id = uuid4()
        await self.control(f"accounts/{account_id}/connect")
        facts = AccountFacts(
            account_id, name, country="DE", default_currency="EUR", is_ready=True, may_pay_out=True
        )
        account, events = connect(None, organization_id, facts, "oauth", False)
        async with self.database.transaction() as connection:
            await store_accounts.save_account(connection, account, events, change="connected")
        return organization_id

    async def check_now(self, checks: AccountChecks | None = None) -> None:
        """Read every account again, due or not."""
        async with self.database.transaction() as connection:
            await connection.execute("UPDATE stripe_accounts SET check_due_at = now()")
        await (checks or self.checks()).round()

    async def published(self) -> list[Event]:
        """Every event that was ever left in the outbox, in order."""
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT subject, payload FROM outbox ORDER BY id")
        return [EVENTS[row["subject"]].model_validate(json.loads(row["payload"])) for row in rows]


@asynccontextmanager
async def account_world(
    postgres_url: str, *, stripe_url: str = "", client_id: str | None = CLIENT_ID
) -> AsyncIterator[AccountWorld]:
    """Without a URL the Stripe is a sandbox in this process."""
    async with _stripe(stripe_url) as url, fresh_database(postgres_url, "payments") as urls:
        pool = await open_pool(urls["payments"], name="test", size_max=4)
        try:
            async with (
                StripeGateway(KEY, api_url=url, connect_url=url, client_id=client_id) as gateway,
                aiohttp.ClientSession() as http,
            ):
                yield AccountWorld(Database(pool), gateway, url, http)
        finally:
            await pool.close()


@asynccontextmanager
async def _stripe(url: str) -> AsyncIterator[str]:
    if url:
        yield url
    else:
        async with running_sandbox() as url:
            yield url

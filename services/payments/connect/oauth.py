"""Connecting an existing account by OAuth: what Stripe's answer means, and its one use."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.payments import store_accounts
from services.payments.accounts import (
    UNREAD,
    AccountFacts,
    AccountTaken,
    AnotherAccountConnected,
    connect,
    read_account,
)
from services.payments.connect import pages
from services.payments.connect.browsers import digest
from services.payments.connect.pages import ConnectPage
from services.payments.store_accounts import ConnectState
from services.payments.stripe_gateway import (
    StripeAccountRefused,
    StripeFailure,
    StripeGateway,
    StripeRefused,
)
from services.payments.stripe_gateway import accounts as stripe_accounts
from shared.postgres import Database

log = structlog.get_logger(__name__)

STATE_LIFETIME = timedelta(minutes=10)
CODE_LENGTH_MAX = 500
# A second return waits this long for what the first one learns from Stripe.
TWIN_SECONDS = 5
TWIN_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class OAuth:
    """The end of a way on which an account's owner was asked."""

    database: Database
    gateway: StripeGateway

    async def finish(self, state: str, way: ConnectState, code: str, error: str) -> ConnectPage:
        """What the return led to: the first one uses the code, the others see the same."""
        if way.is_used:
            return await self._outcome_of(state, way)
        async with self.database.transaction() as connection:
            is_first = await store_accounts.claim_state(connection, digest(state))
        if not is_first:
            return pages.USED_LINK if way.is_expired else await self._outcome_of(state, way)
        page = await self._take(way, code, error)
        async with self.database.transaction() as connection:
            await store_accounts.save_outcome(connection, digest(state), page.outcome, page.detail)
        return page

    async def _take(self, way: ConnectState, code: str, error: str) -> ConnectPage:
        """What Stripe's answer means: the first and only use of its code."""
        if error == "access_denied":
            return pages.DENIED
        if error or not code or len(code) > CODE_LENGTH_MAX or not code.isascii():
            return pages.stripe_refused(error)
        try:
            grant = await stripe_accounts.exchange_code(self.gateway, code)
        except StripeFailure as failure:
            return page_of(failure)
        if grant.is_live != self.gateway.is_live:
            return pages.other_mode(is_live_here=self.gateway.is_live)

        is_read = True
        try:
            facts = read_account(
                await stripe_accounts.read_connected_account(self.gateway, grant.stripe_account_id)
            )
        except StripeFailure as failure:
            log.warning("a new account cannot be read yet", failure=type(failure).__name__)
            is_read = False
            facts = AccountFacts(grant.stripe_account_id, missing=(UNREAD,))
        return await self._connect(way, facts, is_read=is_read)

    async def _connect(
        self, way: ConnectState, facts: AccountFacts, *, is_read: bool
    ) -> ConnectPage:
        try:
            async with self.database.transaction() as connection:
                current = await store_accounts.lock_account(connection, way.organization_id)
                account, events = connect(
                    current,
                    way.organization_id,
                    facts,
                    "oauth",
                    self.gateway.is_live,
                    has_test_key=self.gateway.has_test_key,
                )
                if account != current:
                    await store_accounts.save_account(
                        connection, account, events, change="connected", person=way.person
                    )
                if not is_read:
                    await store_accounts.queue_check(connection, account.stripe_account_id)
        except AccountTaken:
            return pages.taken(facts.stripe_account_id)
        except AnotherAccountConnected as refusal:
            return pages.another(facts.stripe_account_id, refusal.current.last_four)
        return pages.connected(account)

    async def _outcome_of(self, state: str, way: ConnectState) -> ConnectPage:
        """What the first return led to; one that is still under way is waited for."""
        deadline = asyncio.get_running_loop().time() + TWIN_SECONDS
        outcome, detail = way.outcome, way.detail
        while outcome is None and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(TWIN_POLL_SECONDS)
            async with self.database.connection() as connection:
                now = await store_accounts.find_state(connection, digest(state))
            if now is not None:
                outcome, detail = now.outcome, now.detail
        if outcome != pages.CONNECTED:
            return pages.repeated(outcome, detail)
        async with self.database.connection() as connection:
            account = await store_accounts.find_account(connection, way.organization_id)
        if account is None or account.stripe_account_id != detail:
            return pages.UNANSWERED
        return pages.connected(account)


def page_of(failure: StripeFailure) -> ConnectPage:
    """What someone is told to whom Stripe gave no account."""
    if isinstance(failure, StripeAccountRefused):
        log.error("Stripe refuses our key for Connect", code=failure.code, says=failure.message)
        return pages.KEY_REFUSED
    if isinstance(failure, StripeRefused):
        log.warning("Stripe refuses to connect", code=failure.code, says=failure.message)
        return pages.stripe_refused(failure.code or "")
    return pages.UNANSWERED

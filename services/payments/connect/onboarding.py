"""Stripe's hosted onboarding: it makes an account for an organization, whose owner fills it in.

One account for each organization: who comes a second time goes on with the first one.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import structlog

from services.payments import store_accounts
from services.payments.accounts import (
    Account,
    AccountTaken,
    AnotherAccountConnected,
    connect,
    observe,
    read_account,
)
from services.payments.connect import pages
from services.payments.connect.browsers import Browsers, Departure
from services.payments.connect.oauth import page_of
from services.payments.connect.pages import ConnectPage
from services.payments.connect.tickets import Ticket
from services.payments.store_accounts import ConnectState
from services.payments.stripe_gateway import StripeFailure, StripeGateway
from services.payments.stripe_gateway import accounts as stripe_accounts
from shared.postgres import Database

log = structlog.get_logger(__name__)

# Whoever has to look for a document goes on after lunch, in the same browser.
STATE_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class Onboarding:
    """Makes accounts, and the links to the pages on which they are filled in."""

    database: Database
    gateway: StripeGateway
    browsers: Browsers
    public_url: str

    async def begin(self, ticket: Ticket) -> tuple[str, Departure] | ConnectPage:
        """The address at Stripe for a ticket that was claimed, and the browser's departure."""
        async with self.database.connection() as connection:
            current = await store_accounts.find_account(connection, ticket.organization_id)
        if current is not None and current.status == "connected" and not _may_go_on(current):
            return pages.already(current)
        try:
            account = current
            if account is None or account.status != "connected":
                account = await self._make(ticket, current)
        except StripeFailure as failure:
            return page_of(failure)
        except AccountTaken:
            return pages.stripe_refused("account_taken")
        except AnotherAccountConnected as refusal:
            return pages.already(refusal.current)  # It was connected in another window meanwhile.
        async with self.database.transaction() as connection:
            departure = await self.browsers.leave(
                connection, ticket, STATE_LIFETIME, stripe_account_id=account.stripe_account_id
            )
        url = await self.link(account.stripe_account_id, departure.state)
        return url if isinstance(url, ConnectPage) else (url, departure)

    async def link(self, stripe_account_id: str, state: str) -> str | ConnectPage:
        """A fresh address at Stripe: each is good once, and for minutes."""
        back = urlencode({"state": state})
        try:
            return await stripe_accounts.onboarding_url(
                self.gateway,
                stripe_account_id,
                return_url=f"{self.public_url}/connect/return?{back}",
                refresh_url=f"{self.public_url}/connect/refresh?{back}",
            )
        except StripeFailure as failure:
            return page_of(failure)

    async def finish(self, way: ConnectState) -> ConnectPage:
        """Whoever comes back proves nothing: Stripe is asked how the account stands."""
        async with self.database.connection() as connection:
            account = await store_accounts.find_account(connection, way.organization_id)
        if account is None or account.stripe_account_id != way.stripe_account_id:
            return pages.USED_LINK
        if account.status == "connected":
            account = await self._look(account)
        if account.status != "connected":
            return pages.STILL_LEAVING
        return pages.unfinished(account) if account.is_begun else pages.connected(account)

    async def _make(self, ticket: Ticket, current: Account | None) -> Account:
        """Have the account made and store it; two windows, or a second try, get the same one."""
        version = 0 if current is None else current.version
        facts = read_account(
            await stripe_accounts.create_account(
                self.gateway, idempotency_key=f"account:{ticket.organization_id}:{version}"
            )
        )
        async with self.database.transaction() as connection:
            current = await store_accounts.lock_account(connection, ticket.organization_id)
            account, events = connect(
                current,
                ticket.organization_id,
                facts,
                "onboarding",
                self.gateway.is_live,
                has_test_key=self.gateway.has_test_key,
            )
            if account != current:
                await store_accounts.save_account(
                    connection,
                    account,
                    events,
                    change="begun at Stripe",
                    person=ticket.person,
                )
        return account

    async def _look(self, account: Account) -> Account:
        """The account as Stripe shows it now; without an answer as it was, to be read soon."""
        try:
            facts = read_account(
                await stripe_accounts.read_connected_account(
                    self.gateway, account.stripe_account_id
                )
            )
        except StripeFailure as failure:
            log.warning("an account cannot be read on return", failure=type(failure).__name__)
            async with self.database.transaction() as connection:
                await store_accounts.queue_check(connection, account.stripe_account_id)
            return account
        async with self.database.transaction() as connection:
            current = await store_accounts.lock_account(connection, account.organization_id)
            if current is None or current.stripe_account_id != account.stripe_account_id:
                return account
            seen, events = observe(
                current,
                facts,
                is_live=self.gateway.is_live,
                has_test_key=self.gateway.has_test_key,
            )
            if seen != current:
                await store_accounts.save_account(connection, seen, events, change="updated")
        return seen


def _may_go_on(account: Account) -> bool:
    """Whether Stripe's form still has something to ask of an account that it made for us."""
    return account.mode == "onboarding" and not account.is_ready

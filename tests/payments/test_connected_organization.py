"""An organization that connects its account to a running service, sells, and leaves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import aiohttp

from services.payments import store_accounts
from services.payments.accounts import Account
from shared.events import (
    PaymentSucceeded,
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeDisconnectRequested,
)
from tests.payments.account_world import ANNA, CLIENT_ID
from tests.payments.box_office import BoxOffice, box_office
from tests.payments.connect_world import Browser, ticket
from tests.waiting import eventually


@asynccontextmanager
async def connecting_office(postgres_url: str, nats_url: str) -> AsyncIterator[BoxOffice]:
    async with box_office(postgres_url, nats_url, stripe_client_id=CLIENT_ID) as office:
        yield office


async def connect(office: BoxOffice, organization_id: UUID) -> str:
    """Go through Stripe's consent page; the page that the browser ends on."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        browser = Browser(session, office.url)
        leaving = await browser.get("/connect", ticket=ticket(organization_id))
        back = await browser.agree(leaving.location, ANNA)
        page = await browser.get(back.removeprefix(office.url))
        return page.text


async def account_of(office: BoxOffice, organization_id: UUID) -> Account | None:
    async with office.database.connection() as connection:
        return await store_accounts.find_account(connection, organization_id)


async def test_the_money_goes_to_the_account_that_was_connected(
    postgres_url: str, nats_url: str
) -> None:
    organization_id = uuid4()
    async with connecting_office(postgres_url, nats_url) as office:
        page = await connect(office, organization_id)
        registrant = await office.registered(organization_id=organization_id)
        await office.stripe.pay(await office.open_checkout(registrant))
        # No endpoint tells of connected accounts here: the return page is what brings the news.
        await office.get(f"{office.pay_path(registrant)}/return")
        paid: PaymentSucceeded = await office.told("payments.payment.succeeded", registrant)

        assert "Anna Talks is connected to Stripe" in page
        (connected,) = [
            event
            for event in await office.published(StripeAccountConnected.subject)
            if event.organization_id == organization_id
        ]
        assert isinstance(connected, StripeAccountConnected)
        assert paid.stripe_account_id == connected.stripe_account_id == ANNA
        (charge,) = await office.stripe.ledger("charge")
        assert charge["account"] == ANNA


async def test_leaving_ends_what_is_open_and_then_gives_the_access_back(
    postgres_url: str, nats_url: str
) -> None:
    organization_id = uuid4()
    async with connecting_office(postgres_url, nats_url) as office:
        await connect(office, organization_id)
        registrant = await office.registered(organization_id=organization_id)
        session_id = await office.open_checkout(registrant)

        await office.hear(
            StripeDisconnectRequested(
                organization_id=organization_id, account_id=ANNA, person="Inés"
            )
        )

        async def is_gone() -> bool:
            account = await account_of(office, organization_id)
            return account is not None and account.status == "disconnected"

        await eventually(is_gone, 15)
        assert [one["status"] for one in await office.attempts(registrant)] == ["settled"]
        assert len(await office.published(StripeAccountDisconnected.subject)) == 1
        late = await office.registered(organization_id=organization_id)
        refused = await office.get(office.pay_path(late))
        assert "/c/pay/" not in (refused.location or "")
        await office.stripe.order(f"accounts/{ANNA}/connect")
        session = await office.stripe.api(
            "GET", f"/v1/checkout/sessions/{session_id}", account=ANNA
        )
        assert session["status"] == "expired"


async def test_what_its_owner_changes_at_stripe_stops_and_starts_sales(
    postgres_url: str, nats_url: str
) -> None:
    async with connecting_office(postgres_url, nats_url) as office:
        own = office.organization_id

        async def may_sell(expected: bool) -> bool:
            account = await account_of(office, own)
            return account is not None and account.may_sell is expected

        await office.stripe.order("accounts/acct_sandbox_platform", charges_enabled=False)
        await eventually(lambda: may_sell(False))
        await office.stripe.order("accounts/acct_sandbox_platform", charges_enabled=True)
        await eventually(lambda: may_sell(True))

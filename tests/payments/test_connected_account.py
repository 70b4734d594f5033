"""Payments into an account that an organization has connected: its money, its events, its end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from deploy.local.sandbox import API_VERSION
from services.payments import store_accounts
from services.payments.accounts import AccountFacts, connect
from services.payments.stripe_events import ENDPOINT_EVENTS
from shared.events import RegistrantCreated, StripeDisconnectRequested
from tests.payments.box_office import BoxOffice, box_office
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNA = "acct_sandbox_anna"


@pytest_asyncio.fixture(loop_scope="module")
async def connected(postgres_url: str, nats_url: str) -> AsyncIterator[tuple[BoxOffice, UUID]]:
    """A platform's service, and an organization of Anna's."""
    async with box_office(postgres_url, nats_url, stripe_client_id="ca_sandbox") as office:
        endpoint = await office.stripe.api(
            "POST",
            "/v1/webhook_endpoints",
            url=f"{office.url}/stripe/webhooks",
            enabled_events=list(ENDPOINT_EVENTS),
            api_version=API_VERSION,
            connect="true",
        )
        secrets = (*office.settings.webhook_secrets, str(endpoint["secret"]))
        office.settings.__dict__["webhook_secrets"] = secrets
        await office.stripe.order(f"accounts/{ANNA}/connect")
        organization_id = uuid4()
        facts = AccountFacts(ANNA, "Anna Talks", is_ready=True)
        account, events = connect(None, organization_id, facts, "oauth", False)
        async with office.database.transaction() as connection:
            await store_accounts.save_account(connection, account, events, change="connected")
        yield office, organization_id


async def registered(office: BoxOffice, organization_id: UUID) -> RegistrantCreated:
    return await office.registered(organization_id=organization_id)


async def account_of(office: BoxOffice, organization_id: UUID) -> Any:
    async with office.database.connection() as connection:
        return await store_accounts.find_account(connection, organization_id)


async def test_money_goes_to_the_organizations_account_and_comes_back_from_it(
    connected: tuple[BoxOffice, UUID],
) -> None:
    office, organization_id = connected
    registrant = await registered(office, organization_id)

    await office.stripe.pay(await office.open_checkout(registrant))
    paid = await office.told("payments.payment.succeeded", registrant)
    fee = await office.told("payments.fee.settled", registrant)
    await office.hear(office.refund_requested(registrant))
    await office.told("payments.refund.succeeded", registrant)

    assert paid.stripe_account_id == ANNA
    assert fee.fee_minor > 0
    for entry in await office.stripe.ledger("charge", "refund", of=registrant):
        assert entry["account"] == ANNA
    assert len(await office.stripe.ledger("refund", of=registrant)) == 1


async def test_a_dispute_in_the_organizations_account_is_taken_over(
    connected: tuple[BoxOffice, UUID],
) -> None:
    office, organization_id = connected
    registrant = await registered(office, organization_id)
    await office.stripe.pay(await office.open_checkout(registrant))
    [charge] = await eventually(lambda: office.stripe.ledger("charge", of=registrant))

    await office.stripe.order("disputes", charge=charge["id"])

    await office.told("payments.dispute.opened", registrant)


async def test_disconnecting_ends_open_sessions_before_the_account_is_let_go(
    connected: tuple[BoxOffice, UUID],
) -> None:
    office, organization_id = connected
    registrant = await registered(office, organization_id)
    session_id = await office.open_checkout(registrant)

    await office.hear(
        StripeDisconnectRequested(organization_id=organization_id, account_id=ANNA, person="Inés")
    )

    async def gone() -> bool:
        account = await account_of(office, organization_id)
        return bool(account.status == "disconnected")

    await eventually(gone)
    [attempt] = await office.attempts(registrant)
    assert attempt["outcome"] == "expired"
    assert (await office.stripe.pay(session_id))["status"] == "expired"
    home = await office.get(office.pay_path(registrant))
    assert home.location == registrant.manage_url


async def test_what_the_webhooks_of_an_account_lost_is_listed_for_it(
    connected: tuple[BoxOffice, UUID],
) -> None:
    office, organization_id = connected
    registrant = await registered(office, organization_id)
    session_id = await office.open_checkout(registrant)
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.pay(session_id)

    await office.execute("UPDATE reconciliations SET listed_at = NULL, due_at = now()")

    paid = await office.told("payments.payment.succeeded", registrant)
    assert paid.stripe_account_id == ANNA
    assert paid.paid_at <= datetime.now(UTC)


async def test_an_account_that_revoked_us_leaves_a_question_for_a_person(
    connected: tuple[BoxOffice, UUID],
) -> None:
    office, organization_id = connected
    registrant = await registered(office, organization_id)
    await office.open_checkout(registrant)
    await office.stripe.order(f"accounts/{ANNA}/disconnect")
    await office.execute("UPDATE attempts SET expires_at = now() - interval '11 minutes'")

    await office.make_due("attempts")

    await eventually(lambda: office.exceptions(registrant))
    assert await office.exceptions(registrant) == ["may_have_been_paid"]

"""Disconnecting an account: sales stop first, the access is given back last."""

from uuid import UUID, uuid4

import pytest

from services.payments import store_accounts
from services.payments.account_checks import adopt_own_account
from services.payments.accounts import AccountFacts, connect
from services.payments.stripe_gateway import StripeAccountRefused
from services.payments.stripe_gateway import accounts as stripe_accounts
from shared.events import StripeAccountDisconnected
from shared.postgres import Connection
from tests.payments.account_world import ANNA, OWN, account_world, disconnect


async def test_an_account_is_let_go_only_when_nothing_is_open(postgres_url: str) -> None:
    is_open = True

    async def has_open_attempts(_connection: Connection, _organization_id: UUID) -> bool:
        return is_open

    async with account_world(postgres_url) as world:
        organization_id = await world.connected()
        checks = world.checks(has_open_attempts=has_open_attempts)

        await disconnect(world.database, organization_id)
        leaving = await world.account_of(organization_id)
        await world.check_now(checks)
        waiting = await world.account_of(organization_id)

        assert leaving is not None
        assert leaving.status == "disconnecting"
        assert not leaving.may_sell
        assert waiting == leaving
        assert isinstance((await world.published())[-1], StripeAccountDisconnected)
        await stripe_accounts.read_connected_account(world.gateway, ANNA)

        is_open = False
        await world.check_now(checks)

        gone = await world.account_of(organization_id)
        assert gone is not None
        assert gone.status == "disconnected"
        with pytest.raises(StripeAccountRefused):
            await stripe_accounts.read_connected_account(world.gateway, ANNA)
        assert len(await world.published()) == 2, "it was told when sales stopped"


async def test_an_account_connected_again_meanwhile_is_not_overwritten(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()
        ready = AccountFacts(ANNA, "Anna Talks", is_ready=True)

        async def connected_again(_connection: Connection, _organization_id: UUID) -> bool:
            async with world.database.transaction() as connection:
                current = await store_accounts.lock_account(connection, organization_id)
                account, events = connect(current, organization_id, ready, "oauth", False)
                await store_accounts.save_account(connection, account, events, change="connected")
            return False

        await disconnect(world.database, organization_id)
        await world.check_now(world.checks(has_open_attempts=connected_again))
        again = await world.account_of(organization_id)

        assert again is not None
        assert (again.status, again.version) == ("connected", 3)

        await world.check_now()

        # The access had been given back: the next look at Stripe finds and tells it.
        gone = await world.account_of(organization_id)
        assert gone is not None
        assert gone.status == "disconnected"
        last = (await world.published())[-1]
        assert isinstance(last, StripeAccountDisconnected)
        assert last.version == 4


async def test_disconnecting_may_be_repeated_and_needs_a_connection(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()

        await disconnect(world.database, organization_id)
        first = await world.account_of(organization_id)
        await disconnect(world.database, organization_id)
        await disconnect(world.database, uuid4())

        assert await world.account_of(organization_id) == first
        assert len(await world.published()) == 2


async def test_a_request_about_an_account_of_earlier_leaves_the_newer_one_alone(
    postgres_url: str,
) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()

        await disconnect(world.database, organization_id, "acct_earlier")

        account = await world.account_of(organization_id)
        assert account is not None
        assert account.status == "connected"


async def test_the_operators_own_account_is_not_disconnected_by_an_organizer(
    postgres_url: str,
) -> None:
    organization_id = uuid4()
    async with account_world(postgres_url) as world:
        await adopt_own_account(world.database, world.gateway, organization_id)

        await disconnect(world.database, organization_id, OWN)

        account = await world.account_of(organization_id)
        assert account is not None
        assert account.may_sell

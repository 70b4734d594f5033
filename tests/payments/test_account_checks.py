"""Accounts beside the service: adopted, read again, let go, against the sandbox."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.payments import store_accounts
from services.payments.account_checks import (
    adopt_own_account,
    apply_account_event,
    prune_connections,
)
from services.payments.accounts import AccountTaken
from services.payments.stripe_gateway import (
    StripeAccountRefused,
    StripeGateway,
    StripeUnavailable,
)
from shared.events import (
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeAccountFacts,
    StripeAccountUpdated,
)
from tests.payments.account_world import ANNA, KEY, OWN, AccountWorld, account_world, disconnect
from tests.payments.stub_server import answer, stub_server

FORBIDDEN = answer(403, {"error": {"type": "invalid_request_error", "message": "No such right."}})

NAMING = answer(
    403,
    {
        "error": {
            "type": "invalid_request_error",
            "message": "The provided key 'rk_test_***' does not have the required permissions for "
            "this endpoint on account 'acct_1PJBLEBBLEfVxyz0'.",
        }
    },
)


async def facts_published(world: AccountWorld) -> list[StripeAccountFacts]:
    return [event for event in await world.published() if isinstance(event, StripeAccountFacts)]


async def test_the_account_of_the_key_becomes_the_organizations_once(postgres_url: str) -> None:
    organization_id = uuid4()
    async with account_world(postgres_url) as world:
        await asyncio.gather(
            *(adopt_own_account(world.database, world.gateway, organization_id) for _ in range(3))
        )

        account = await world.account_of(organization_id)
        assert account is not None
        assert account.stripe_account_id == OWN
        assert account.acting_for is None
        assert account.may_sell
        (event,) = await facts_published(world)
        assert isinstance(event, StripeAccountConnected)
        assert (event.version, event.is_ready, event.is_live) == (1, True, False)


async def test_stripe_is_waited_for_at_start(postgres_url: str) -> None:
    organization_id = uuid4()
    async with account_world(postgres_url) as world:
        await world.control("faults", fault="unavailable", path="/v1/account", times=2)

        await world.checks(organization_id).round()
        assert await world.account_of(organization_id) is None
        with pytest.raises(StripeUnavailable):
            await adopt_own_account(world.database, world.gateway, organization_id)
        await world.checks(organization_id).round()

        assert await world.account_of(organization_id) is not None


async def test_another_key_moves_the_organization_to_its_account(postgres_url: str) -> None:
    organization_id = uuid4()
    own = {"id": "acct_before", "charges_enabled": True, "details_submitted": True}
    async with (
        stub_server(
            answer(200, own), answer(200, own | {"id": "acct_after", "charges_enabled": False})
        ) as stub,
        account_world(postgres_url, stripe_url=stub.url) as world,
    ):
        await adopt_own_account(world.database, world.gateway, organization_id)
        await adopt_own_account(world.database, world.gateway, organization_id)

        events = await facts_published(world)
        assert [(type(event), event.stripe_account_id, event.version) for event in events] == [
            (StripeAccountConnected, "acct_before", 1),
            (StripeAccountDisconnected, "acct_before", 2),
            (StripeAccountConnected, "acct_after", 3),
        ]
        assert not events[-1].is_ready


async def test_an_organization_that_the_operator_no_longer_names_is_disconnected(
    postgres_url: str,
) -> None:
    organization_id = uuid4()
    async with account_world(postgres_url) as world:
        await adopt_own_account(world.database, world.gateway, organization_id)

        await adopt_own_account(world.database, world.gateway, None)

        account = await world.account_of(organization_id)
        assert account is not None
        assert account.status == "disconnected"
        assert isinstance((await facts_published(world))[-1], StripeAccountDisconnected)


async def test_the_keys_account_is_not_taken_from_another_organization(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        owner = await world.connected(OWN)

        with pytest.raises(AccountTaken):
            await adopt_own_account(world.database, world.gateway, uuid4())

        account = await world.account_of(owner)
        assert account is not None
        assert account.status == "connected"


async def test_a_restricted_key_that_may_not_read_its_account_changes_nothing(
    postgres_url: str,
) -> None:
    organization_id = uuid4()
    async with (
        stub_server(FORBIDDEN) as stub,
        account_world(postgres_url, stripe_url=stub.url) as world,
    ):
        with pytest.raises(StripeAccountRefused):
            await adopt_own_account(world.database, world.gateway, organization_id)

        assert await world.account_of(organization_id) is None


async def test_such_a_key_works_for_the_account_that_the_refusal_names(postgres_url: str) -> None:
    async with (
        stub_server(NAMING, answer(200, {"data": []})) as stub,
        account_world(postgres_url, stripe_url=stub.url) as world,
    ):
        account = await adopt_own_account(world.database, world.gateway, uuid4())

        assert account is not None
        assert account.stripe_account_id == "acct_1PJBLEBBLEfVxyz0"
        assert account.may_sell
        assert stub.heard[1].path == "/v1/checkout/sessions?limit=1"


async def test_but_not_when_it_may_not_open_checkouts_either(postgres_url: str) -> None:
    async with (
        stub_server(NAMING, FORBIDDEN) as stub,
        account_world(postgres_url, stripe_url=stub.url) as world,
    ):
        with pytest.raises(StripeAccountRefused):
            await adopt_own_account(world.database, world.gateway, uuid4())

        assert await world.published() == []


async def test_what_stripe_changes_is_told_after_its_webhook(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()
        await world.check_now()
        await world.control(f"accounts/{ANNA}", ready=False)

        async with world.database.transaction() as connection:
            await apply_account_event(
                connection,
                {"type": "account.updated", "account": ANNA, "data": {"object": {"id": ANNA}}},
            )
        await world.checks().round()

        account = await world.account_of(organization_id)
        assert account is not None
        assert not account.may_sell
        assert "external_account" in account.missing
        event = (await facts_published(world))[-1]
        assert isinstance(event, StripeAccountUpdated)
        assert event.requirements == account.missing


async def test_the_own_accounts_webhook_names_it_only_in_its_object(postgres_url: str) -> None:
    organization_id = uuid4()
    async with account_world(postgres_url) as world:
        checks = world.checks(organization_id)
        await checks.round()
        await world.control(f"accounts/{OWN}", charges_enabled=False)

        async with world.database.transaction() as connection:
            await apply_account_event(
                connection, {"type": "account.updated", "data": {"object": {"id": OWN}}}
            )
        await checks.round()

        account = await world.account_of(organization_id)
        assert account is not None
        assert not account.may_sell


async def test_nothing_is_read_before_it_is_due(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        await world.connected()
        await world.check_now()

        assert await world.checks().round() == 0


async def test_a_webhook_during_the_reading_has_the_account_read_again(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()
        await world.check_now()
        async with world.database.transaction() as connection:
            await store_accounts.queue_check(connection, ANNA)
        async with world.database.transaction() as connection:
            lease = timedelta(minutes=1)
            ((_, taken_until),) = await store_accounts.take_due_checks(connection, 5, lease)

        async with world.database.transaction() as connection:
            await store_accounts.queue_check(connection, ANNA)
        async with world.database.transaction() as connection:
            await store_accounts.schedule_check(
                connection, organization_id, taken_until, timedelta(hours=6)
            )

        assert await world.checks().round() == 1


async def test_access_revoked_at_stripe_ends_the_connection(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()
        await world.control(f"accounts/{ANNA}/disconnect")

        async with world.database.transaction() as connection:
            await apply_account_event(
                connection,
                {
                    "type": "account.application.deauthorized",
                    "account": ANNA,
                    "data": {"object": {"id": "ca_sandbox", "object": "application"}},
                },
            )
        await world.checks().round()

        account = await world.account_of(organization_id)
        assert account is not None
        assert account.status == "disconnected"
        assert isinstance((await facts_published(world))[-1], StripeAccountDisconnected)


async def test_a_late_revocation_does_not_end_a_newer_connection(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()

        async with world.database.transaction() as connection:
            await apply_account_event(
                connection,
                {"type": "account.application.deauthorized", "account": ANNA, "data": {}},
            )
        await world.checks().round()

        account = await world.account_of(organization_id)
        assert account is not None
        assert account.status == "connected"


async def test_a_webhook_about_a_stranger_or_about_nothing_is_passed_over(
    postgres_url: str,
) -> None:
    async with account_world(postgres_url) as world, world.database.transaction() as connection:
        await apply_account_event(connection, {"type": "account.updated", "account": "acct_x"})
        await apply_account_event(connection, {"type": "account.updated", "data": None})
        await apply_account_event(connection, {"type": "account.updated", "account": 7})


async def test_a_refused_key_does_not_disconnect_anyone(postgres_url: str) -> None:
    refused = answer(401, {"error": {"type": "invalid_request_error", "message": "Bad key."}})
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()
        async with stub_server(refused) as stub, StripeGateway(KEY, api_url=stub.url) as gateway:
            await world.check_now(world.checks(gateway=gateway))
            assert len(stub.heard) == 1

        account = await world.account_of(organization_id)
        assert account is not None
        assert account.status == "connected"


async def test_every_change_is_logged_with_who_made_it(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        organization_id = await world.connected()
        await disconnect(world.database, organization_id)

        async with world.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT version, change, person FROM stripe_account_changes ORDER BY version"
            )
        assert [tuple(row) for row in rows] == [
            (1, "connected", None),
            (2, "disconnecting", "Inés"),
        ]


async def test_old_tickets_and_ways_are_forgotten(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        async with world.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO connect_tickets (ticket_id, used_at) VALUES "
                "('old', now() - interval '3 days'), ('new', now())"
            )

        assert await prune_connections(world.database) == 1

"""Stripe's hosted onboarding: an account is made, filled in or left, and gone on with."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from services.payments.accounts import AccountFacts, connect
from services.payments.store_accounts import save_account
from shared.events import StripeAccountConnected, StripeAccountUpdated
from tests.payments.account_world import ANNA
from tests.payments.connect_world import (
    ConnectWorld,
    Page,
    chosen_ticket,
    connect_world,
)
from tests.payments.stub_server import answer, stub_server

HOME = "https://tickets.example.org/console/1/settings/payments"


async def begin(world: ConnectWorld, organization_id: UUID, **given: Any) -> str:
    """Leave for Stripe's form; its address."""
    ticket = chosen_ticket(organization_id, way="onboarding", **given)
    page = await world.browser.get("/connect", ticket=ticket)
    assert page.status == 303, page.text
    assert "/setup/" in page.location
    return page.location


async def fill_in(world: ConnectWorld, form: str, says: str) -> Page:
    """Answer Stripe's form and come back."""
    async with world.browser.session.post(
        form, data={"answer": says}, allow_redirects=False
    ) as answered:
        back = answered.headers["Location"]
    assert back.startswith(f"{world.doors.public_url}/connect/return?")
    return await world.browser.get(back.removeprefix(world.doors.public_url))


async def stripes_accounts(world: ConnectWorld) -> list[str]:
    document = await world.accounts.gateway.raw_request("get", "/v1/accounts", {"limit": 100})
    return [one["id"] for one in document["data"]]


async def test_a_new_account_is_filled_in_and_ready(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        form = await begin(world, organization_id, return_url=HOME)
        begun = await world.accounts.account_of(organization_id)

        page = await fill_in(world, form, "complete")

        assert begun is not None
        assert begun.is_begun
        assert not begun.may_sell
        assert (page.status, page.location) == (303, f"{HOME}?connected=1")
        ready = await world.accounts.account_of(organization_id)
        assert ready is not None
        assert ready.may_sell
        assert ready.acting_for == begun.stripe_account_id
        connected, updated = await world.accounts.published()
        assert isinstance(connected, StripeAccountConnected)
        assert (connected.mode, connected.is_submitted) == ("onboarding", False)
        assert "application" in connected.requirements
        assert isinstance(updated, StripeAccountUpdated)
        assert (updated.is_ready, updated.is_submitted) == (True, True)


async def test_a_form_left_unfinished_is_said_and_can_be_gone_on_with(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        form = await begin(world, organization_id, return_url=HOME)
        page = await fill_in(world, form, "later")

        assert page.status == 200
        assert "Stripe still waits for you" in page.text
        assert "A bank account for payouts" in page.text
        assert f'href="{HOME}"' in page.text
        state = page.text.partition('name="state" value="')[2].partition('"')[0]
        again = await world.browser.post("/connect/refresh", state=state)
        assert again.status == 303
        done = await fill_in(world, again.location, "complete")
        assert done.location == f"{HOME}?connected=1"
        assert len(await stripes_accounts(world)) == 1


async def test_a_second_visit_goes_on_with_the_same_account(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        first = await begin(world, organization_id)
        offered = await world.browser.get("/connect", ticket=chosen_ticket(organization_id))
        second = await begin(world, organization_id)

        assert first != second
        assert "Go on at Stripe" in offered.text
        assert len(await stripes_accounts(world)) == 1
        page = await fill_in(world, second, "complete")
        assert "is connected" in page.text
        assert len(await world.accounts.published()) == 2


async def test_a_lost_answer_makes_no_second_account(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        await world.accounts.control(
            "faults", fault="reset_after_commit", method="POST", path="/v1/accounts"
        )
        ticket = chosen_ticket(organization_id, way="onboarding")
        lost = await world.browser.get("/connect", ticket=ticket)
        assert "Stripe did not answer" in lost.text

        await begin(world, organization_id)

        assert len(await stripes_accounts(world)) == 1


async def test_a_used_link_to_the_form_is_replaced(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        form = await begin(world, uuid4())
        await fill_in(world, form, "later")

        async with world.browser.session.get(form, allow_redirects=False) as stripes:
            refresh = stripes.headers["Location"]
        page = await world.browser.get(refresh.removeprefix(world.doors.public_url))

        assert urlsplit(refresh).path == "/connect/refresh"
        assert page.status == 303
        assert "/setup/" in page.location
        assert page.location != form


async def test_another_browser_gets_no_link_to_somebodys_details(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        form = await begin(world, uuid4())
        async with world.browser.session.post(form, data={"answer": "later"}) as answered:
            state = answered.url.query["state"]

        for path in ("/connect/refresh", "/connect/return"):
            page = await world.other_browser.get(path, state=state)
            assert page.status == 403
            assert page.location == ""
        posted = await world.other_browser.post("/connect/refresh", state=state)
        assert posted.status == 403


async def test_the_states_of_one_way_open_no_door_of_the_other(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        by_oauth = await world.browser.leave(chosen_ticket(uuid4(), way="oauth"))
        form = await begin(world, uuid4())
        async with world.browser.session.post(form, data={"answer": "later"}) as answered:
            by_form = answered.url.query["state"]

        assert (await world.browser.get("/connect/return", state=by_oauth)).status == 400
        assert (await world.browser.get("/connect/refresh", state=by_oauth)).status == 400
        assert (await world.browser.come_back(code="ac_1", state=by_form)).status == 400


async def test_an_organization_with_an_account_gets_no_second_one(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        organization_id = await world.accounts.connected()

        page = await world.browser.get(
            "/connect", ticket=chosen_ticket(organization_id, way="onboarding")
        )

        assert page.status == 409
        assert "has a Stripe account already" in page.text
        assert await stripes_accounts(world) == [ANNA]


async def test_an_unfinished_form_may_be_given_up_for_an_account_that_exists(
    postgres_url: str,
) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        await begin(world, organization_id)
        leaving = await world.browser.get(
            "/connect", ticket=chosen_ticket(organization_id, way="oauth")
        )
        back = await world.browser.agree(leaving.location, ANNA)
        page = await world.browser.get(back.removeprefix(world.doors.public_url))

        assert "Anna Talks is connected to Stripe" in page.text
        account = await world.accounts.account_of(organization_id)
        assert account is not None
        assert (account.stripe_account_id, account.mode) == (ANNA, "oauth")


async def test_what_is_finished_later_is_found_by_looking(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        await begin(world, organization_id)
        begun = await world.accounts.account_of(organization_id)
        assert begun is not None
        await world.accounts.control(f"accounts/{begun.stripe_account_id}", ready=True)

        await world.accounts.check_now()

        account = await world.accounts.account_of(organization_id)
        assert account is not None
        assert account.may_sell


async def test_stripes_silence_on_the_way_back_changes_nothing(postgres_url: str) -> None:
    organization_id = uuid4()
    made = {"id": "acct_1new", "details_submitted": False}
    link = answer(200, {"url": "https://connect.stripe.com/setup/s/1"})
    async with (
        stub_server(answer(200, made), link, answer(500, {})) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        page = await world.browser.get(
            "/connect", ticket=chosen_ticket(organization_id, way="onboarding")
        )
        assert page.location == "https://connect.stripe.com/setup/s/1"
        asked = stripe.heard[1].body
        state = asked.partition("state%3D")[2].partition("&")[0]

        back = await world.browser.get("/connect/return", state=state)

        assert back.status == 200
        assert "Stripe still waits for you" in back.text


async def test_a_platform_that_may_make_no_accounts_says_so(postgres_url: str) -> None:
    refusal = {"error": {"type": "invalid_request_error", "message": "Sign up for Connect."}}
    organization_id = uuid4()
    async with (
        stub_server(answer(400, refusal)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        page = await world.browser.get(
            "/connect", ticket=chosen_ticket(organization_id, way="onboarding", return_url=HOME)
        )

        assert page.status == 502
        assert "Stripe did not connect the account" in page.text
        assert f'href="{HOME}"' in page.text
        assert await world.accounts.account_of(organization_id) is None


async def test_a_form_of_an_account_that_was_given_up_leads_nowhere(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        form = await begin(world, organization_id)
        async with world.accounts.database.transaction() as connection:
            current = await world.accounts.account_of(organization_id)
            ready = AccountFacts(ANNA, "Anna Talks", is_ready=True)
            other, events = connect(current, organization_id, ready, "oauth", False)
            await save_account(connection, other, events, change="connected")

        page = await fill_in(world, form, "complete")

        assert page.status == 410
        account = await world.accounts.account_of(organization_id)
        assert account is not None
        assert account.stripe_account_id == ANNA

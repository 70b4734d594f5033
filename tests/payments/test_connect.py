"""Connecting an account by OAuth: to Stripe and back, and what the pages say."""

import asyncio
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from services.payments import store_accounts
from services.payments.accounts import AccountFacts, connect, end_connection
from shared.events import StripeAccountConnected
from tests.payments.account_world import ANNA, disconnect
from tests.payments.connect_world import GRANT, READY, connect_world, ticket
from tests.payments.stub_server import answer, stub_server

REFUSED_CODE = answer(400, {"error": "invalid_grant", "error_description": "Code expired."})


async def test_the_way_to_stripe_carries_state_client_and_our_own_address(
    postgres_url: str,
) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        page = await world.browser.get("/connect", ticket=ticket(uuid4()))

        where = urlsplit(page.location)
        assert page.status == 303
        assert where.path == "/oauth/authorize"
        query = parse_qs(where.query)
        assert query["client_id"] == ["ca_sandbox"]
        assert query["response_type"] == ["code"]
        assert query["scope"] == ["read_write"]
        assert query["redirect_uri"] == [f"{world.doors.public_url}/connect/callback"]
        assert len(query["state"][0]) >= 43
        assert page.headers["Cache-Control"] == "no-store"


async def test_the_cookie_is_hidden_from_scripts_and_short_lived(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        page = await world.browser.get("/connect", ticket=ticket(uuid4()))

        cookie = page.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Max-Age=600" in cookie


async def test_over_https_the_cookie_is_secure_and_of_this_host_only(postgres_url: str) -> None:
    async with connect_world(
        postgres_url, stripe_url="http://127.0.0.1:1", public_url="https://tickets.example.org"
    ) as world:
        page = await world.browser.get("/connect", ticket=ticket(uuid4()))

        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


async def test_an_account_is_connected_shown_by_name_and_told(postgres_url: str) -> None:
    organization_id = uuid4()
    async with (
        stub_server(GRANT, answer(200, READY)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(organization_id))
        page = await world.browser.come_back(code="ac_1", state=state)

        assert page.status == 200
        assert "Anna &lt;b&gt;Talks&lt;/b&gt; is connected to Stripe" in page.text
        assert "acct_…anna" in page.text
        assert "TEST MODE" in page.text
        account = await world.accounts.account_of(organization_id)
        assert account is not None
        assert account.may_sell
        assert account.acting_for == "acct_1anna"
        (event,) = await world.accounts.published()
        assert isinstance(event, StripeAccountConnected)
        assert (event.organization_id, event.version) == (organization_id, 1)
        async with world.accounts.database.connection() as connection:
            person = await connection.fetchval("SELECT connected_by FROM stripe_accounts")
        assert person == "Inés: admin"
        exchange = stripe.heard[0]
        assert (exchange.path, exchange.method) == ("/oauth/token", "POST")
        assert "code=ac_1" in exchange.body


async def test_the_whole_way_through_stripes_consent_page(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url) as world:
        leaving = await world.browser.get("/connect", ticket=ticket(organization_id))
        back = await world.browser.agree(leaving.location, ANNA)
        page = await world.browser.get(back.removeprefix(world.doors.public_url))

        assert page.status == 200
        assert "Anna Talks is connected to Stripe" in page.text
        assert "acct_…anna" in page.text
        account = await world.accounts.account_of(organization_id)
        assert account is not None
        assert account.stripe_account_id == ANNA
        assert account.may_sell


async def test_a_no_on_stripes_consent_page_comes_back_as_a_no(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        leaving = await world.browser.get("/connect", ticket=ticket(uuid4()))
        back = await world.browser.agree(leaving.location, ANNA, says="deny")
        page = await world.browser.get(back.removeprefix(world.doors.public_url))

        assert "You said no at Stripe" in page.text


async def test_an_account_that_stripe_still_asks_is_connected_and_says_what_is_missing(
    postgres_url: str,
) -> None:
    unready = READY | {
        "charges_enabled": False,
        "requirements": {"currently_due": ["external_account"]},
    }
    async with (
        stub_server(GRANT, answer(200, unready)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(uuid4()))
        page = await world.browser.come_back(code="ac_1", state=state)

        assert "Not yet" in page.text
        assert "A bank account for payouts" in page.text


async def test_an_account_that_cannot_be_read_yet_is_connected_and_read_later(
    postgres_url: str,
) -> None:
    organization_id = uuid4()
    async with (
        stub_server(GRANT, answer(500, {}), answer(200, READY)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(organization_id))
        page = await world.browser.come_back(code="ac_1", state=state)
        unread = await world.accounts.account_of(organization_id)
        await world.accounts.checks().round()
        read = await world.accounts.account_of(organization_id)

        assert page.status == 200
        assert unread is not None
        assert read is not None
        assert not unread.may_sell
        assert read.may_sell


async def test_a_known_account_that_returns_unreadable_is_read_soon_too(postgres_url: str) -> None:
    async with (
        stub_server(GRANT, answer(500, {}), answer(200, READY)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        organization_id = uuid4()
        async with world.accounts.database.transaction() as connection:
            before, _ = connect(None, organization_id, AccountFacts("acct_1anna"), "oauth", False)
            gone, _ = end_connection(before)
            await store_accounts.save_account(connection, gone, [], change="disconnected")
            await connection.execute(
                "UPDATE stripe_accounts SET check_due_at = now() + interval '6 hours'"
            )
        state = await world.browser.leave(ticket(organization_id))
        await world.browser.come_back(code="ac_1", state=state)

        assert await world.accounts.checks().round() == 1


async def test_connecting_the_same_account_again_shows_it_and_tells_nothing_new(
    postgres_url: str,
) -> None:
    organization_id = uuid4()
    async with (
        stub_server(GRANT, answer(200, READY), GRANT, answer(200, READY)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        for code in ("ac_1", "ac_2"):
            state = await world.browser.leave(ticket(organization_id))
            page = await world.browser.come_back(code=code, state=state)
            assert "is connected to Stripe" in page.text

        assert len(await world.accounts.published()) == 1


async def test_a_no_at_stripe_changes_nothing(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        state = await world.browser.leave(ticket(organization_id))
        page = await world.browser.come_back(
            error="access_denied", error_description="The user denied", state=state
        )

        assert page.status == 200
        assert "You said no at Stripe" in page.text
        assert await world.accounts.account_of(organization_id) is None


async def test_another_error_of_stripes_is_shown_by_its_code_alone(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        state = await world.browser.leave(ticket(uuid4()))
        page = await world.browser.come_back(error="invalid_scope", state=state)
        state = await world.browser.leave(ticket(uuid4()))
        hostile = await world.browser.come_back(
            error="<script>alert(1)</script>", error_description="Call 555", state=state
        )

        assert "Stripe said: invalid_scope." in page.text
        assert "script" not in hostile.text
        assert "555" not in hostile.text


async def test_a_browser_that_returns_twice_sees_the_same_and_the_code_is_used_once(
    postgres_url: str,
) -> None:
    async with (
        stub_server(GRANT, answer(200, READY)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(uuid4()))
        pages = await asyncio.gather(
            *(world.browser.come_back(code="ac_1", state=state) for _ in range(3))
        )
        pages.append(await world.browser.come_back(code="ac_1", state=state))

        assert [page.status for page in pages] == [200] * 4
        assert all("is connected to Stripe" in page.text for page in pages)
        assert [heard.path for heard in stripe.heard].count("/oauth/token") == 1
        assert len(await world.accounts.published()) == 1


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        pytest.param([REFUSED_CODE], "Stripe said: invalid_grant.", id="code refused"),
        pytest.param([answer(500, {})], "Stripe did not answer", id="no answer"),
        pytest.param([answer(200, {})], "Stripe did not answer", id="no account in the answer"),
        pytest.param(
            [answer(401, {"error": {"type": "invalid_request_error", "message": "Bad key"}})],
            "does not accept this installation’s key",
            id="key refused",
        ),
        pytest.param(
            [answer(200, {"stripe_user_id": "acct_1anna", "livemode": True})],
            "connected the account in live mode",
            id="other mode",
        ),
    ],
)
async def test_whatever_goes_wrong_at_stripe_is_said_and_nothing_is_connected(
    postgres_url: str, answers: list[bytes], words: str
) -> None:
    organization_id = uuid4()
    async with (
        stub_server(*answers) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(organization_id))
        first = await world.browser.come_back(code="ac_1", state=state)
        again = await world.browser.come_back(code="ac_1", state=state)

        assert words in first.text
        assert words in again.text
        assert len(stripe.heard) == 1
        assert await world.accounts.account_of(organization_id) is None


async def test_an_account_of_another_organization_is_refused(postgres_url: str) -> None:
    organization_id = uuid4()
    async with (
        stub_server(GRANT, answer(200, READY), GRANT, answer(200, READY)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(uuid4()))
        await world.browser.come_back(code="ac_1", state=state)
        state = await world.browser.leave(ticket(organization_id))
        page = await world.browser.come_back(code="ac_2", state=state)

        assert page.status == 409
        assert "belongs to another organization" in page.text
        assert "anna" in page.text
        assert await world.accounts.account_of(organization_id) is None
        assert (await world.browser.come_back(code="ac_2", state=state)).text == page.text


async def test_another_account_than_the_connected_one_is_refused(postgres_url: str) -> None:
    organization_id = uuid4()
    other = answer(200, {"stripe_user_id": "acct_2bert", "livemode": False})
    async with (
        stub_server(
            GRANT, answer(200, READY), other, answer(200, READY | {"id": "acct_2bert"})
        ) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(organization_id))
        await world.browser.come_back(code="ac_1", state=state)
        state = await world.browser.leave(ticket(organization_id))
        page = await world.browser.come_back(code="ac_2", state=state)

        assert page.status == 409
        assert "the account that ends in bert" in page.text
        assert "connected to the Stripe account that ends in anna" in page.text
        account = await world.accounts.account_of(organization_id)
        assert account is not None
        assert account.stripe_account_id == "acct_1anna"
        assert (await world.browser.come_back(code="ac_2", state=state)).text == page.text


async def test_without_oauth_the_page_says_that_the_operators_key_is_used(
    postgres_url: str,
) -> None:
    async with connect_world(
        postgres_url, stripe_url="http://127.0.0.1:1", client_id=None
    ) as world:
        page = await world.browser.get("/connect", ticket=ticket(uuid4()))

        assert page.status == 200
        assert "the operator’s Stripe key" in page.text


async def test_the_operators_own_organization_is_not_connected_by_oauth(postgres_url: str) -> None:
    own = uuid4()
    async with connect_world(
        postgres_url, stripe_url="http://127.0.0.1:1", own_organization_id=own
    ) as world:
        page = await world.browser.get("/connect", ticket=ticket(own))

        assert "the operator’s Stripe key" in page.text
        await world.browser.leave(ticket(uuid4()))


async def test_an_account_on_its_way_out_is_waited_for(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        organization_id = await world.accounts.connected()
        await disconnect(world.accounts.database, organization_id)

        page = await world.browser.get("/connect", ticket=ticket(organization_id))

        assert page.status == 409
        assert "still being disconnected" in page.text

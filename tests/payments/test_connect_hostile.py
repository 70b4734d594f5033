"""Everyone who tries to open the doors twice, too late, or for somebody else."""

import asyncio
import hashlib
import re
from uuid import UUID, uuid4

import pytest

from services.payments import store_accounts
from services.payments.pages import STYLE_URL
from tests.payments.connect_world import GRANT, READY, SIGNER, connect_world, ticket
from tests.payments.stub_server import answer, stub_server

# Fixed: two processes must collect the same tests.
NOBODY = UUID("5c1d3a52-7c3f-4a5e-9d0b-6f1f5e2c8a10")


async def test_a_ticket_works_once(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        used = ticket(uuid4())
        await world.browser.leave(used)

        for browser in (world.browser, world.other_browser):
            page = await browser.get("/connect", ticket=used)
            assert page.status == 410
            assert page.location == ""


async def test_of_ten_browsers_with_one_ticket_one_gets_through(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        shared = ticket(uuid4())

        pages = await asyncio.gather(
            *(world.other_browser.get("/connect", ticket=shared) for _ in range(10))
        )

        assert sorted(page.status for page in pages) == [303] + [410] * 9


async def test_a_link_checkers_head_leaves_the_ticket_alone(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        unused = ticket(uuid4())
        async with world.other_browser.session.head(
            f"{world.doors.public_url}/connect", params={"ticket": unused}
        ) as answered:
            assert answered.status == 405

        await world.browser.leave(unused)


async def test_an_old_ticket_is_refused(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        page = await world.browser.get("/connect", ticket=ticket(uuid4(), seconds=-1))

        assert page.status == 410
        assert "too old" in page.text


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x" * 5000,
        "a.b.c",
        "é" * 40,
        SIGNER.sign("pay", f"t:{NOBODY}:me:99999999999"),
        SIGNER.sign("connect", "not a ticket"),
        SIGNER.sign("connect", "t:no-organization:me:99999999999"),
        SIGNER.sign("connect", f"t:{NOBODY}:me:soon"),
        SIGNER.sign("connect", f"t\0:{NOBODY}:me:99999999999"),
        ticket(NOBODY)[:-2] + "xx",
    ],
)
async def test_a_forged_ticket_opens_nothing(postgres_url: str, forged: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        page = await world.browser.get("/connect", ticket=forged)

        assert page.status == 400
        assert "This link does not work" in page.text
        assert "Set-Cookie" not in page.headers


async def test_another_browser_cannot_finish_and_takes_nothing_from_the_first(
    postgres_url: str,
) -> None:
    organization_id = uuid4()
    async with (
        stub_server(GRANT, answer(200, READY)) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(organization_id))
        await world.other_browser.leave(ticket(uuid4()))

        stolen = await world.other_browser.come_back(code="ac_attacker", state=state)
        assert stolen.status == 403
        assert stripe.heard == []
        assert await world.accounts.account_of(organization_id) is None

        own = await world.browser.come_back(code="ac_1", state=state)
        assert "is connected to Stripe" in own.text
        seen = await world.other_browser.come_back(code="ac_1", state=state)
        assert seen.status == 403
        assert "Anna" not in seen.text


async def test_a_cookie_without_its_value_is_a_stranger(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        state = await world.browser.leave(ticket(uuid4()))
        (name,) = [cookie.key for cookie in world.browser.session.cookie_jar]
        world.other_browser.session.cookie_jar.update_cookies({name: "guessed"})

        page = await world.other_browser.come_back(code="ac_1", state=state)

        assert page.status == 403


async def test_two_tabs_do_not_spoil_each_others_way(postgres_url: str) -> None:
    first, second = uuid4(), uuid4()
    grants = [
        answer(200, {"stripe_user_id": f"acct_{n}", "livemode": False}) for n in ("two", "one")
    ]
    async with (
        stub_server(
            grants[0],
            answer(200, READY | {"id": "acct_two"}),
            grants[1],
            answer(200, READY | {"id": "acct_one"}),
        ) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        states = [await world.browser.leave(ticket(each)) for each in (first, second)]
        await world.browser.come_back(code="ac_2", state=states[1])
        await world.browser.come_back(code="ac_1", state=states[0])

        accounts = [await world.accounts.account_of(each) for each in (first, second)]
        assert [account and account.stripe_account_id for account in accounts] == [
            "acct_one",
            "acct_two",
        ]


async def test_a_way_that_took_too_long_is_refused(postgres_url: str) -> None:
    async with (
        stub_server(GRANT) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(uuid4()))
        async with world.accounts.database.transaction() as connection:
            await connection.execute("UPDATE connect_states SET expires_at = now()")

        page = await world.browser.come_back(code="ac_1", state=state)

        assert page.status == 410
        assert stripe.heard == []


async def test_of_many_returns_at_once_one_may_use_the_code(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        state = await world.browser.leave(ticket(uuid4()))
        state_hash = hashlib.sha256(state.encode()).digest()

        async def claim() -> bool:
            async with world.accounts.database.transaction() as connection:
                return await store_accounts.claim_state(connection, state_hash)

        assert sorted(await asyncio.gather(*(claim() for _ in range(5)))) == [False] * 4 + [True]


@pytest.mark.parametrize("state", ["", "unknown", "é", "x" * 101, "a\0b"])
async def test_an_unknown_state_is_refused(postgres_url: str, state: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        await world.browser.leave(ticket(uuid4()))
        page = await world.browser.come_back(code="ac_1", state=state)

        assert page.status == 400


@pytest.mark.parametrize("code", ["", "x" * 501, "é"])
async def test_a_code_that_is_none_of_stripes_is_not_sent_there(
    postgres_url: str, code: str
) -> None:
    async with (
        stub_server(GRANT) as stripe,
        connect_world(postgres_url, stripe_url=stripe.url) as world,
    ):
        state = await world.browser.leave(ticket(uuid4()))
        page = await world.browser.come_back(code=code, state=state)

        assert page.status == 502
        assert stripe.heard == []


async def test_neither_state_nor_cookie_can_be_read_from_the_database(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        state = await world.browser.leave(ticket(uuid4()))
        (cookie,) = [cookie.value for cookie in world.browser.session.cookie_jar]

        async with world.accounts.database.connection() as connection:
            rows = await connection.fetch("SELECT connect_states::text FROM connect_states")
        stored = "".join(row[0] for row in rows)
        assert state.encode().hex() not in stored
        assert state not in stored
        assert cookie.encode().hex() not in stored
        assert cookie not in stored


async def test_pages_run_no_script_and_tell_nobody_their_address(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url="http://127.0.0.1:1") as world:
        page = await world.browser.come_back(code="ac_1", state="unknown")
        async with world.browser.session.get(world.doors.public_url + STYLE_URL) as style:
            assert style.content_type == "text/css"

        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script|style=| on\w+=", page.text)

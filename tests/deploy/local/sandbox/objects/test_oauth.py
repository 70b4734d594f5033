"""Connecting an existing account: codes, tokens and the end of a connection."""

import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, client_for, refused

BACK = "http://127.0.0.1:9/connected"


async def code_for(bench: Bench, account: str = ANNA) -> str:
    """What the account's owner sends back by agreeing on the page."""
    form = {
        "client_id": "ca_sandbox",
        "redirect_uri": BACK,
        "account": account,
        "answer": "approve",
    }
    async with bench.http.post(
        f"{bench.url}/oauth/authorize", data=form, allow_redirects=False
    ) as response:
        return response.headers["Location"].rpartition("code=")[2]


async def exchange(bench: Bench, code: str) -> dict[str, object]:
    answer = await bench.client.raw_request_async(
        "post", "/oauth/token", grant_type="authorization_code", code=code, base="connect"
    )
    told: dict[str, object] = answer.data
    return told


async def test_a_code_becomes_a_connection(bench: Bench) -> None:
    await bench.listen("account.application.authorized", connect=True)

    told = await exchange(bench, await code_for(bench))

    assert (told["stripe_user_id"], told["scope"], told["livemode"]) == (ANNA, "read_write", False)
    assert set(told) == {
        "access_token",
        "livemode",
        "refresh_token",
        "scope",
        "stripe_publishable_key",
        "stripe_user_id",
        "token_type",
    }
    session = await bench.session({"stripe_account": ANNA})
    assert session.status == "open"
    event = await bench.listener.wait_for("account.application.authorized")
    assert (event["account"], event["data"]["object"]["object"]) == (ANNA, "application")


async def test_agreeing_alone_connects_nothing(bench: Bench) -> None:
    await code_for(bench)

    error = await refused(bench.session({"stripe_account": ANNA}))

    assert error.http_status == 403


async def test_a_code_is_good_once(bench: Bench) -> None:
    code = await code_for(bench)
    await exchange(bench, code)

    error = await refused(exchange(bench, code))

    assert isinstance(error, stripe.oauth_error.InvalidGrantError)
    assert "already been used" in str(error)


async def test_a_code_is_good_for_five_minutes(bench: Bench) -> None:
    code = await code_for(bench)
    await bench.control("clock", {"advance": 301})

    error = await refused(exchange(bench, code))

    assert isinstance(error, stripe.oauth_error.InvalidGrantError)


async def test_an_unknown_code_is_an_invalid_grant(bench: Bench) -> None:
    error = await refused(exchange(bench, "ac_none"))

    assert isinstance(error, stripe.oauth_error.InvalidGrantError)
    assert error.http_status == 400


async def test_another_way_of_granting_is_an_invalid_request(bench: Bench) -> None:
    error = await refused(
        bench.client.raw_request_async(
            "post", "/oauth/token", grant_type="password", base="connect"
        )
    )

    assert isinstance(error, stripe.oauth_error.InvalidRequestError)


async def test_a_token_acts_for_its_account_until_the_end(bench: Bench) -> None:
    token = str((await exchange(bench, await code_for(bench)))["access_token"])
    theirs = client_for(bench.url, bench.transport, token)

    account = await theirs.v1.accounts.retrieve_current_async()
    await bench.control(f"accounts/{ANNA}/disconnect")
    error = await refused(theirs.v1.accounts.retrieve_current_async())

    assert account.id == ANNA
    assert error.http_status == 403


async def test_a_refresh_token_gives_a_new_token_while_connected(bench: Bench) -> None:
    refresh = str((await exchange(bench, await code_for(bench)))["refresh_token"])

    async def renew() -> str:
        answer = await bench.client.raw_request_async(
            "post",
            "/oauth/token",
            grant_type="refresh_token",
            refresh_token=refresh,
            base="connect",
        )
        return str(answer.data["stripe_user_id"])

    assert await renew() == ANNA
    await bench.control(f"accounts/{ANNA}/disconnect")
    assert isinstance(await refused(renew()), stripe.oauth_error.InvalidGrantError)


async def test_the_platform_ends_a_connection(bench: Bench) -> None:
    await bench.listen("account.application.deauthorized", connect=True)
    await exchange(bench, await code_for(bench))

    async def deauthorize(client_id: str = "ca_sandbox") -> dict[str, object]:
        answer = await bench.client.raw_request_async(
            "post",
            "/oauth/deauthorize",
            client_id=client_id,
            stripe_user_id=ANNA,
            base="connect",
        )
        told: dict[str, object] = answer.data
        return told

    stranger = await refused(deauthorize("ca_other"))
    assert await deauthorize() == {"stripe_user_id": ANNA}
    again = await refused(deauthorize())

    assert isinstance(stranger, stripe.oauth_error.InvalidClientError)
    assert isinstance(again, stripe.oauth_error.InvalidClientError)
    assert (await refused(bench.session({"stripe_account": ANNA}))).http_status == 403
    event = await bench.listener.wait_for("account.application.deauthorized")
    assert (event["account"], event["data"]["object"]["id"]) == (ANNA, "ca_sandbox")


async def test_faults_meet_connecting_too(bench: Bench) -> None:
    code = await code_for(bench)
    await bench.control("faults", {"fault": "reset_after_commit", "path": "/oauth/token"})

    lost = await refused(exchange(bench, code))
    again = await refused(exchange(bench, code))

    assert isinstance(lost, stripe.APIConnectionError)
    assert isinstance(again, stripe.oauth_error.InvalidGrantError)

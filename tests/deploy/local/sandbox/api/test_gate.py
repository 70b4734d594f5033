"""Who may ask, for whom, and what an answer carries besides its object."""

import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, client_for, code_of, refused


async def test_test_keys_of_both_kinds_open_the_platforms_account(bench: Bench) -> None:
    for key in ("sk_test_anything", "rk_test_restricted"):
        account = await client_for(
            bench.url, bench.transport, key
        ).v1.accounts.retrieve_current_async()

        assert account.id == "acct_sandbox_platform"
        assert account.settings is not None
        assert account.settings.dashboard.display_name == "Sandbox Events"


async def test_a_key_may_come_as_basic_authentication(bench: Bench) -> None:
    async with bench.http.get(
        f"{bench.url}/v1/account", headers={"Authorization": "Basic c2tfdGVzdF94eHg6"}
    ) as response:
        assert response.status == 200


async def test_a_live_key_is_refused(bench: Bench) -> None:
    client = client_for(bench.url, bench.transport, "sk_live_51abcdefgh")

    error = await refused(client.v1.accounts.retrieve_current_async())

    assert isinstance(error, stripe.AuthenticationError)
    assert error.http_status == 401
    assert error.user_message == "Invalid API Key provided: sk_live_******efgh"


async def test_no_key_is_refused(bench: Bench) -> None:
    async with bench.http.get(f"{bench.url}/v1/account") as response:
        answer = await response.json()

    assert response.status == 401
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["message"].startswith("You did not provide an API key.")


async def test_an_account_that_is_not_connected_is_refused(bench: Bench) -> None:
    error = await refused(bench.session({"stripe_account": ANNA}))

    assert isinstance(error, stripe.PermissionError)
    assert (error.http_status, code_of(error)) == (403, "account_invalid")
    assert "Application access may have been revoked." in str(error.user_message)


async def test_an_account_is_refused_again_after_its_disconnection(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    session = await bench.session({"stripe_account": ANNA})
    await bench.control(f"accounts/{ANNA}/disconnect")

    error = await refused(
        bench.client.v1.checkout.sessions.retrieve_async(
            session.id, options={"stripe_account": ANNA}
        )
    )

    assert code_of(error) == "account_invalid"


async def test_objects_of_one_account_are_missing_in_another(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    session = await bench.session({"stripe_account": ANNA})

    error = await refused(bench.client.v1.checkout.sessions.retrieve_async(session.id))

    assert (error.http_status, code_of(error)) == (404, "resource_missing")
    assert error.user_message == f"No such checkout.session: '{session.id}'"


async def test_an_unknown_address_is_refused_with_its_name(bench: Bench) -> None:
    error = await refused(bench.client.raw_request_async("get", "/v1/nothing"))

    assert error.http_status == 404
    assert str(error.user_message).startswith("Unrecognized request URL (GET: /v1/nothing).")


async def test_every_answer_carries_a_request_id_and_the_version(bench: Bench) -> None:
    await bench.session({"idempotency_key": "one-key"})

    assert bench.last_headers["Request-Id"].startswith("req_")
    assert bench.last_headers["Stripe-Version"] == "2026-10-28.endive"
    assert bench.last_headers["Idempotency-Key"] == "one-key"
    assert bench.last_headers["Original-Request"] == bench.last_headers["Request-Id"]


async def test_the_account_asked_for_is_echoed(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    await bench.session({"stripe_account": ANNA})

    assert bench.last_headers["Stripe-Account"] == ANNA


async def test_events_name_the_request_that_caused_them(bench: Bench) -> None:
    charge = await bench.paid()
    await bench.client.v1.refunds.create_async(
        {"charge": charge}, {"idempotency_key": "refund-one"}
    )
    refund_request = bench.last_headers["Request-Id"]

    events = await bench.client.v1.events.list_async({"types": ["refund.created"]})
    own = events.data[0].request
    events = await bench.client.v1.events.list_async({"types": ["charge.succeeded"]})
    payers = events.data[0].request

    assert own is not None
    assert payers is not None
    assert (own.id, own.idempotency_key) == (refund_request, "refund-one")
    assert (payers.id, payers.idempotency_key) == (None, None)


async def test_a_body_that_is_no_form_is_refused(bench: Bench) -> None:
    async with bench.http.post(
        f"{bench.url}/v1/refunds",
        data=b"\xff\xfe",
        headers={
            "Authorization": "Bearer sk_test_x",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    ) as response:
        assert response.status == 400


async def test_a_json_body_that_is_no_object_is_refused(bench: Bench) -> None:
    for body in (b"[1]", b"{"):
        async with bench.http.post(
            f"{bench.url}/v2/core/accounts",
            data=body,
            headers={"Authorization": "Bearer sk_test_x", "Content-Type": "application/json"},
        ) as response:
            assert response.status == 400

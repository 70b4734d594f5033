"""The calls by which Stripe's command line pays a session."""

from typing import Any

from tests.deploy.local.sandbox.bench import Bench, refused


async def _confirm(bench: Bench, session: str, **params: Any) -> Any:
    answer = await bench.client.raw_request_async(
        "post", f"/v1/payment_pages/{session}/confirm", **params
    )
    return answer.data


async def _method(bench: Bench, token: str = "tok_visa") -> str:
    method = await bench.client.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": token}}
    )
    return method.id


async def test_a_page_shows_its_session_and_takes_a_payment(bench: Bench) -> None:
    session = await bench.session()
    page = (await bench.client.raw_request_async("get", f"/v1/payment_pages/{session.id}")).data
    assert (page["session_id"], page["amount_total"]) == (session.id, 4900)

    paid = await _confirm(
        bench, session.id, payment_method=await _method(bench), expected_amount=4900
    )

    assert paid["status"] == "complete"
    after = await bench.client.v1.checkout.sessions.retrieve_async(session.id)
    assert after.payment_status == "paid"


async def test_another_amount_than_expected_is_refused(bench: Bench) -> None:
    session = await bench.session()

    error = await refused(
        _confirm(bench, session.id, payment_method=await _method(bench), expected_amount=1)
    )

    assert error.code == "checkout_amount_mismatch"


async def test_a_declined_card_is_a_card_error(bench: Bench) -> None:
    session = await bench.session()

    error = await refused(
        _confirm(bench, session.id, payment_method=await _method(bench, "tok_chargeDeclined"))
    )

    assert (error.http_status, error.code) == (402, "card_declined")


async def test_a_closed_session_and_a_blocked_card_are_refused(bench: Bench) -> None:
    session = await bench.session()
    await bench.pay(session.id)
    blocking = await bench.session(
        payment_method_options={"card": {"restrictions": {"brands_blocked": ["visa"]}}}
    )
    method = await _method(bench)

    closed = await refused(_confirm(bench, session.id, payment_method=method))
    blocked = await refused(_confirm(bench, blocking.id, payment_method=method))
    missing = await refused(_confirm(bench, "cs_test_none", payment_method=method))

    assert closed.code == "checkout_not_active_session"
    assert blocked.http_status == 400
    assert missing.http_status == 404

"""One payment from the session to the fee, and back, as the product lives it."""

import stripe

from tests.deploy.local.sandbox.bench import Bench


async def test_a_session_is_paid_told_and_settled(bench: Bench) -> None:
    endpoint = await bench.listen()
    assert endpoint.secret is not None
    session = await bench.session(
        client_reference_id="payment-1",
        metadata={"payment_id": "payment-1"},
        payment_intent_data={"metadata": {"payment_id": "payment-1"}, "description": "W, R"},
    )

    answer = await bench.pay(session.id)

    assert answer["outcome"] == "succeeded"
    await bench.listener.wait_for("charge.updated")
    assert bench.listener.types == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]
    for letter in bench.listener.letters:
        bench.client.construct_event(letter.body, letter.signature, endpoint.secret)
    completed = bench.listener.of_type("checkout.session.completed")[0]["data"]["object"]
    assert (completed["id"], completed["payment_status"]) == (session.id, "paid")
    assert completed["client_reference_id"] == "payment-1"
    intent = await bench.client.v1.payment_intents.retrieve_async(
        completed["payment_intent"], {"expand": ["latest_charge.balance_transaction"]}
    )
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.metadata.to_dict() == {"payment_id": "payment-1"}
    booking = intent.latest_charge.balance_transaction
    assert isinstance(booking, stripe.BalanceTransaction)
    assert (booking.amount, booking.fee, booking.net) == (4900, 172, 4728)


async def test_the_payer_waits_for_the_webhook_and_is_sent_on(bench: Bench) -> None:
    await bench.listen("checkout.session.completed")
    session = await bench.session()
    assert session.url is not None

    async with bench.http.post(
        session.url, data={"card": "4242424242424242"}, allow_redirects=False
    ) as response:
        location = response.headers["Location"]

    assert response.status == 303
    assert location == f"http://127.0.0.1:9/done?session={session.id}"
    assert bench.listener.types == ["checkout.session.completed"]


async def test_a_refund_is_told_and_counted(bench: Bench) -> None:
    await bench.listen("refund.created", "charge.refunded")
    charge = await bench.paid()

    refund = await bench.client.v1.refunds.create_async({"charge": charge, "amount": 1000})

    assert refund.status == "succeeded"
    refunded = await bench.listener.wait_for("charge.refunded")
    assert refunded["data"]["object"]["amount_refunded"] == 1000
    assert [entry["type"] for entry in await bench.ledger()].count("refund") == 1

"""The platform's share of a connected account's charge."""

import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, refused

HERS = {"stripe_account": ANNA}


async def _paid_with_fee(bench: Bench) -> str:
    await bench.control(f"accounts/{ANNA}/connect")
    return await bench.paid(
        options={"stripe_account": ANNA}, payment_intent_data={"application_fee_amount": 500}
    )


async def test_the_fee_is_booked_on_both_sides(bench: Bench) -> None:
    await bench.listen("application_fee.created")
    charge_id = await _paid_with_fee(bench)
    charge = await bench.settled(charge_id, HERS)

    booking = charge.balance_transaction
    assert isinstance(booking, stripe.BalanceTransaction)
    assert [(one.type, one.amount) for one in booking.fee_details] == [
        ("stripe_fee", 172),
        ("application_fee", 500),
    ]
    assert booking.net == 4900 - 672
    fees = await bench.client.v1.application_fees.list_async({"charge": charge_id})
    assert (fees.data[0].amount, fees.data[0].account) == (500, ANNA)
    assert charge.application_fee == fees.data[0].id
    await bench.listener.wait_for("application_fee.created")


async def test_the_fee_is_kept_on_a_refund_unless_it_is_given_back(bench: Bench) -> None:
    charge_id = await _paid_with_fee(bench)
    await bench.settled(charge_id, HERS)
    refunds, fees = bench.client.v1.refunds, bench.client.v1.application_fees

    await refunds.create_async({"charge": charge_id, "amount": 980}, {"stripe_account": ANNA})
    kept = (await fees.list_async()).data[0]
    await refunds.create_async(
        {"charge": charge_id, "amount": 980, "refund_application_fee": True},
        {"stripe_account": ANNA},
    )
    part = (await fees.list_async()).data[0]
    await refunds.create_async(
        {"charge": charge_id, "refund_application_fee": True}, {"stripe_account": ANNA}
    )
    whole = await fees.retrieve_async(part.id)

    assert (kept.amount_refunded, part.amount_refunded) == (0, 100)
    assert (whole.amount_refunded, whole.refunded) == (500, True)
    assert [one.amount for one in whole.refunds.data] == [400, 100]


async def test_a_fee_above_the_amount_is_refused(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")

    error = await refused(
        bench.session(
            {"stripe_account": ANNA}, payment_intent_data={"application_fee_amount": 4901}
        )
    )

    assert error.http_status == 400


async def test_a_connected_accounts_share_is_unknown_to_it(bench: Bench) -> None:
    charge_id = await _paid_with_fee(bench)
    await bench.settled(charge_id, HERS)

    fees = await bench.client.v1.application_fees.list_async(None, {"stripe_account": ANNA})

    assert fees.data == []

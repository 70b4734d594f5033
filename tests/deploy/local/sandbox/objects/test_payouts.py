"""Payouts and what they were made of."""

import stripe

from tests.deploy.local.sandbox.bench import Bench, refused


async def test_a_payout_empties_what_is_available(bench: Bench) -> None:
    await bench.listen("payout.created", "payout.paid")
    await bench.settled(await bench.paid())
    await bench.control("clock", {"advance": 3 * 86_400})

    made = await bench.control("payouts")

    payout = await bench.client.v1.payouts.retrieve_async(
        made["id"], {"expand": ["balance_transaction"]}
    )
    assert (payout.amount, payout.status) == (4728, "paid")
    assert isinstance(payout.balance_transaction, stripe.BalanceTransaction)
    assert payout.balance_transaction.net == -4728
    balance = await bench.client.v1.balance.retrieve_async()
    assert balance.available[0].amount == 0
    await bench.listener.wait_for("payout.paid")


async def test_what_is_in_a_payout_can_be_listed(bench: Bench) -> None:
    charge_id = await bench.paid()
    await bench.settled(charge_id)
    await bench.control("clock", {"advance": 3 * 86_400})
    made = await bench.control("payouts")
    await bench.settled(await bench.paid())

    inside = await bench.client.v1.balance_transactions.list_async({"payout": made["id"]})

    assert sorted(one.type for one in inside.data) == ["charge", "payout"]


async def test_nothing_available_pays_nothing_out(bench: Bench) -> None:
    await bench.settled(await bench.paid())

    await bench.control("payouts", status=409)


async def test_payouts_are_listed_by_status(bench: Bench) -> None:
    await bench.settled(await bench.paid())
    await bench.control("clock", {"advance": 3 * 86_400})
    made = await bench.control("payouts")
    payouts = bench.client.v1.payouts

    assert [one.id for one in (await payouts.list_async({"status": "paid"})).data] == [made["id"]]
    assert (await payouts.list_async({"status": "pending"})).data == []
    assert (await refused(payouts.retrieve_async("po_none"))).http_status == 404

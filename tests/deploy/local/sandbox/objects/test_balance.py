"""Balance transactions and the balance that they add up to."""

import stripe

from tests.deploy.local.sandbox.bench import Bench, refused


async def test_money_is_pending_first_and_available_two_days_later(bench: Bench) -> None:
    await bench.settled(await bench.paid())

    fresh = await bench.client.v1.balance.retrieve_async()
    await bench.control("clock", {"advance": 3 * 86_400})
    later = await bench.client.v1.balance.retrieve_async()

    assert (fresh.available[0].amount, fresh.pending[0].amount) == (0, 4728)
    assert (later.available[0].amount, later.pending[0].amount) == (4728, 0)


async def test_a_transactions_status_follows_the_clock(bench: Bench) -> None:
    charge = await bench.settled(await bench.paid())
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    transactions = bench.client.v1.balance_transactions

    fresh = await transactions.retrieve_async(charge.balance_transaction.id)
    await bench.control("clock", {"advance": 3 * 86_400})
    later = await transactions.retrieve_async(charge.balance_transaction.id)

    assert (fresh.status, later.status) == ("pending", "available")


async def test_transactions_are_found_by_source_type_and_currency(bench: Bench) -> None:
    charge_id = await bench.paid()
    await bench.settled(charge_id)
    refund = await bench.client.v1.refunds.create_async({"charge": charge_id, "amount": 100})
    transactions = bench.client.v1.balance_transactions

    by_source = await transactions.list_async({"source": refund.id, "expand": ["data.source"]})
    by_type = await transactions.list_async({"type": "charge"})
    by_currency = await transactions.list_async({"currency": "usd"})

    assert [one.type for one in by_source.data] == ["refund"]
    assert isinstance(by_source.data[0].source, stripe.Refund)
    assert [one.source for one in by_type.data] == [charge_id]
    assert by_currency.data == []


async def test_the_balance_is_the_sum_of_all_movements(bench: Bench) -> None:
    charge_id = await bench.paid()
    await bench.settled(charge_id)
    await bench.client.v1.refunds.create_async({"charge": charge_id, "amount": 1000})
    await bench.control("disputes", {"charge": await bench.paid()})
    await bench.control("clock", {"advance": 3 * 86_400})

    balance = await bench.client.v1.balance.retrieve_async()

    transactions = (await bench.client.v1.balance_transactions.list_async()).data
    assert len(transactions) == 4
    assert balance.available[0].amount == sum(one.net for one in transactions)


async def test_an_unknown_transaction_is_missing(bench: Bench) -> None:
    error = await refused(bench.client.v1.balance_transactions.retrieve_async("txn_none"))

    assert error.http_status == 404

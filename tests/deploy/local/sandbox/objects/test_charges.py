"""Charges and the settlement that follows them."""

import pytest
import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, line_item


async def test_the_balance_transaction_is_null_until_it_is_told(bench: Bench) -> None:
    await bench.control("settings", {"settlement_delay": 60})
    await bench.listen("charge.succeeded", "charge.updated")
    charge_id = await bench.paid()

    before = await bench.client.v1.charges.retrieve_async(charge_id)
    succeeded = await bench.listener.wait_for("charge.succeeded")
    await bench.control("clock", {"advance": 61})
    updated = await bench.listener.wait_for("charge.updated")

    assert before.balance_transaction is None
    assert succeeded["data"]["object"]["balance_transaction"] is None
    assert updated["data"]["object"]["balance_transaction"].startswith("txn_")
    assert updated["data"]["previous_attributes"] == {"balance_transaction": None}


@pytest.mark.parametrize(
    ("amount", "currency", "fee"), [(4900, "eur", 172), (50, "eur", 31), (100_000, "eur", 2930)]
)
async def test_the_fee_is_a_share_and_a_fixed_part(
    bench: Bench, amount: int, currency: str, fee: int
) -> None:
    charge = await bench.settled(await bench.paid(line_items=[line_item(amount, currency)]))

    booking = charge.balance_transaction
    assert isinstance(booking, stripe.BalanceTransaction)
    assert (booking.fee, booking.net) == (fee, amount - fee)
    assert [(detail.type, detail.amount) for detail in booking.fee_details] == [("stripe_fee", fee)]


async def test_another_currency_is_exchanged_into_the_accounts_own(bench: Bench) -> None:
    charge = await bench.settled(await bench.paid(line_items=[line_item(10_000, "usd")]))

    booking = charge.balance_transaction
    assert isinstance(booking, stripe.BalanceTransaction)
    assert (charge.amount, charge.currency) == (10_000, "usd")
    assert (booking.amount, booking.currency, booking.exchange_rate) == (9200, "eur", 0.92)
    assert booking.fee == 297


async def test_yen_have_no_cents_on_their_way_to_euros(bench: Bench) -> None:
    charge = await bench.settled(await bench.paid(line_items=[line_item(5000, "jpy")]))

    booking = charge.balance_transaction
    assert isinstance(booking, stripe.BalanceTransaction)
    assert (booking.amount, booking.exchange_rate) == (3000, 0.006)


async def test_a_charge_carries_what_its_session_wanted(bench: Bench) -> None:
    charge_id = await bench.paid(
        payment_intent_data={
            "description": "Price your work, Ana Ruiz",
            "metadata": {"payment_id": "p1"},
            "receipt_email": "ana@example.com",
            "statement_descriptor_suffix": "WORK",
        },
        metadata={"only": "on the session"},
    )

    charge = await bench.client.v1.charges.retrieve_async(charge_id)

    assert charge.description == "Price your work, Ana Ruiz"
    assert charge.metadata.to_dict() == {"payment_id": "p1"}
    assert charge.receipt_email == "ana@example.com"
    assert charge.statement_descriptor_suffix == "WORK"
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.receipt_url == f"{bench.url}/receipts/{charge_id}"


async def test_a_failed_charge_is_never_booked(bench: Bench) -> None:
    charge_id = await bench.paid("4000000000000002")
    await bench.control("clock", {"advance": 60})

    charge = await bench.client.v1.charges.retrieve_async(charge_id)

    assert (charge.status, charge.paid, charge.captured) == ("failed", False, False)
    assert charge.balance_transaction is None
    assert charge.outcome is not None
    assert charge.outcome.type == "issuer_declined"
    assert await bench.ledger() == []


async def test_a_charge_can_be_described_later_and_says_what_changed(bench: Bench) -> None:
    await bench.listen("charge.updated")
    charge_id = await bench.paid()
    await bench.settled(charge_id)
    await bench.listener.wait_for("charge.updated")

    await bench.client.v1.charges.update_async(charge_id, {"description": "Seat 7"})

    event = await bench.listener.wait_for("charge.updated", 2)
    assert event["data"]["object"]["description"] == "Seat 7"
    assert event["data"]["previous_attributes"] == {"description": None}


async def test_charges_are_found_by_their_intent(bench: Bench) -> None:
    session = await bench.session()
    answer = await bench.pay(session.id)
    await bench.paid()

    found = await bench.client.v1.charges.list_async({"payment_intent": answer["payment_intent"]})

    assert [charge.id for charge in found.data] == [answer["charge"]]


async def test_a_charge_in_a_connected_account_names_the_application(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    charge_id = await bench.paid(options={"stripe_account": ANNA})

    charge = await bench.client.v1.charges.retrieve_async(
        charge_id, options={"stripe_account": ANNA}
    )

    assert charge.application == "ca_sandbox"

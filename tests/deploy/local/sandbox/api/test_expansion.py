"""Ids become objects where a request asks for it."""

import stripe

from tests.deploy.local.sandbox.bench import Bench, refused


async def test_ids_are_plain_unless_expanded(bench: Bench) -> None:
    charge_id = await bench.paid()

    charge = await bench.client.v1.charges.retrieve_async(charge_id)

    assert isinstance(charge.payment_intent, str)


async def test_several_levels_expand_in_one_path(bench: Bench) -> None:
    charge_id = await bench.paid()
    await bench.settled(charge_id)
    sessions = await bench.client.v1.checkout.sessions.list_async(
        {"expand": ["data.payment_intent.latest_charge.balance_transaction"]}
    )

    intent = sessions.data[0].payment_intent

    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)


async def test_two_paths_share_their_beginning(bench: Bench) -> None:
    charge_id = await bench.paid()
    intent_id = (await bench.client.v1.charges.retrieve_async(charge_id)).payment_intent
    assert isinstance(intent_id, str)

    intent = await bench.client.v1.payment_intents.retrieve_async(
        intent_id, {"expand": ["latest_charge.refunds", "latest_charge.payment_intent"]}
    )

    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.payment_intent, stripe.PaymentIntent)
    assert intent.latest_charge.refunds is not None
    assert intent.latest_charge.refunds.data == []


async def test_line_items_and_refunds_are_lists_that_come_when_asked(bench: Bench) -> None:
    charge_id = await bench.paid()
    await bench.client.v1.refunds.create_async({"charge": charge_id, "amount": 100})

    charge = await bench.client.v1.charges.retrieve_async(
        charge_id, {"expand": ["refunds.data.balance_transaction"]}
    )
    session = (
        await bench.client.v1.checkout.sessions.list_async({"expand": ["data.line_items"]})
    ).data[0]

    assert charge.refunds is not None
    assert isinstance(charge.refunds.data[0].balance_transaction, stripe.BalanceTransaction)
    assert session.line_items is not None
    assert session.line_items.data[0].description == "Price your work"


async def test_a_null_field_stays_null(bench: Bench) -> None:
    session = await bench.session(None, expand=["payment_intent", "customer"])

    assert session.payment_intent is None
    assert session.customer is None


async def test_a_field_that_cannot_be_expanded_is_refused(bench: Bench) -> None:
    session = await bench.session()
    sessions = bench.client.v1.checkout.sessions

    plain = await refused(sessions.retrieve_async(session.id, {"expand": ["amount_total"]}))
    in_list = await refused(sessions.list_async({"expand": ["payment_intent"]}))

    assert plain.user_message == "This property cannot be expanded (amount_total)."
    assert in_list.user_message == (
        "This property cannot be expanded (payment_intent). You may want to try expanding "
        "'data.payment_intent' instead."
    )


async def test_a_wrong_path_is_refused_for_an_empty_list_too(bench: Bench) -> None:
    error = await refused(bench.client.v1.refunds.list_async({"expand": ["data.amount"]}))

    assert error.user_message == "This property cannot be expanded (amount)."


async def test_more_than_four_levels_are_refused(bench: Bench) -> None:
    session = await bench.session()

    error = await refused(
        bench.client.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["a.b.c.d.e"]})
    )

    assert "4 levels" in str(error.user_message)


async def test_expanding_changes_nothing_that_is_stored(bench: Bench) -> None:
    charge_id = await bench.paid()
    await bench.client.v1.charges.retrieve_async(charge_id, {"expand": ["payment_intent"]})

    charge = await bench.client.v1.charges.retrieve_async(charge_id)

    assert isinstance(charge.payment_intent, str)

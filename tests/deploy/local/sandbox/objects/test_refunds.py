"""Refunds: whole and in parts, refused, pending, failing and cancelled."""

from typing import Any

import pytest
import stripe

from tests.deploy.local.sandbox.bench import Bench, line_item, refused


async def _refund(bench: Bench, charge: str, **more: Any) -> stripe.Refund:
    params: Any = {"charge": charge, **more}
    return await bench.client.v1.refunds.create_async(params)


async def test_a_refund_without_an_amount_takes_all_that_is_left(bench: Bench) -> None:
    charge_id = await bench.paid()

    part = await _refund(bench, charge_id, amount=900)
    rest = await _refund(bench, charge_id)

    charge = await bench.client.v1.charges.retrieve_async(charge_id)
    assert (part.amount, rest.amount, part.status) == (900, 4000, "succeeded")
    assert (charge.amount_refunded, charge.refunded) == (4900, True)


async def test_a_refund_may_name_the_intent(bench: Bench) -> None:
    answer = await bench.pay((await bench.session()).id)

    refund = await bench.client.v1.refunds.create_async(
        {"payment_intent": answer["payment_intent"], "reason": "requested_by_customer"}
    )

    assert (refund.charge, refund.payment_intent) == (answer["charge"], answer["payment_intent"])
    assert refund.reason == "requested_by_customer"


async def test_a_refund_is_booked_and_told(bench: Bench) -> None:
    await bench.listen("refund.created", "charge.refunded")
    charge_id = await bench.paid(payment_intent_data={"description": "Seat"})

    refund = await _refund(bench, charge_id, amount=900, metadata={"refund_id": "r1"})

    created = await bench.listener.wait_for("refund.created")
    refunded = await bench.listener.wait_for("charge.refunded")
    assert created["data"]["object"]["metadata"] == {"refund_id": "r1"}
    assert refunded["data"]["previous_attributes"] == {"amount_refunded": 0}
    assert isinstance(refund.balance_transaction, str)
    booking = await bench.client.v1.balance_transactions.retrieve_async(refund.balance_transaction)
    assert (booking.type, booking.amount, booking.fee, booking.net) == ("refund", -900, 0, -900)
    assert booking.description == "REFUND FOR CHARGE (Seat)"


async def test_more_than_is_left_is_refused_in_money(bench: Bench) -> None:
    charge_id = await bench.paid()
    await _refund(bench, charge_id, amount=1900)

    error = await refused(_refund(bench, charge_id, amount=4000))

    assert error.user_message == (
        "Refund amount (€40.00) is greater than unrefunded amount on charge (€30.00)"
    )
    assert error.error is not None
    assert error.error.param == "amount"


async def test_a_charge_that_went_back_whole_is_refused_by_name(bench: Bench) -> None:
    charge_id = await bench.paid()
    await _refund(bench, charge_id)

    error = await refused(_refund(bench, charge_id))

    assert error.code == "charge_already_refunded"
    assert error.user_message == f"Charge {charge_id} has already been refunded."


async def test_a_disputed_charge_is_refused(bench: Bench) -> None:
    charge_id = await bench.paid("4000000000000259")

    error = await refused(_refund(bench, charge_id))

    assert error.code == "charge_disputed"
    assert error.user_message == (
        f"Charge {charge_id} has been charged back; cannot issue a refund."
    )


async def test_an_inquiry_lets_a_refund_through(bench: Bench) -> None:
    charge_id = await bench.paid("4000000000001976")

    assert (await _refund(bench, charge_id)).status == "succeeded"


async def test_a_failed_charge_has_nothing_to_refund(bench: Bench) -> None:
    charge_id = await bench.paid("4000000000000002")

    error = await refused(_refund(bench, charge_id))

    assert "does not have a successful charge" in str(error.user_message)


async def test_a_refund_needs_something_to_refund(bench: Bench) -> None:
    refunds = bench.client.v1.refunds

    nothing = await refused(refunds.create_async({"amount": 5}))
    nobody = await refused(refunds.create_async({"charge": "ch_none"}))
    no_intent = await refused(refunds.create_async({"payment_intent": "pi_none"}))

    assert nothing.user_message == (
        "One of the following params should be provided for this request: payment_intent or charge."
    )
    assert (nobody.http_status, nobody.code) == (404, "resource_missing")
    assert no_intent.user_message == "No such payment_intent: 'pi_none'"


async def test_an_unpaid_intent_has_nothing_to_refund(bench: Bench) -> None:
    intent = await bench.client.v1.payment_intents.create_async({"amount": 900, "currency": "eur"})

    error = await refused(bench.client.v1.refunds.create_async({"payment_intent": intent.id}))

    assert "does not have a successful charge" in str(error.user_message)


async def test_nothing_and_less_cannot_be_refunded(bench: Bench) -> None:
    charge_id = await bench.paid()

    for amount in (0, -5):
        assert (await refused(_refund(bench, charge_id, amount=amount))).http_status == 400


async def test_one_card_refunds_after_a_while(bench: Bench) -> None:
    await bench.listen("refund.updated")
    await bench.control("settings", {"refund_delay": 60})
    charge_id = await bench.paid("4000000000007726")

    refund = await _refund(bench, charge_id)
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    await bench.control("clock", {"advance": 61})

    event = await bench.listener.wait_for("refund.updated")
    assert event["data"]["object"]["status"] == "succeeded"
    assert event["data"]["previous_attributes"] == {"status": "pending"}


async def test_one_cards_refund_fails_after_it_succeeded(bench: Bench) -> None:
    await bench.listen("refund.failed")
    await bench.control("settings", {"refund_delay": 60})
    charge_id = await bench.paid("4000000000005126")

    refund = await _refund(bench, charge_id)
    assert refund.status == "succeeded"
    await bench.control("clock", {"advance": 61})

    event = await bench.listener.wait_for("refund.failed")
    failed = event["data"]["object"]
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    charge = await bench.client.v1.charges.retrieve_async(charge_id)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    booking = await bench.client.v1.balance_transactions.retrieve_async(
        failed["failure_balance_transaction"]
    )
    assert (booking.type, booking.amount) == ("refund_failure", 4900)


async def test_an_account_without_money_refunds_later(bench: Bench) -> None:
    charge_id = await bench.paid()
    await bench.control("accounts/acct_sandbox_platform", {"refunds_pending": True})

    refund = await _refund(bench, charge_id, amount=900)
    assert (refund.status, refund.pending_reason) == ("pending", "insufficient_funds")
    assert refund.balance_transaction is None
    await bench.control(f"refunds/{refund.id}", {"status": "succeeded"})

    done = await bench.client.v1.refunds.retrieve_async(refund.id)
    assert done.status == "succeeded"
    assert done.balance_transaction is not None


@pytest.mark.parametrize("status", ["requires_action", "failed", "canceled"])
async def test_a_pending_refund_may_turn_out_in_every_way(bench: Bench, status: str) -> None:
    charge_id = await bench.paid("4000000000007726")
    refund = await _refund(bench, charge_id, amount=900)

    await bench.control(f"refunds/{refund.id}", {"status": status})

    after = await bench.client.v1.refunds.retrieve_async(refund.id)
    charge = await bench.client.v1.charges.retrieve_async(charge_id)
    assert after.status == status
    assert charge.amount_refunded == (900 if status == "requires_action" else 0)


async def test_a_pending_refund_can_be_cancelled_and_a_succeeded_one_cannot(bench: Bench) -> None:
    pending = await _refund(bench, await bench.paid("4000000000007726"))
    done = await _refund(bench, await bench.paid())
    refunds = bench.client.v1.refunds

    cancelled = await refunds.cancel_async(pending.id)
    error = await refused(refunds.cancel_async(done.id))

    assert cancelled.status == "canceled"
    assert error.user_message == "Canceling this refund is unsupported."


async def test_refunds_are_found_by_charge_and_intent(bench: Bench) -> None:
    answer = await bench.pay((await bench.session()).id)
    mine = await _refund(bench, answer["charge"], amount=100)
    await _refund(bench, await bench.paid(), amount=100)
    refunds = bench.client.v1.refunds

    by_charge = await refunds.list_async({"charge": answer["charge"]})
    by_intent = await refunds.list_async({"payment_intent": answer["payment_intent"]})

    assert [one.id for one in by_charge.data] == [mine.id]
    assert [one.id for one in by_intent.data] == [mine.id]


async def test_a_refunds_metadata_can_be_changed(bench: Bench) -> None:
    refund = await _refund(bench, await bench.paid(), metadata={"a": "1"})

    changed = await bench.client.v1.refunds.update_async(refund.id, {"metadata": {"b": "2"}})

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}


async def test_an_unknown_refund_is_missing(bench: Bench) -> None:
    error = await refused(bench.client.v1.refunds.retrieve_async("re_none"))

    assert (error.http_status, error.user_message) == (404, "No such refund: 're_none'")


async def test_a_bank_debit_is_refunded_as_a_transfer(bench: Bench) -> None:
    await bench.control("settings", {"bank_debit_delay": 0})
    session = await bench.session(line_items=[line_item(900)])
    answer = await bench.control(f"checkout/{session.id}/pay", {"iban": "AT611904300234573201"})
    await bench.control("clock", {"advance": 1})

    refund = await _refund(bench, answer["charge"])

    assert refund.destination_details is not None
    assert refund.destination_details.type == "eu_bank_transfer"

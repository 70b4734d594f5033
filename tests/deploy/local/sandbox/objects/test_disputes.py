"""Disputes: opened by cards and by banks, answered, won and lost."""

import pytest
import stripe

from tests.deploy.local.sandbox.bench import Bench, refused


async def _dispute_of(bench: Bench, charge: str) -> stripe.Dispute:
    return (await bench.client.v1.disputes.list_async({"charge": charge})).data[0]


@pytest.mark.parametrize(
    ("card", "reason", "status", "is_refundable"),
    [
        ("4000000000000259", "fraudulent", "needs_response", False),
        ("4000000000002685", "product_not_received", "needs_response", False),
        ("4000000000001976", "fraudulent", "warning_needs_response", True),
    ],
)
async def test_some_cards_dispute_at_once(
    bench: Bench, card: str, reason: str, status: str, is_refundable: bool
) -> None:
    charge_id = await bench.paid(card)

    dispute = await _dispute_of(bench, charge_id)

    assert (dispute.reason, dispute.status) == (reason, status)
    assert dispute.is_charge_refundable is is_refundable
    assert dispute.amount == 4900
    charge = await bench.client.v1.charges.retrieve_async(charge_id)
    assert charge.disputed


async def test_a_dispute_withdraws_the_money_and_a_fee(bench: Bench) -> None:
    charge_id = await bench.paid()

    await bench.control("disputes", {"charge": charge_id})

    booking = (await _dispute_of(bench, charge_id)).balance_transactions[0]
    assert (booking.amount, booking.fee, booking.net) == (-4900, 1500, -6400)
    assert booking.reporting_category == "dispute"


async def test_an_inquiry_takes_no_money(bench: Bench) -> None:
    charge_id = await bench.paid("4000000000001976")

    assert (await _dispute_of(bench, charge_id)).balance_transactions == []


async def test_a_won_dispute_brings_back_the_money_but_not_the_fee(bench: Bench) -> None:
    await bench.listen("charge.dispute.funds_reinstated", "charge.dispute.closed")
    dispute = await bench.control("disputes", {"charge": await bench.paid()})

    await bench.control(f"disputes/{dispute['id']}", {"status": "won"})

    await bench.listener.wait_for("charge.dispute.funds_reinstated")
    closed = (await bench.listener.wait_for("charge.dispute.closed"))["data"]["object"]
    assert closed["status"] == "won"
    assert [one["net"] for one in closed["balance_transactions"]] == [-6400, 4900]
    assert closed["is_charge_refundable"]


async def test_a_lost_dispute_changes_no_balance(bench: Bench) -> None:
    await bench.listen("charge.dispute.closed")
    dispute = await bench.control("disputes", {"charge": await bench.paid()})

    await bench.control(f"disputes/{dispute['id']}", {"status": "lost"})

    closed = (await bench.listener.wait_for("charge.dispute.closed"))["data"]["object"]
    assert (closed["status"], len(closed["balance_transactions"])) == ("lost", 1)


async def test_a_dispute_can_be_opened_in_a_later_state(bench: Bench) -> None:
    dispute = await bench.control("disputes", {"charge": await bench.paid(), "status": "lost"})
    inquiry = await bench.control(
        "disputes", {"charge": await bench.paid(), "status": "warning_needs_response"}
    )

    assert (dispute["status"], inquiry["status"]) == ("lost", "warning_needs_response")


async def test_an_inquiry_may_become_a_dispute(bench: Bench) -> None:
    await bench.listen("charge.dispute.funds_withdrawn", "charge.dispute.updated")
    dispute = await _dispute_of(bench, await bench.paid("4000000000001976"))

    await bench.client.v1.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}}
    )

    await bench.listener.wait_for("charge.dispute.funds_withdrawn")
    after = await bench.client.v1.disputes.retrieve_async(dispute.id)
    assert after.status == "needs_response"
    assert after.payment_method_details is not None
    assert after.payment_method_details.card is not None
    assert after.payment_method_details.card.case_type == "chargeback"


@pytest.mark.parametrize(
    ("text", "status"),
    [("winning_evidence", "won"), ("losing_evidence", "lost"), ("We sent it.", "under_review")],
)
async def test_evidence_decides_or_is_looked_at(bench: Bench, text: str, status: str) -> None:
    dispute = await _dispute_of(bench, await bench.paid("4000000000000259"))

    after = await bench.client.v1.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": text}, "submit": True}
    )

    assert after.status == status
    assert (after.evidence_details.has_evidence, after.evidence_details.submission_count) == (
        True,
        1,
    )


async def test_evidence_can_be_kept_without_being_sent(bench: Bench) -> None:
    dispute = await _dispute_of(bench, await bench.paid("4000000000000259"))

    after = await bench.client.v1.disputes.update_async(
        dispute.id, {"evidence": {"product_description": "A seat"}, "submit": False}
    )

    assert (after.status, after.evidence.product_description) == ("needs_response", "A seat")
    assert after.evidence_details.submission_method == "not_submitted"


async def test_closing_accepts_the_loss_once(bench: Bench) -> None:
    dispute = await _dispute_of(bench, await bench.paid("4000000000000259"))
    disputes = bench.client.v1.disputes

    closed = await disputes.close_async(dispute.id)
    again = await refused(disputes.close_async(dispute.id))

    assert closed.status == "lost"
    assert again.user_message == "This dispute is already closed"


async def test_disputes_are_found_by_intent(bench: Bench) -> None:
    answer = await bench.pay((await bench.session()).id, "4000000000000259")
    await bench.paid("4000000000000259")

    found = await bench.client.v1.disputes.list_async({"payment_intent": answer["payment_intent"]})

    assert [one.charge for one in found.data] == [answer["charge"]]


async def test_a_disputes_metadata_can_be_changed(bench: Bench) -> None:
    dispute = await _dispute_of(bench, await bench.paid("4000000000000259"))

    after = await bench.client.v1.disputes.update_async(dispute.id, {"metadata": {"seen": "yes"}})

    assert after.metadata.to_dict() == {"seen": "yes"}
    assert after.status == "needs_response"


async def test_only_a_charge_that_succeeded_can_be_disputed(bench: Bench) -> None:
    failed = await bench.paid("4000000000000002")

    await bench.control("disputes", {"charge": failed}, status=409)


async def test_a_closed_dispute_cannot_be_decided_again(bench: Bench) -> None:
    dispute = await bench.control("disputes", {"charge": await bench.paid(), "status": "won"})

    await bench.control(f"disputes/{dispute['id']}", {"status": "lost"}, status=409)

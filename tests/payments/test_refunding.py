"""Refunds against a Stripe that fails, races and changes its mind."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.events import Refunded, RefundFailed, RegistrantCreated
from tests.payments.box_office import BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUNDS = "/v1/refunds"
PENDING_CARD = "4000000000007726"
FAILING_CARD = "4000000000005126"


async def paid_with(office: BoxOffice, card: str) -> RegistrantCreated:
    registrant = await office.registered()
    await office.stripe.pay(await office.open_checkout(registrant), card)
    await office.told("payments.payment.succeeded", registrant)
    return registrant


async def refunds_of(office: BoxOffice, registrant: RegistrantCreated) -> list[dict[str, Any]]:
    return await office.rows(
        "SELECT * FROM refunds WHERE registrant_id = $1 ORDER BY requested_at",
        registrant.registrant_id,
    )


async def test_parts_and_the_rest(office: BoxOffice) -> None:
    registrant = await office.paid()

    await office.hear(office.refund_requested(registrant, amount_minor=900, keep_seat=True))
    part = await office.told("payments.refund.succeeded", registrant)
    await office.hear(office.refund_requested(registrant, notify=False))
    rest = await office.told("payments.refund.succeeded", registrant, 2)

    assert (part.amount_minor, part.refunded_minor, part.keep_seat) == (900, 900, True)
    assert (rest.amount_minor, rest.refunded_minor, rest.notify) == (4000, 4900, False)
    assert rest.version > part.version
    amounts = [one["amount"] for one in await office.stripe.ledger("refund", of=registrant)]
    assert sorted(amounts) == [900, 4000]


async def test_a_message_is_kept_until_stripe_has_done_it_and_told_with_it(
    office: BoxOffice,
) -> None:
    registrant = await office.paid()

    await office.hear(office.refund_requested(registrant, message="Sorry,\nwe are ill."))
    told = await office.told("payments.refund.succeeded", registrant)

    assert told.message == "Sorry,\nwe are ill."


async def test_the_same_request_delivered_twice_refunds_once(office: BoxOffice) -> None:
    registrant = await office.paid()
    request = office.refund_requested(registrant, amount_minor=900)
    again = request.model_copy(update={"event_id": uuid4()})

    await office.hear(request, request, again)
    await office.told("payments.refund.succeeded", registrant)
    await office.make_due("refunds")

    assert len(await office.stripe.ledger("refund", of=registrant)) == 1
    assert len(await refunds_of(office, registrant)) == 1


async def test_two_who_refund_everything_at_once_give_it_back_once(office: BoxOffice) -> None:
    registrant = await office.paid()

    await asyncio.gather(
        office.hear(office.refund_requested(registrant)),
        office.hear(office.refund_requested(registrant)),
    )
    await office.told("payments.refund.succeeded", registrant)
    failed = await office.told("payments.refund.failed", registrant)

    assert isinstance(failed, RefundFailed)
    assert failed.failure_reason == "nothing_left"
    refunded = [one["amount"] for one in await office.stripe.ledger("refund", of=registrant)]
    assert refunded == [4900]
    assert await office.exceptions(registrant) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "server_error"},
        {"fault": "reset_before_commit"},
        {"fault": "reset_after_commit"},
        {"fault": "truncated_body"},
        {"fault": "rate_limit"},
        {"fault": "lock_timeout"},
    ],
    ids=lambda fault: fault["fault"],
)
async def test_a_call_that_fails_on_the_way_refunds_once(
    office: BoxOffice, fault: dict[str, Any]
) -> None:
    registrant = await office.paid()
    await office.stripe.fault(**fault, method="POST", path=REFUNDS)

    await office.hear(office.refund_requested(registrant))
    await office.told("payments.refund.succeeded", registrant)
    await office.make_due("refunds")

    assert len(await office.stripe.ledger("refund", of=registrant)) == 1
    assert len(await office.published("payments.refund.succeeded", of=registrant)) == 1


async def test_a_stored_failure_is_looked_up_before_it_is_repeated(office: BoxOffice) -> None:
    registrant = await office.paid()
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.fault("server_error_stored", method="POST", path=REFUNDS, executed=True)
    await office.hear(office.refund_requested(registrant))

    async def called() -> bool:
        [row] = await refunds_of(office, registrant)
        return bool(row["status"] == "calling" and row["tries"] > 0)

    await eventually(called)
    await office.execute(
        "UPDATE refunds SET called_at = now() - interval '5 minutes', due_at = now() "
        "WHERE registrant_id = $1",
        registrant.registrant_id,
    )
    office.desk.wakes.refunds.set()

    await office.told("payments.refund.succeeded", registrant)
    assert len(await office.stripe.ledger("refund", of=registrant)) == 1


async def test_after_a_day_of_silence_nothing_is_repeated_blindly(office: BoxOffice) -> None:
    registrant = await office.paid()
    await office.stripe.fault("server_error", method="POST", path=REFUNDS, times=None)
    await office.hear(office.refund_requested(registrant))

    async def called() -> bool:
        [row] = await refunds_of(office, registrant)
        return bool(row["status"] == "calling")

    await eventually(called)
    await office.execute(
        "UPDATE refunds SET called_at = now() - interval '25 hours', due_at = now() "
        "WHERE registrant_id = $1",
        registrant.registrant_id,
    )
    office.desk.wakes.refunds.set()
    failed = await office.told("payments.refund.failed", registrant)

    assert failed.failure_reason == "no_answer"
    assert await office.exceptions(registrant) == ["refund_failed"]


async def test_a_refund_in_the_dashboard_is_taken_over(office: BoxOffice) -> None:
    registrant = await office.paid()
    [charge] = await office.stripe.ledger("charge", of=registrant)

    await office.stripe.order("refunds", charge=charge["id"], amount=1500)
    told = await office.told("payments.refund.succeeded", registrant)

    assert isinstance(told, Refunded)
    assert (told.origin, told.cause, told.amount_minor) == ("dashboard", "dashboard", 1500)
    assert (told.refunded_minor, told.paid_minor) == (1500, 4900)


async def test_ours_is_refused_when_the_dashboard_was_faster(office: BoxOffice) -> None:
    """Over-refund at Stripe ends as failed, never as a smaller refund."""
    registrant = await office.paid()
    [charge] = await office.stripe.ledger("charge", of=registrant)
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.fault("latency", method="POST", path=REFUNDS, seconds=0.5)
    await office.hear(office.refund_requested(registrant, amount_minor=4000))

    async def called() -> bool:
        [row] = await refunds_of(office, registrant)
        return bool(row["status"] == "calling")

    await eventually(called)
    await office.stripe.order("refunds", charge=charge["id"], amount=1500)
    failed = await office.told("payments.refund.failed", registrant)

    assert (failed.failure_reason, failed.amount_minor) == ("over_refund", 4000)
    refunded = [one["amount"] for one in await office.stripe.ledger("refund", of=registrant)]
    assert refunded == [1500]


async def test_a_dashboard_refund_that_nobody_told_is_seen_before_money_moves(
    office: BoxOffice,
) -> None:
    registrant = await office.paid()
    [charge] = await office.stripe.ledger("charge", of=registrant)
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.order("refunds", charge=charge["id"], amount=4900)

    await office.hear(office.refund_requested(registrant))
    told = await office.told("payments.refund.succeeded", registrant)

    assert told.origin == "dashboard"
    failed = await office.told("payments.refund.failed", registrant)
    assert failed.failure_reason == "nothing_left"
    assert await office.exceptions(registrant) == []
    assert len(await office.stripe.ledger("refund", of=registrant)) == 1


async def test_a_disputed_charge_is_refused(office: BoxOffice) -> None:
    registrant = await office.paid()
    [charge] = await office.stripe.ledger("charge", of=registrant)
    await office.stripe.order("disputes", charge=charge["id"])
    await office.told("payments.dispute.opened", registrant)

    await office.hear(office.refund_requested(registrant))
    failed = await office.told("payments.refund.failed", registrant)

    assert failed.failure_reason == "disputed"
    assert await office.exceptions(registrant) == ["refund_failed"]


async def test_a_dispute_that_nobody_told_is_seen_before_money_moves(office: BoxOffice) -> None:
    registrant = await office.paid()
    [charge] = await office.stripe.ledger("charge", of=registrant)
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.order("disputes", charge=charge["id"])
    # Asking Stripe for the refund would not tell us anything.
    await office.stripe.fault("server_error", method="POST", path=REFUNDS, times=None)

    await office.hear(office.refund_requested(registrant))
    failed = await office.told("payments.refund.failed", registrant)

    assert failed.failure_reason == "disputed"
    assert len(await office.published("payments.dispute.opened", of=registrant)) == 1


async def test_a_refund_that_the_bank_takes_its_time_for(office: BoxOffice) -> None:
    registrant = await paid_with(office, PENDING_CARD)

    await office.hear(office.refund_requested(registrant))

    await office.told("payments.refund.succeeded", registrant)
    assert len(await office.published("payments.refund.succeeded", of=registrant)) == 1


async def test_a_refund_that_fails_afterwards_is_corrected(office: BoxOffice) -> None:
    registrant = await paid_with(office, FAILING_CARD)

    await office.hear(office.refund_requested(registrant))
    failed = await office.told("payments.refund.failed", registrant)

    [refunded] = await office.published("payments.refund.succeeded", of=registrant)
    assert isinstance(refunded, Refunded)
    assert isinstance(failed, RefundFailed)
    assert (failed.refund_id, failed.refunded_minor) == (refunded.refund_id, 0)
    assert failed.version > refunded.version


async def test_a_request_for_an_unknown_payment_waits_for_it(office: BoxOffice) -> None:
    registrant = office.registrant()
    request = office.refund_requested(registrant)
    await office.hear(request)

    await office.hear(registrant)
    await office.stripe.pay(await office.open_checkout(registrant))
    await office.told("payments.payment.succeeded", registrant)
    await office.make_due("refunds")

    events = await eventually(
        lambda: office.published(
            "payments.refund.succeeded", "payments.refund.failed", of=registrant
        )
    )
    assert events[0].refund_id == request.refund_id  # type: ignore[attr-defined] # Both have it.


async def test_a_request_that_nobody_understands_is_told_after_ten_minutes(
    office: BoxOffice,
) -> None:
    request = office.refund_requested(office.registrant())
    await office.hear(request)
    await office.execute(
        "UPDATE refunds SET requested_at = now() - interval '11 minutes', due_at = now() "
        "WHERE refund_id = $1",
        request.refund_id,
    )
    office.desk.wakes.refunds.set()

    await eventually(
        lambda: office.rows(
            "SELECT FROM exceptions WHERE cause = 'refund_unmatched' AND about = $1",
            str(request.refund_id),
        )
    )
    [row] = await office.rows("SELECT status FROM refunds WHERE refund_id = $1", request.refund_id)
    assert row["status"] == "waiting"


async def test_a_charge_out_of_reach_does_not_keep_another_ones_money(office: BoxOffice) -> None:
    registrant = await office.paid()
    await office.execute(
        "INSERT INTO charges (stripe_payment_intent_id, payment_id, stripe_account_id, "
        "acting_for, is_live, amount_minor, currency, role, taken_at) "
        "SELECT 'pi_gone_' || c.payment_id, c.payment_id, 'acct_gone', 'acct_gone', c.is_live, "
        "c.amount_minor, c.currency, 'odd', c.taken_at FROM charges c JOIN payments p "
        "USING (payment_id) WHERE p.registrant_id = $1",
        registrant.registrant_id,
    )

    await office.hear(office.refund_requested(registrant))
    refunded = await office.told("payments.refund.succeeded", registrant)

    assert refunded.amount_minor == registrant.amount_minor


async def test_an_account_that_refuses_us_fails_the_refund(office: BoxOffice) -> None:
    registrant = await office.paid()
    await office.execute(
        "UPDATE charges SET acting_for = 'acct_gone' FROM payments p "
        "WHERE p.payment_id = charges.payment_id AND p.registrant_id = $1",
        registrant.registrant_id,
    )

    await office.hear(office.refund_requested(registrant))
    failed = await office.told("payments.refund.failed", registrant)

    assert failed.failure_reason == "account_refused"
    assert await office.exceptions(registrant) == ["refund_failed"]

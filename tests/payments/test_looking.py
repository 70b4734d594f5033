"""What is looked up at Stripe."""

import asyncio

import pytest

from tests.payments.box_office import BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def no_lookups(office: BoxOffice) -> bool:
    return not await office.rows("SELECT FROM lookups")


async def test_the_fees_of_a_rush_are_read_by_the_page(office: BoxOffice) -> None:
    await office.stripe.fault("server_error", path="/v1/balance_transactions*", times=None)
    registrants = await asyncio.gather(*(office.paid() for _ in range(4)))

    async def waiting() -> bool:
        # Of these four: what other tests left to look up goes its own way.
        rows = await office.rows(
            "SELECT FROM lookups JOIN payments USING (payment_id) "
            "WHERE tries > 0 AND registrant_id = ANY($1::uuid[])",
            [registrant.registrant_id for registrant in registrants],
        )
        return len(rows) == 4

    await eventually(waiting)
    await office.stripe.heal()
    # Reading them one by one would never succeed.
    await office.stripe.fault("server_error", path="/v1/balance_transactions/*", times=None)
    await office.make_due("lookups")

    for registrant in registrants:
        told = await office.told("payments.fee.settled", registrant)
        assert told.fee_minor == 172


@pytest.mark.parametrize("fault", ["server_error", "rate_limit", "truncated_body"])
async def test_a_fee_that_cannot_be_read_now_is_read_later(office: BoxOffice, fault: str) -> None:
    await office.stripe.fault(fault, path="/v1/balance_transactions*")

    registrant = await office.paid()

    await office.told("payments.fee.settled", registrant)
    await eventually(lambda: no_lookups(office))


async def test_a_charge_that_is_told_again_is_not_read_again(office: BoxOffice) -> None:
    registrant = await office.paid()
    await office.told("payments.fee.settled", registrant)
    await eventually(lambda: no_lookups(office))
    events = await office.stripe.api("GET", "/v1/events", type="charge.updated", limit=1)

    await office.execute("DELETE FROM stripe_events WHERE type = 'charge.updated'")
    await office.stripe.order("webhooks/resend", event=events["data"][0]["id"])

    await eventually(
        lambda: office.rows(
            "SELECT FROM stripe_events WHERE type = 'charge.updated' AND processed_at IS NOT NULL"
        )
    )
    assert await no_lookups(office)
    assert len(await office.published("payments.fee.settled", of=registrant)) == 1


async def test_a_refund_of_money_nobody_told_of_brings_the_money_along(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.pay(session_id)
    [charge] = await office.stripe.ledger("charge", of=registrant)
    await office.stripe.order("webhooks", drop=1.0, types=["checkout.session.completed"])

    await office.stripe.order("refunds", charge=charge["id"], amount=900)

    await office.told("payments.payment.succeeded", registrant)
    told = await office.told("payments.refund.succeeded", registrant)
    assert (told.amount_minor, told.paid_minor) == (900, 4900)

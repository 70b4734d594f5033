"""Everything is settled where no webhook is ever delivered."""

import pytest

from tests.payments.box_office import BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_payment_is_learnt_by_listing(deaf_office: BoxOffice) -> None:
    registrant = await deaf_office.paid()

    told = await deaf_office.told("payments.fee.settled", registrant)

    assert told.net_minor == 4728
    assert (await deaf_office.attempts(registrant))[0]["outcome"] == "paid"
    assert len(await deaf_office.published("payments.payment.succeeded", of=registrant)) == 1


async def test_refunds_and_disputes_of_the_dashboard_are_learnt(deaf_office: BoxOffice) -> None:
    registrant = await deaf_office.paid()
    [charge] = await deaf_office.stripe.ledger("charge", of=registrant)
    # Keeps the account busy, so that it is listed every two seconds.
    await deaf_office.open_checkout(await deaf_office.registered())

    await deaf_office.stripe.order("refunds", charge=charge["id"], amount=900)
    await deaf_office.stripe.order("disputes", charge=charge["id"])

    refunded = await deaf_office.told("payments.refund.succeeded", registrant)
    disputed = await deaf_office.told("payments.dispute.opened", registrant)
    assert refunded.origin == "dashboard"
    assert disputed.reason == "fraudulent"


async def test_a_session_that_ends_is_learnt(deaf_office: BoxOffice) -> None:
    registrant = await deaf_office.registered()
    session_id = await deaf_office.open_checkout(registrant)
    await deaf_office.hear(deaf_office.hold_ended(registrant))

    await deaf_office.stripe.order(f"checkout/{session_id}/expire")

    await deaf_office.told("payments.checkout.expired", registrant)


async def test_what_the_webhooks_lost_is_found(office: BoxOffice) -> None:
    await office.stripe.order("webhooks", drop=1.0)
    registrant = await office.registered()
    await office.stripe.pay(await office.open_checkout(registrant))

    await office.execute("UPDATE reconciliations SET listed_at = NULL, due_at = now()")

    await office.told("payments.payment.succeeded", registrant)
    rows = await office.rows("SELECT DISTINCT source FROM stripe_events")
    assert "reconciliation" in {row["source"] for row in rows}


async def test_listing_starts_where_it_stopped(deaf_office: BoxOffice) -> None:
    registrant = await deaf_office.paid()
    del registrant

    async def progress() -> bool:
        rows = await deaf_office.rows("SELECT listed_until, listed_at FROM reconciliations")
        return bool(rows and rows[0]["listed_until"] and rows[0]["listed_at"])

    await eventually(progress)
    events = await deaf_office.rows("SELECT count(*) FROM stripe_events")
    await deaf_office.execute("UPDATE reconciliations SET listed_at = NULL, due_at = now()")
    await eventually(
        lambda: deaf_office.rows("SELECT FROM reconciliations WHERE listed_at IS NOT NULL")
    )
    assert await deaf_office.rows("SELECT count(*) FROM stripe_events") == events


async def test_an_account_that_cannot_be_listed_keeps_its_place(deaf_office: BoxOffice) -> None:
    registrant = await deaf_office.registered()
    session_id = await deaf_office.open_checkout(registrant)
    await deaf_office.stripe.fault("server_error", path="/v1/events")
    await deaf_office.stripe.pay(session_id)

    await eventually(
        lambda: deaf_office.rows("SELECT FROM reconciliations WHERE failure IS NOT NULL")
    )
    await deaf_office.told("payments.payment.succeeded", registrant, timeout=20)

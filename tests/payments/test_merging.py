"""Stored events become true: whatever is in the inbox, in whatever order and however often."""

import asyncio
import json
import time
from uuid import uuid4

import pytest

from services.payments.store.stripe_events import StoredEvent, add_events
from services.payments.stripe_gateway import sign_webhook
from shared.events import DisputeClosed, DisputeOpened, FeeSettled, PaymentFailed
from tests.payments.box_office import DECLINED_CARD, BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_duplicated_and_reordered_webhooks_charge_and_tell_once(office: BoxOffice) -> None:
    await office.stripe.order("webhooks", duplicate=3, reorder=0.2)

    registrants = await asyncio.gather(*(office.paid() for _ in range(5)))
    await office.stripe.order("quiet")
    for registrant in registrants:
        await office.told("payments.fee.settled", registrant)

    for registrant in registrants:
        assert len(await office.published("payments.payment.succeeded", of=registrant)) == 1
        assert len(await office.stripe.ledger("charge", of=registrant)) == 1
        assert (await office.attempts(registrant))[0]["outcome"] == "paid"


async def test_a_webhook_that_beats_our_own_call_is_not_lost(office: BoxOffice) -> None:
    registrant = await office.registered()
    await office.stripe.fault("slow_execution", path="/v1/checkout/sessions", seconds=0.05)
    await office.stripe.fault("timeout_after_commit", path="/v1/checkout/sessions", limit=1.0)
    office.desk.patience_seconds = 0.1
    await office.get(office.pay_path(registrant))
    [session] = await eventually(lambda: office.sessions_of(registrant))

    await office.stripe.pay(session["id"])

    await office.told("payments.payment.succeeded", registrant)
    await office.make_due("attempts")
    [attempt] = await office.attempts(registrant)
    assert (attempt["outcome"], attempt["stripe_object_id"]) == ("paid", session["id"])
    assert len(await office.stripe.ledger("charge", of=registrant)) == 1


async def test_a_declined_card_is_told_and_leaves_the_session_open(office: BoxOffice) -> None:
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)

    await office.stripe.pay(session_id, DECLINED_CARD)

    failed = await office.told("payments.payment.failed", registrant)
    assert isinstance(failed, PaymentFailed)
    assert failed.decline_code == "generic_decline"
    assert failed.message == "Your card was declined."
    await office.stripe.pay(session_id)
    await office.told("payments.payment.succeeded", registrant)
    assert len(await office.published("payments.payment.failed", of=registrant)) == 1


async def test_fee_and_net_are_stripes(office: BoxOffice) -> None:
    registrant = await office.paid()

    told = await office.told("payments.fee.settled", registrant)

    assert isinstance(told, FeeSettled)
    assert (told.fee_minor, told.net_minor, told.settlement_currency) == (172, 4728, "EUR")
    [entry] = await office.rows(
        "SELECT l.* FROM ledger l JOIN payments USING (payment_id) WHERE registrant_id = $1",
        registrant.registrant_id,
    )
    assert (entry["amount_minor"], entry["type"]) == (4900, "charge")


async def test_the_ledger_is_only_added_to(office: BoxOffice) -> None:
    registrant = await office.paid()
    await office.told("payments.fee.settled", registrant)

    for statement in ("UPDATE ledger SET fee_minor = 0", "DELETE FROM ledger"):
        with pytest.raises(Exception, match="only ever added to"):
            await office.execute(statement)


async def test_a_dispute_is_taken_over_with_its_money(office: BoxOffice) -> None:
    registrant = await office.paid()
    [charge] = await office.stripe.ledger("charge", of=registrant)

    dispute = await office.stripe.order("disputes", charge=charge["id"])
    opened = await office.told("payments.dispute.opened", registrant)
    await office.stripe.order(f"disputes/{dispute['id']}", status="won")
    closed = await office.told("payments.dispute.closed", registrant)

    assert isinstance(opened, DisputeOpened)
    assert (opened.dispute_id, opened.amount_minor) == (dispute["id"], 4900)
    assert isinstance(closed, DisputeClosed)
    assert (closed.status, closed.version > opened.version) == ("won", True)

    async def fee() -> bool:
        told = await office.told("payments.fee.settled", registrant)
        return bool(told.fee_minor + told.net_minor == 4900 and told.fee_minor > 172)

    await eventually(fee)


async def test_yen_are_charged_as_yen(office: BoxOffice) -> None:
    registrant = await office.paid(amount_minor=500, currency="JPY")

    [charge] = await office.stripe.ledger("charge", of=registrant)

    assert (charge["amount"], charge["currency"]) == (500, "jpy")


async def test_another_business_in_the_same_account_is_left_alone(office: BoxOffice) -> None:
    before = await office.rows("SELECT count(*) FROM payments")
    intent = await office.stripe.api(
        "POST",
        "/v1/payment_intents",
        amount=1000,
        currency="eur",
        confirm="true",
        payment_method="pm_card_visa",
        return_url="https://shop.example",
    )
    refund = await office.stripe.api("POST", "/v1/refunds", payment_intent=intent["id"])

    async def merged() -> bool:
        rows = await office.rows(
            "SELECT processed_at FROM stripe_events WHERE position($1::bytea IN body) > 0",
            refund["id"].encode(),
        )
        return bool(rows) and all(row["processed_at"] for row in rows)

    await office.stripe.order("quiet")
    await eventually(merged)
    await eventually(lambda: _no_lookups(office))
    assert await office.rows("SELECT count(*) FROM payments") == before
    assert not await office.rows("SELECT FROM charges WHERE amount_minor = 1000")


async def _no_lookups(office: BoxOffice) -> bool:
    return not await office.rows("SELECT FROM lookups")


async def test_an_event_that_cannot_be_merged_holds_up_nobody(office: BoxOffice) -> None:
    broken = {
        "id": f"evt_{uuid4().hex}",
        "type": "charge.updated",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": {"id": "ch_1", "object": "charge", "metadata": {}}},
    }
    body = json.dumps(broken).encode()
    async with office.http.post(
        f"{office.url}/stripe/webhooks",
        data=body,
        headers={"Stripe-Signature": sign_webhook(body, office.settings.webhook_secrets[0])},
    ) as answer:
        assert answer.status == 200

    await office.paid()
    await office.execute(
        "UPDATE stripe_events SET tries = 4 WHERE stripe_event_id = $1", broken["id"]
    )

    async def told() -> bool:
        await office.make_due("stripe_events")
        rows = await office.rows("SELECT about FROM exceptions WHERE cause = 'unmerged_event'")
        return any(row["about"] == broken["id"] for row in rows)

    await eventually(told)
    await office.execute("DELETE FROM stripe_events WHERE stripe_event_id = $1", broken["id"])


async def test_an_account_cannot_pay_for_anothers_registrant(office: BoxOffice) -> None:
    """Whoever owns an account writes its metadata: our ids in it prove nothing."""
    registrant = await office.registered()
    await office.open_checkout(registrant)
    [session] = await office.sessions_of(registrant)
    paid = session | {
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": f"pi_{uuid4().hex}",
    }
    document = {
        "id": f"evt_{uuid4().hex}",
        "type": "checkout.session.completed",
        "livemode": False,
        "created": int(time.time()),
        "account": "acct_attacker",
        "data": {"object": paid},
    }
    async with office.database.connection() as connection:
        await add_events(
            connection,
            [
                StoredEvent(
                    str(document["id"]),
                    "acct_attacker",
                    "checkout.session.completed",
                    json.dumps(document).encode(),
                )
            ],
            source="webhook",
        )
    office.desk.wakes.stripe_events.set()

    await eventually(lambda: office.exceptions(registrant))

    assert await office.exceptions(registrant) == ["money_elsewhere"]
    assert await office.published("payments.payment.succeeded", of=registrant) == []
    assert (await office.attempts(registrant))[0]["status"] == "open"

"""What goes wrong in the world around a purchase: one charge, one seat, one mail all the same.

Judged from Stripe's ledger and the mailbox, never from our own tables.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import pytest

from tests.system.box import Box, Json
from tests.waiting import eventually

pytestmark = pytest.mark.system


@asynccontextmanager
async def stripe_fault(box: Box, **rule: object) -> AsyncIterator[None]:
    await box.sandbox("/faults", rule)
    try:
        yield
    finally:
        await box.session.delete(f"{box.demo['sandbox_url']}/_sandbox/faults")


@asynccontextmanager
async def webhooks(box: Box, **policy: object) -> AsyncIterator[None]:
    await box.sandbox("/webhooks", policy)
    try:
        yield
    finally:
        await box.sandbox("/webhooks", {})


async def assert_bought_once(box: Box, registered: Json) -> None:
    await box.until_status(registered, "confirmed")
    await box.until_mails(registered, 1)
    assert [entry["amount"] for entry in await box.ledger(registered, "charge")] == [4900]
    assert await box.ledger(registered, "refund") == []
    assert len(await box.mails(registered)) == 1


async def test_webhooks_twice_over_and_in_any_order(box: Box) -> None:
    webinar = await box.schedule()
    async with webhooks(box, duplicate=2, reorder=0.3):
        registered = [await box.register(webinar) for _ in range(5)]
        for one in registered:
            await box.pay(await box.open_checkout(one))
        for one in registered:
            await assert_bought_once(box, one)


async def test_an_answer_lost_after_stripe_made_the_session(box: Box) -> None:
    registered = await box.register(await box.schedule())
    async with stripe_fault(
        box, fault="reset_after_commit", method="POST", path="/v1/checkout/sessions"
    ):
        session_id = await box.open_checkout(registered)
    await box.pay(session_id)

    await assert_bought_once(box, registered)


async def test_an_answer_lost_after_stripe_booked_the_refund(box: Box) -> None:
    registered = await box.buy(await box.schedule())
    async with stripe_fault(box, fault="reset_after_commit", method="POST", path="/v1/refunds"):
        status, _ = await box.refund(registered, {"amount_minor": 1000})
        assert status == 202

        async def booked() -> bool:
            return bool((await box.registrant(registered))["amount_refunded_minor"] == 1000)

        await eventually(booked, 30)

    assert [entry["amount"] for entry in await box.ledger(registered, "refund")] == [1000]


async def test_a_webhook_that_comes_before_our_own_call_has_returned(box: Box) -> None:
    registered = await box.register(await box.schedule())
    async with stripe_fault(
        box, fault="truncated_body", method="POST", path="/v1/checkout/sessions", times=1
    ):
        session_id = await box.open_checkout(registered)
        await box.pay(session_id)

    await assert_bought_once(box, registered)


async def test_two_tabs_share_one_session(box: Box) -> None:
    registered = await box.register(await box.schedule())

    sessions = await asyncio.gather(*(box.open_checkout(registered) for _ in range(6)))
    assert len(set(sessions)) == 1
    await box.pay(sessions[0])

    await assert_bought_once(box, registered)


async def test_a_hold_that_ends_while_the_payment_completes_keeps_its_seat(box: Box) -> None:
    webinar = await box.schedule(capacity=1)
    registered = await box.register(webinar)
    session_id = await box.open_checkout(registered)

    # The clock of this registrant's hold runs out while the session is open.
    await box.query(
        "UPDATE registration.registrants SET pay_by = now() WHERE id = $1::uuid", registered["id"]
    )

    async def has_lapsed() -> bool:
        return bool(
            await box.query(
                "SELECT hold_ended_at IS NOT NULL FROM registration.registrants "
                "WHERE id = $1::uuid",
                registered["id"],
            )
        )

    await eventually(has_lapsed, 30)
    await box.register(webinar, expect=409)
    await box.pay(session_id)

    await assert_bought_once(box, registered)


async def test_a_session_that_expires_unpaid_gives_the_seat_back(box: Box) -> None:
    webinar = await box.schedule(capacity=1)
    registered = await box.register(webinar)
    session_id = await box.open_checkout(registered)

    await box.sandbox(f"/checkout/{session_id}/expire")
    await box.query(
        "UPDATE registration.registrants SET pay_by = now() WHERE id = $1::uuid", registered["id"]
    )

    await box.until_status(registered, "released")
    await assert_bought_once(box, await box.buy(webinar))
    assert await box.ledger(registered) == []
    [mail] = await box.until_mails(registered, 1)
    assert mail["subject"]


async def test_a_cancelled_webinar_with_sessions_open_takes_no_money(box: Box) -> None:
    webinar = await box.schedule()
    registered = await box.register(webinar)
    session_id = await box.open_checkout(registered)

    status, said = await box.call("POST", f"/webinars/{webinar['id']}/cancel")
    assert status < 300, said

    await box.until_status(registered, "cancelled")

    async def takes_nothing() -> bool:
        try:
            await box.pay(session_id)
        except AssertionError:
            return True  # The session was expired: nobody can pay any more.
        charged = sum(entry["amount"] for entry in await box.ledger(registered, "charge"))
        returned = sum(entry["amount"] for entry in await box.ledger(registered, "refund"))
        return bool(charged == returned)

    await eventually(takes_nothing, 30)


async def test_a_relay_stopped_in_its_tracks_sends_nothing_twice(box: Box) -> None:
    webinar = await box.schedule()
    first = await box.register(webinar)
    stopped = box.running.pid("registration")
    os.kill(stopped, signal.SIGSTOP)
    try:
        # The other process and its relay go on.
        replica = box.demo["replica_urls"]["registration-2"]
        second = await box.register(webinar, replica=replica)
        await box.pay(await box.open_checkout(first))
        await box.pay(await box.open_checkout(second))
        # What the server had handed to the stopped process comes back after the ack wait.
        await box.until_mails(second, 1, timeout=90)
    finally:
        os.kill(stopped, signal.SIGCONT)
    third = await box.register(webinar)
    await box.pay(await box.open_checkout(third))

    for registered in (first, second, third):
        await assert_bought_once(box, registered)
    client = await nats.connect(box.demo["nats_url"])
    jetstream = client.jetstream()
    last = (await jetstream.stream_info("REGISTRATION")).state.last_seq
    ids = [
        (await jetstream.get_msg("REGISTRATION", sequence)).headers["Nats-Msg-Id"]  # type: ignore[index] # The relay always sets it.
        for sequence in range(max(1, last - 200), last + 1)
    ]
    await client.close()
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("stream", ["REGISTRATION", "PAYMENTS"])
async def test_a_deleted_stream_loses_nothing(box: Box, stream: str) -> None:
    webinar = await box.schedule()
    before = await box.buy(webinar)
    waiting = await box.register(webinar)
    session_id = await box.open_checkout(waiting)
    await box.until_mails(before, 1)

    client = await nats.connect(box.demo["nats_url"])
    await client.jetstream().delete_stream(stream)
    await client.close()
    await box.pay(session_id)

    for registered in (before, waiting):
        await assert_bought_once(box, registered)


@pytest.mark.parametrize("service", ["registration", "payments", "notifications"])
async def test_a_killed_service_in_mid_journey(box: Box, service: str) -> None:
    webinar = await box.schedule()
    replica = box.demo["replica_urls"]["registration-2"]
    registered = [await box.register(webinar, replica=replica) for _ in range(8)]
    sessions = [await box.open_checkout(one) for one in registered]

    async def pay_all() -> None:
        for session_id in sessions:
            await box.pay(session_id)

    paying = asyncio.create_task(pay_all())
    await box.until_mails(registered[1], 1)
    killed = box.running.kill(service)
    await paying
    await box.until_restarted(service, killed)

    for one in registered:
        await box.until_status(one, "confirmed")
        mails = await box.until_mails(one, 1)
        assert [entry["amount"] for entry in await box.ledger(one, "charge")] == [4900]
        # A mail may come twice where the server took it and we died before noting it: the same.
        assert len({(mail["message_id"], mail["text"]) for mail in mails}) == 1
        assert len(mails) <= (2 if service == "notifications" else 1)


async def test_a_mail_server_that_drops_the_line_after_the_final_dot(box: Box) -> None:
    webinar = await box.schedule(price_minor=None, currency=None, refund_policy=None)
    email = "dropped-line@example.org"
    async with box.session.post(
        f"{box.demo['mailbox_url']}/api/faults",
        json={"at": "message", "drop": True, "stored": True, "to": email},
    ) as answer:
        assert answer.status < 300

    registered = await box.register(webinar, email=email)

    mails = await box.until_mails(registered, 2)
    assert len({mail["message_id"] for mail in mails}) == 1
    raw = [
        await (
            await box.session.get(f"{box.demo['mailbox_url']}/api/messages/{mail['id']}/raw")
        ).read()
        for mail in mails
    ]
    assert len(raw) == 2


async def test_a_mail_server_that_says_later_gets_it_later_and_once(box: Box) -> None:
    webinar = await box.schedule(price_minor=None, currency=None, refund_policy=None)
    email = "greylisted@example.org"
    async with box.session.post(
        f"{box.demo['mailbox_url']}/api/faults", json={"at": "rcpt", "code": 451, "to": email}
    ) as answer:
        assert answer.status < 300

    registered = await box.register(webinar, email=email)

    async def accepted() -> bool:
        return len(await box.mails(registered)) == 1

    await eventually(accepted, 90)


async def test_a_forged_webhook_leaves_nothing(box: Box) -> None:
    before = await box.query("SELECT count(*) FROM payments.stripe_events")
    async with box.session.post(
        f"{box.demo['payments_url']}/stripe/webhooks",
        data=b'{"id": "evt_forged", "type": "checkout.session.completed"}',
        headers={"Stripe-Signature": "t=1,v1=00"},
    ) as answer:
        assert answer.status == 400

    assert await box.query("SELECT count(*) FROM payments.stripe_events") == before


async def test_no_webhook_at_all_settles_everything_by_reconciliation(box: Box) -> None:
    registered = await box.register(await box.schedule())
    session_id = await box.open_checkout(registered)

    async with webhooks(box, drop=1.0):
        await box.pay(session_id)
        # The payer's browser never comes back either.
        await eventually(lambda: _is_confirmed(box, registered), 90)

    await assert_bought_once(box, registered)


async def _is_confirmed(box: Box, registered: Json) -> bool:
    return bool((await box.registrant(registered))["status"] == "confirmed")

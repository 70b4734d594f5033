"""Rehearsals beside a live key: paid in Stripe's test mode, and real money never among them."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from services.payments.accounts import AccountFacts, connect
from services.payments.pacing import Pacer
from services.payments.payment import payment_id_of
from services.payments.store import payments, reconciliations
from services.payments.store_accounts import save_account
from services.payments.stripe_gateway import sign_webhook
from shared.events import RegistrantCreated, StripeAccountConnected, StripeAccountUpdated
from tests.payments.account_world import ANNA
from tests.payments.box_office import BoxOffice
from tests.payments.builders import attempt
from tests.payments.two_modes import TwoModes, two_modes
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stripe(postgres_url: str, nats_url: str) -> AsyncIterator[TwoModes]:
    async with two_modes(postgres_url, nats_url) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(stripe: TwoModes) -> AsyncIterator[BoxOffice]:
    async with stripe.office() as running:
        await may_rehearse(running)
        yield running


async def may_rehearse(office: BoxOffice) -> None:
    """Until Stripe has told whose the test key is, nothing is rehearsed."""
    play_money = office.desk.play_money
    assert play_money is not None
    await eventually(lambda: play_money.is_known, what="the test key's account")


async def rehearsed(office: BoxOffice, stripe: TwoModes) -> RegistrantCreated:
    """A rehearsal whose payment has been told of."""
    registrant = await office.registered(is_rehearsal=True)
    await stripe.test.pay(await office.open_checkout(registrant))
    await office.told("payments.payment.succeeded", registrant, timeout=20)
    return registrant


async def books(stripe: TwoModes, of: RegistrantCreated) -> tuple[set[str], set[str]]:
    """What the live books and the test books say of a registrant."""
    live, test = [await one.ledger(of=of) for one in (stripe.live, stripe.test)]
    return {one["type"] for one in live}, {one["type"] for one in test}


async def test_a_rehearsal_is_paid_and_refunded_in_test_mode_alone(
    office: BoxOffice, stripe: TwoModes
) -> None:
    registrant = await rehearsed(office, stripe)
    settled = await office.told("payments.fee.settled", registrant)
    await office.hear(office.refund_requested(registrant))
    refunded = await office.told("payments.refund.succeeded", registrant)

    live, test = await books(stripe, registrant)
    assert live == set()
    assert {"charge", "refund"} <= test
    told = await office.told("payments.payment.succeeded", registrant)
    assert not told.is_live
    assert settled.fee_minor > 0
    assert refunded.refunded_minor == registrant.amount_minor
    [stored] = await office.attempts(registrant)
    assert (stored["is_live"], stored["acting_for"]) == (False, None)
    assert stored["stripe_account_id"] == "acct_sandbox_platform"
    assert await office.exceptions(registrant) == []


async def test_everybody_else_pays_and_is_refunded_with_real_money(
    office: BoxOffice, stripe: TwoModes
) -> None:
    registrant = await office.paid()
    await office.told("payments.fee.settled", registrant)
    await office.hear(office.refund_requested(registrant))
    await office.told("payments.refund.succeeded", registrant)

    live, test = await books(stripe, registrant)
    assert {"charge", "refund"} <= live
    assert test == set()
    told = await office.told("payments.payment.succeeded", registrant)
    assert told.is_live
    assert await office.exceptions(registrant) == []


async def test_an_account_as_it_was_under_a_test_key_takes_nobodys_payment(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    rehearsal = await office.registered(is_rehearsal=True)
    async with office.desk.database.pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        places = []
        for is_live in (True, False):
            await connection.execute("UPDATE stripe_accounts SET is_live = $1", is_live)
            for one in (registrant, rehearsal):
                found = await payments.lock_payment_of(connection, one.registrant_id)
                assert found is not None
                places.append(await office.desk.account_of(connection, found[0]))
        await undone.rollback()

    live, played, *stale = places
    assert live is not None
    assert live.is_live
    assert played is not None
    assert not played.is_live
    assert stale == [None, None]


async def test_a_rehearsal_that_is_cancelled_is_closed_where_it_was_opened(
    office: BoxOffice, stripe: TwoModes
) -> None:
    registrant = await office.registered(is_rehearsal=True)
    session_id = await office.open_checkout(registrant)

    await office.hear(office.hold_ended(registrant, "cancelled"))
    await office.told("payments.checkout.expired", registrant)

    session = await stripe.test.api("GET", f"/v1/checkout/sessions/{session_id}")
    assert (session["status"], session["livemode"]) == ("expired", False)
    assert await office.sessions_of(registrant) == []


async def test_coming_back_from_stripe_asks_the_mode_that_was_paid_in(
    office: BoxOffice, stripe: TwoModes
) -> None:
    registrant = await office.registered(is_rehearsal=True)
    await stripe.test.order("webhooks", drop=1.0)
    try:
        await stripe.test.pay(await office.open_checkout(registrant))
        answer = await office.get(f"{office.pay_path(registrant)}/return")
    finally:
        await stripe.test.order("webhooks")

    assert answer.location == registrant.manage_url
    assert await office.published("payments.payment.succeeded", of=registrant)


async def test_money_in_test_mode_pays_for_nobody_else(office: BoxOffice, stripe: TwoModes) -> None:
    registrant = await office.registered()
    await office.open_checkout(registrant)

    await stripe.test.api(
        "POST",
        "/v1/payment_intents",
        **charge_for(registrant),
    )

    assert await eventually(lambda: office.exceptions(registrant)) == ["money_elsewhere"]
    assert not await office.published("payments.payment.succeeded", of=registrant)


async def test_real_money_does_not_pay_for_a_rehearsal(office: BoxOffice, stripe: TwoModes) -> None:
    registrant = await office.registered(is_rehearsal=True)
    await office.open_checkout(registrant)
    await stripe.live.api("POST", "/v1/payment_intents", **charge_for(registrant))

    assert await eventually(lambda: office.exceptions(registrant)) == ["money_elsewhere"]
    assert not await office.published("payments.payment.succeeded", of=registrant)


def charge_for(registrant: RegistrantCreated) -> dict[str, Any]:
    """Somebody who may write into the account names a payment of ours."""
    return {
        "amount": registrant.amount_minor,
        "currency": "eur",
        "confirm": "true",
        "payment_method": "pm_card_visa",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "metadata[payment_id]": str(payment_id_of(registrant.registrant_id)),
    }


async def test_test_events_of_connected_accounts_are_still_not_ours(office: BoxOffice) -> None:
    own, connected = [
        {
            "id": f"evt_{uuid4().hex}",
            "object": "event",
            "type": "charge.updated",
            "livemode": False,
            "created": int(time.time()),
            "data": {"object": {"id": "ch_x", "object": "unknown"}},
        }
        | more
        for more in ({}, {"account": "acct_sandbox_anna"})
    ]
    stored = []
    for event in (own, connected):
        body = json.dumps(event).encode()
        headers = {"Stripe-Signature": sign_webhook(body, office.settings.webhook_secrets[1])}
        async with office.http.post(
            f"{office.url}/stripe/webhooks", data=body, headers=headers
        ) as answer:
            stored.append((answer.status, await answer.json()))

    assert stored == [(200, {"stored": True}), (200, {"stored": False})]


async def test_registration_is_told_that_rehearsals_charge_no_card(office: BoxOffice) -> None:
    [connected] = [
        one
        for one in await office.published("payments.account.connected")
        if one.organization_id == office.organization_id
    ]

    assert isinstance(connected, StripeAccountConnected)
    assert connected.is_live
    assert connected.has_test_key


async def test_a_connected_organization_rehearses_in_the_test_keys_own_account(
    office: BoxOffice, stripe: TwoModes
) -> None:
    organization_id = uuid4()
    await stripe.live.order(f"accounts/{ANNA}/connect")
    facts = AccountFacts(ANNA, is_ready=True)
    account, events = connect(None, organization_id, facts, "oauth", True)
    async with office.database.transaction() as connection:
        await save_account(connection, account, events, change="connected")

    # Whoever was connected before there was a test key is told of it once the account is read.
    async def told() -> bool:
        updated = await office.published("payments.account.updated")
        return any(
            isinstance(one, StripeAccountUpdated)
            and (one.organization_id, one.has_test_key) == (organization_id, True)
            for one in updated
        )

    await eventually(told)
    rehearsal = await office.registered(is_rehearsal=True, organization_id=organization_id)
    await stripe.test.pay(await office.open_checkout(rehearsal))
    await office.told("payments.payment.succeeded", rehearsal)
    real = await office.paid(organization_id=organization_id)

    places = [
        [(one["acting_for"], one["is_live"]) for one in await office.attempts(registrant)]
        for registrant in (rehearsal, real)
    ]
    assert places == [[(None, False)], [(ANNA, True)]]
    assert "charge" in (await books(stripe, rehearsal))[1]
    assert await books(stripe, real) == ({"charge", "fee"}, set())


async def test_without_webhooks_rehearsals_are_learnt_by_asking_while_there_are_any(
    postgres_url: str, nats_url: str
) -> None:
    async with (
        two_modes(postgres_url, nats_url, webhooks=False) as stripe,
        stripe.office() as office,
    ):
        await may_rehearse(office)
        assert await listed(office) is None

        registrant = await rehearsed(office, stripe)
        await office.told("payments.fee.settled", registrant, timeout=20)

        assert await listed(office) is not None
        assert await office.exceptions() == []
        await office.execute("UPDATE reconciliations SET listed_at = NULL, due_at = now()")
        async with office.database.transaction() as connection:
            due = await reconciliations.take_rehearsals(
                connection, reconciliations.BOOKS_WITHIN, every=reconciliations.BOOKS_WITHIN
            )
        assert due == []


async def listed(office: BoxOffice) -> Any:
    rows = await office.rows("SELECT listed_at FROM reconciliations WHERE account = 'test'")
    return rows[0]["listed_at"] if rows else None


async def test_without_a_test_key_a_rehearsal_takes_real_money_as_ever(
    postgres_url: str, nats_url: str
) -> None:
    async with (
        two_modes(postgres_url, nats_url) as stripe,
        stripe.office(stripe_test_secret_key="") as office,
    ):
        registrant = await office.paid(is_rehearsal=True)

        assert await books(stripe, registrant) == ({"charge", "fee"}, set())
        [connected] = await office.published("payments.account.connected")
        assert isinstance(connected, StripeAccountConnected)
        assert connected.has_test_key is False


async def test_a_rehearsal_that_began_in_test_mode_never_goes_on_with_real_money(
    postgres_url: str, nats_url: str
) -> None:
    async with two_modes(postgres_url, nats_url) as stripe:
        async with stripe.office() as office:
            await may_rehearse(office)
            registrant = await office.registered(is_rehearsal=True)
            session_id = await office.open_checkout(registrant)
            await stripe.test.order(f"checkout/{session_id}/expire")
            await eventually(lambda: office.rows("SELECT FROM attempts WHERE outcome = 'expired'"))

        async with stripe.office(stripe_test_secret_key=None) as office:
            [told] = await eventually(lambda: office.published("payments.account.updated"))
            answer = await office.get(office.pay_path(registrant))

        assert isinstance(told, StripeAccountUpdated)
        assert told.has_test_key is False
        assert answer.location == registrant.manage_url
        assert await office.sessions_of(registrant) == []


async def test_a_call_for_a_rehearsal_is_never_repeated_with_the_live_key(
    postgres_url: str, nats_url: str
) -> None:
    async with two_modes(postgres_url, nats_url) as stripe:
        await stripe.test.fault("server_error", path="/v1/checkout/sessions", times=None)
        async with stripe.office() as office:
            await may_rehearse(office)
            office.desk.patience_seconds = 0.1
            registrant = await office.registered(is_rehearsal=True)
            await office.get(office.pay_path(registrant))
            await eventually(lambda: office.rows("SELECT FROM attempts WHERE tries > 0"))

        async with stripe.office(stripe_test_secret_key=None) as office:
            [before] = await office.attempts(registrant)
            await office.make_due("attempts")
            await eventually(
                lambda: office.rows("SELECT FROM attempts WHERE tries > $1", before["tries"])
            )

            assert await office.sessions_of(registrant) == []
            await office.execute("UPDATE attempts SET look_up_at = now(), due_at = now()")
            office.desk.wakes.attempts.set()
            await eventually(lambda: office.rows("SELECT FROM attempts WHERE outcome = 'void'"))
            assert await office.sessions_of(registrant) == []


async def test_a_rush_on_the_live_account_leaves_rehearsals_their_own_pace(
    office: BoxOffice,
) -> None:
    desk = replace(office.desk, pacer=Pacer(1))
    live, test = attempt(is_live=True), attempt(is_live=False)

    while desk.try_admit(live, "sessions") == 0:
        pass

    assert desk.pacer.exhausted() == [""]
    assert desk.try_admit(test, "sessions") == 0


async def test_a_test_key_that_stripe_refuses_stops_rehearsals_and_nothing_else(
    postgres_url: str, nats_url: str
) -> None:
    async with two_modes(postgres_url, nats_url) as stripe:
        await stripe.test.fault("invalid_key", times=None)
        async with stripe.office() as office:
            play_money = office.desk.play_money
            assert play_money is not None
            await eventually(lambda: play_money.stripe.key.is_refused)
            rehearsal = await office.registered(is_rehearsal=True)

            answer = await office.get(office.pay_path(rehearsal))
            registrant = await office.paid()

            assert answer.location == rehearsal.manage_url
            assert await books(stripe, rehearsal) == (set(), set())
            assert (await books(stripe, registrant))[0] == {"charge", "fee"}
            assert (await office.get("/readyz")).status == 200

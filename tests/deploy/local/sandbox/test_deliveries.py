"""The postman: signed, at least once, in no promised order, and wrong in every way on order."""

import asyncio
from typing import Any

import pytest
import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, until


async def _attempts(bench: Bench) -> list[int]:
    async with bench.http.get(f"{bench.url}/_sandbox/webhooks") as response:
        return [one["attempts"] for one in (await response.json())["deliveries"]]


async def _statuses(bench: Bench) -> list[str]:
    async with bench.http.get(f"{bench.url}/_sandbox/webhooks") as response:
        return [one["status"] for one in (await response.json())["deliveries"]]


async def _noted(bench: Bench, attempts: int) -> None:
    """Wait until the only delivery's so-many-th attempt is over."""
    await until(lambda: len(bench.listener.letters) >= attempts)
    await bench.control("quiet")
    assert await _attempts(bench) == [attempts]


async def test_a_letter_is_signed_as_stripe_signs(bench: Bench) -> None:
    endpoint = await bench.listen("charge.succeeded")
    await bench.paid()
    await bench.listener.wait_for("charge.succeeded")

    letter = bench.listener.letters[0]

    assert endpoint.secret is not None
    event = bench.client.construct_event(letter.body, letter.signature, endpoint.secret)
    assert event.type == "charge.succeeded"
    assert letter.headers["User-Agent"].startswith("Stripe/1.0")
    assert letter.headers["Content-Type"] == "application/json; charset=utf-8"
    assert letter.event["pending_webhooks"] == 1
    assert letter.event["api_version"] == "2026-10-28.endive"


async def test_own_and_connected_accounts_have_their_own_endpoints(bench: Bench) -> None:
    own = await bench.listen("charge.succeeded")
    theirs = await bench.listen("charge.succeeded", connect=True)
    await bench.control(f"accounts/{ANNA}/connect")

    await bench.paid()
    await bench.listener.wait_for("charge.succeeded", 1)
    await bench.paid(options={"stripe_account": ANNA})
    await bench.listener.wait_for("charge.succeeded", 2)

    mine, hers = bench.listener.letters
    assert "account" not in mine.event
    assert hers.event["account"] == ANNA
    assert own.secret is not None
    assert theirs.secret is not None
    bench.client.construct_event(mine.body, mine.signature, own.secret)
    bench.client.construct_event(hers.body, hers.signature, theirs.secret)


async def test_two_endpoints_on_one_address_are_told_twice_with_two_secrets(bench: Bench) -> None:
    secrets = [(await bench.listen("charge.succeeded")).secret for _ in range(2)]
    await bench.paid()
    await bench.listener.wait_for("charge.succeeded", 2)

    first, second = bench.listener.letters

    assert first.event["id"] == second.event["id"]
    assert first.signature != second.signature
    assert len(set(secrets)) == 2


async def test_after_a_disconnection_only_the_end_is_told(bench: Bench) -> None:
    await bench.listen(connect=True)
    await bench.control(f"accounts/{ANNA}/connect")
    session = await bench.session({"stripe_account": ANNA})
    await bench.control(f"accounts/{ANNA}/disconnect")

    await bench.pay(session.id)
    await bench.control("quiet")

    assert bench.listener.types == [
        "account.application.authorized",
        "account.application.deauthorized",
    ]


async def test_a_refused_letter_comes_again_later_signed_anew(bench: Bench) -> None:
    endpoint = await bench.listen("charge.succeeded")
    bench.listener.answers = [500, 404]
    await bench.paid()
    await _noted(bench, 1)

    await bench.control("clock", {"advance": 1})
    await _noted(bench, 2)
    await bench.control("clock", {"advance": 5})
    await _noted(bench, 3)
    await bench.control("clock", {"advance": 86_400})
    await bench.control("quiet")

    assert len(bench.listener.letters) == 3
    assert len({letter.event["id"] for letter in bench.listener.letters}) == 1
    assert endpoint.secret is not None
    for letter in bench.listener.letters:
        bench.client.construct_event(letter.body, letter.signature, endpoint.secret)
    assert await _statuses(bench) == ["delivered"]


async def test_the_first_retry_needs_no_virtual_time(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    bench.listener.answers = [503]
    await bench.paid()

    await bench.listener.wait_for("charge.succeeded", 2)

    assert len(bench.listener.letters) == 2


async def test_the_postman_gives_up_after_three_days(bench: Bench) -> None:
    await bench.listen("charge.succeeded", url="http://127.0.0.1:9/nobody")
    await bench.paid()
    await bench.control("quiet")

    for days in range(12):
        await bench.control("clock", {"advance": 86_400})
        await bench.control("quiet")
        assert days < 11 or await _statuses(bench) == ["failed"]

    assert await _attempts(bench) == [12]


@pytest.mark.parametrize("status", [301, 400, 503])
async def test_only_a_2xx_counts(bench: Bench, status: int) -> None:
    await bench.listen("charge.succeeded")
    bench.listener.answers = [status]
    await bench.paid()
    await _noted(bench, 1)

    assert await _statuses(bench) == ["pending"]


async def test_letters_travel_at_the_same_time(bench: Bench) -> None:
    await bench.listen()
    bench.listener.hold = asyncio.Event()

    await bench.paid()

    await until(lambda: len(bench.listener.letters) >= 4)
    bench.listener.hold.set()
    await bench.control("quiet")


async def test_an_endpoint_that_keeps_nothing_open_still_hears_everything(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    bench.listener.closes = True

    for count in range(1, 4):
        await bench.paid()
        await bench.listener.wait_for("charge.succeeded", count)

    await bench.control("quiet")
    assert await _statuses(bench) == ["delivered"] * 3


async def test_dropped_letters_are_never_sent_but_can_be_sent_again(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    await bench.control("webhooks", {"drop": 1})
    await bench.paid()
    await bench.control("clock", {"advance": 4 * 86_400})
    await bench.control("quiet")
    assert bench.listener.letters == []
    undelivered = await bench.client.v1.events.list_async({"delivery_success": False})
    assert [event.type for event in undelivered.data] == ["charge.succeeded"]

    await bench.control("webhooks", {})
    assert await bench.control("webhooks/resend") == {"sent": 1}

    await bench.listener.wait_for("charge.succeeded")
    await bench.control("quiet")
    assert (await bench.client.v1.events.list_async({"delivery_success": False})).data == []


async def test_one_event_can_be_sent_again_by_its_id(bench: Bench) -> None:
    await bench.listen("charge.succeeded", "payment_intent.succeeded")
    await bench.paid()
    event = await bench.listener.wait_for("charge.succeeded")

    assert await bench.control("webhooks/resend", {"event": event["id"]}) == {"sent": 1}

    again = await bench.listener.wait_for("charge.succeeded", 2)
    assert again["id"] == event["id"]
    await bench.control("webhooks/resend", {"event": "evt_none"}, status=404)


async def test_duplicates_are_the_same_event(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    await bench.control("webhooks", {"duplicate": 3})
    await bench.paid()

    await bench.listener.wait_for("charge.succeeded", 4)

    assert len({letter.event["id"] for letter in bench.listener.letters}) == 1


async def test_a_delay_passes_on_the_virtual_clock(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    await bench.control("webhooks", {"delay": 3600})
    await bench.paid()
    await bench.control("quiet")
    assert bench.listener.letters == []

    await bench.control("clock", {"advance": 3601})

    await bench.listener.wait_for("charge.succeeded")


async def test_a_window_mixes_the_order(bench: Bench) -> None:
    await bench.listen("payment_intent.created", "checkout.session.completed")
    await bench.control("webhooks", {"reorder": 1000})
    for _ in range(20):
        await bench.paid()

    for _ in range(25):
        await bench.control("clock", {"advance": 41})
        await bench.control("quiet")

    intents = [
        one["data"]["object"].get("payment_intent", one["data"]["object"]["id"])
        for one in (letter.event for letter in bench.listener.letters)
    ]
    completed_first = sum(
        bench.listener.types[intents.index(intent)] == "checkout.session.completed"
        for intent in set(intents)
    )
    assert len(bench.listener.letters) == 40
    assert 0 < completed_first < 20


async def test_an_old_timestamp_is_outside_the_tolerance(bench: Bench) -> None:
    endpoint = await bench.listen("charge.succeeded")
    await bench.control("webhooks", {"timestamp_age": 400})
    await bench.paid()
    await bench.listener.wait_for("charge.succeeded")

    letter = bench.listener.letters[0]

    assert endpoint.secret is not None
    with pytest.raises(stripe.SignatureVerificationError, match="Timestamp outside"):
        bench.client.construct_event(letter.body, letter.signature, endpoint.secret)


async def test_a_bad_signature_is_somebody_elses(bench: Bench) -> None:
    endpoint = await bench.listen("charge.succeeded")
    await bench.control("webhooks", {"bad_signature": True})
    await bench.paid()
    await bench.listener.wait_for("charge.succeeded")

    letter = bench.listener.letters[0]

    assert endpoint.secret is not None
    with pytest.raises(stripe.SignatureVerificationError, match="No signatures found"):
        bench.client.construct_event(letter.body, letter.signature, endpoint.secret)


async def test_a_wrong_mode_is_signed_all_the_same(bench: Bench) -> None:
    endpoint = await bench.listen("charge.succeeded")
    await bench.control("webhooks", {"wrong_livemode": True})
    await bench.paid()
    await bench.listener.wait_for("charge.succeeded")

    letter = bench.listener.letters[0]

    assert endpoint.secret is not None
    assert bench.client.construct_event(letter.body, letter.signature, endpoint.secret).livemode
    assert letter.event["data"]["object"]["livemode"] is True


async def test_a_truncated_letter_is_half_a_body(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    await bench.control("webhooks", {"truncate": True})
    await bench.paid()
    await until(lambda: bool(bench.listener.letters))

    with pytest.raises(ValueError, match=r"Unterminated|Expecting|Invalid"):
        _ = bench.listener.letters[0].event


async def test_a_counted_fault_spoils_so_many_letters_and_no_retry(bench: Bench) -> None:
    endpoint = await bench.listen("charge.succeeded")
    bench.listener.answers = [400]
    await bench.control("webhooks", {"bad_signature": True, "times": 1})
    await bench.paid()
    await _noted(bench, 1)
    await bench.control("clock", {"advance": 1})

    await bench.listener.wait_for("charge.succeeded", 2)

    letter = bench.listener.letters[1]
    assert endpoint.secret is not None
    bench.client.construct_event(letter.body, letter.signature, endpoint.secret)


async def test_a_fault_may_meet_some_types_only(bench: Bench) -> None:
    await bench.listen("charge.succeeded", "checkout.session.completed")
    await bench.control("webhooks", {"drop": 1, "types": ["charge.succeeded"]})
    await bench.paid()

    await bench.listener.wait_for("checkout.session.completed")
    await bench.control("quiet")

    assert bench.listener.types == ["checkout.session.completed"]


@pytest.mark.parametrize("policy", [{"lose": 1}, {"drop": "much"}])
async def test_a_fault_that_makes_no_sense_is_refused(bench: Bench, policy: dict[str, Any]) -> None:
    answer = await bench.control("webhooks", policy, status=400)

    assert answer["error"]

"""The first answer to a key is the answer."""

import asyncio
from typing import Any

import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, code_of, refused


async def test_the_same_key_answers_the_same_object_and_says_so(bench: Bench) -> None:
    first = await bench.session({"idempotency_key": "k"})
    original = bench.last_headers["Request-Id"]
    again = await bench.session({"idempotency_key": "k"})

    assert again.id == first.id
    assert bench.last_headers["Idempotent-Replayed"] == "true"
    assert bench.last_headers["Original-Request"] == original
    assert len((await bench.client.v1.checkout.sessions.list_async()).data) == 1


async def test_the_answer_is_as_it_was_though_the_object_has_changed(bench: Bench) -> None:
    first = await bench.session({"idempotency_key": "k"})
    await bench.pay(first.id)

    again = await bench.session({"idempotency_key": "k"})

    assert (again.status, again.url) == ("open", first.url)


async def test_another_request_with_the_key_is_refused(bench: Bench) -> None:
    await bench.session({"idempotency_key": "k"})

    error = await refused(bench.session({"idempotency_key": "k"}, client_reference_id="other"))

    assert isinstance(error, stripe.IdempotencyError)
    assert error.http_status == 400
    assert error.user_message == (
        "Keys for idempotent requests can only be used with the same parameters they were first "
        "used with. Try using a key other than 'k' if you meant to execute a different request."
    )


async def test_a_key_belongs_to_one_account(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    mine = await bench.session({"idempotency_key": "k"})

    annas = await bench.session({"idempotency_key": "k", "stripe_account": ANNA})

    assert annas.id != mine.id


async def test_a_key_in_use_is_a_conflict_and_then_answers(bench: Bench) -> None:
    await bench.control("faults", {"fault": "slow_execution", "seconds": 0.4})
    slow = asyncio.create_task(bench.session({"idempotency_key": "k"}))
    await bench.until_faults_met()

    error = await refused(bench.session({"idempotency_key": "k"}))

    assert (error.http_status, code_of(error)) == (409, "idempotency_key_in_use")
    first = await slow
    assert (await bench.session({"idempotency_key": "k"})).id == first.id


async def test_a_request_that_failed_validation_leaves_its_key_free(bench: Bench) -> None:
    await refused(bench.session({"idempotency_key": "k"}, customer_email="nobody"))

    session = await bench.session({"idempotency_key": "k"})

    assert session.status == "open"


async def test_a_refusal_in_execution_is_kept(bench: Bench) -> None:
    charge = await bench.paid()
    refunds = bench.client.v1.refunds
    too_much: Any = {"charge": charge, "amount": 9900}
    await refused(refunds.create_async(too_much, {"idempotency_key": "k"}))

    again = await refused(refunds.create_async(too_much, {"idempotency_key": "k"}))

    assert again.http_status == 400
    assert bench.last_headers["Idempotent-Replayed"] == "true"


async def test_a_declined_card_is_kept_with_its_charge(bench: Bench) -> None:
    async def confirm() -> stripe.StripeError:
        return await refused(
            bench.client.v1.payment_intents.create_async(
                {
                    "amount": 4900,
                    "currency": "eur",
                    "confirm": True,
                    "payment_method": "pm_card_chargeDeclined",
                },
                {"idempotency_key": "k"},
            )
        )

    first, again = await confirm(), await confirm()

    assert (first.http_status, again.http_status) == (402, 402)
    assert first.json_body == again.json_body
    assert len((await bench.client.v1.charges.list_async()).data) == 1


async def test_a_key_is_forgotten_after_a_day(bench: Bench) -> None:
    first = await bench.session({"idempotency_key": "k"})
    await bench.control("clock", {"advance": 86_401})

    again = await bench.session({"idempotency_key": "k"})

    assert again.id != first.id


async def test_a_key_too_long_is_refused(bench: Bench) -> None:
    error = await refused(bench.session({"idempotency_key": "k" * 256}))

    assert error.http_status == 400


async def test_reads_take_no_notice_of_a_key(bench: Bench) -> None:
    session = await bench.session()
    await bench.client.v1.checkout.sessions.retrieve_async(
        session.id, options={"idempotency_key": "k"}
    )
    await bench.pay(session.id)

    later = await bench.client.v1.checkout.sessions.retrieve_async(
        session.id, options={"idempotency_key": "k"}
    )

    assert later.status == "complete"

"""What goes wrong on order, as a client of Stripe lives it."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, client_for, code_of, refused


async def _count(bench: Bench) -> int:
    return len((await bench.client.v1.checkout.sessions.list_async()).data)


@pytest.mark.parametrize(
    "reason",
    [
        "global-rate",
        "global-concurrency",
        "endpoint-rate",
        "endpoint-concurrency",
        "resource-specific",
    ],
)
async def test_a_rate_limit_says_its_reason_and_stores_nothing(bench: Bench, reason: str) -> None:
    await bench.control("faults", {"fault": "rate_limit", "reason": reason})

    error = await refused(bench.session({"idempotency_key": "k"}))

    assert isinstance(error, stripe.RateLimitError)
    assert error.http_status == 429
    assert bench.last_headers["Stripe-Rate-Limited-Reason"] == reason
    assert (await bench.session({"idempotency_key": "k"})).status == "open"


async def test_a_lock_timeout_is_a_429_that_may_be_tried_again(bench: Bench) -> None:
    await bench.control("faults", {"fault": "lock_timeout"})

    error = await refused(bench.session())

    assert (error.http_status, code_of(error)) == (429, "lock_timeout")
    assert bench.last_headers["Stripe-Should-Retry"] == "true"
    assert "Stripe-Rate-Limited-Reason" not in bench.last_headers


async def test_an_error_before_execution_leaves_the_key_free(bench: Bench) -> None:
    await bench.control("faults", {"fault": "server_error"})

    error = await refused(bench.session({"idempotency_key": "k"}))
    session = await bench.session({"idempotency_key": "k"})

    assert isinstance(error, stripe.APIError)
    assert error.http_status == 500
    assert session.status == "open"


@pytest.mark.parametrize("executed", [False, True])
async def test_a_stored_error_is_the_keys_answer_whether_it_happened_or_not(
    bench: Bench, executed: bool
) -> None:
    await bench.control("faults", {"fault": "server_error_stored", "executed": executed})

    first = await refused(bench.session({"idempotency_key": "k"}))
    again = await refused(bench.session({"idempotency_key": "k"}))

    assert (first.http_status, again.http_status) == (500, 500)
    assert bench.last_headers["Idempotent-Replayed"] == "true"
    assert await _count(bench) == int(executed)


async def test_a_key_that_is_turned_away_has_done_nothing(bench: Bench) -> None:
    await bench.control("faults", {"fault": "invalid_key"})

    error = await refused(bench.session({"idempotency_key": "k"}))

    assert isinstance(error, stripe.AuthenticationError)
    assert error.http_status == 401
    assert await _count(bench) == 0
    assert (await bench.session({"idempotency_key": "k"})).status == "open"


async def test_unavailable_is_a_503_before_anything_happens(bench: Bench) -> None:
    await bench.control("faults", {"fault": "unavailable"})

    error = await refused(bench.session())

    assert error.http_status == 503
    assert await _count(bench) == 0


@pytest.mark.parametrize(
    ("fault", "made"), [("timeout_before_commit", 0), ("timeout_after_commit", 1)]
)
async def test_a_hanging_call_ends_with_the_callers_patience(
    bench: Bench, fault: str, made: int
) -> None:
    await bench.control("faults", {"fault": fault})
    impatient_transport = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=0.3))
    impatient = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": bench.url}, http_client=impatient_transport
    )

    error = await refused(
        impatient.v1.products.create_async({"name": "Seat"}, {"idempotency_key": "k"})
    )

    assert isinstance(error, stripe.APIConnectionError)
    assert len((await bench.client.v1.products.list_async()).data) == made
    await bench.client.v1.products.create_async({"name": "Seat"}, {"idempotency_key": "k"})
    assert len((await bench.client.v1.products.list_async()).data) == 1
    await impatient_transport.close_async()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(("fault", "made"), [("reset_before_commit", 0), ("reset_after_commit", 1)])
async def test_a_reset_connection_is_repaired_by_the_same_key(
    bench: Bench, fault: str, made: int
) -> None:
    await bench.control("faults", {"fault": fault, "path": "/v1/checkout/sessions"})

    error = await refused(bench.session({"idempotency_key": "k"}))

    assert isinstance(error, stripe.APIConnectionError)
    assert await _count(bench) == made
    session = await bench.session({"idempotency_key": "k"})
    assert await _count(bench) == 1
    assert session.status == "open"


async def test_a_truncated_body_is_half_of_what_was_promised(bench: Bench) -> None:
    await bench.control("faults", {"fault": "truncated_body"})

    with pytest.raises(aiohttp.ClientPayloadError):
        await bench.session({"idempotency_key": "k"})

    assert await _count(bench) == 1
    assert (await bench.session({"idempotency_key": "k"})).status == "open"


async def test_a_bad_gateway_answers_html_after_the_commit(bench: Bench) -> None:
    await bench.control("faults", {"fault": "bad_gateway"})

    error = await refused(bench.session())

    assert error.http_status == 502
    assert await _count(bench) == 1


async def test_latency_only_takes_time(bench: Bench) -> None:
    await bench.control("faults", {"fault": "latency", "seconds": 0.2, "spread": 0.1})
    begun = time.monotonic()

    await bench.session()

    assert time.monotonic() - begun >= 0.2


async def test_the_sdk_retries_what_may_be_retried_with_one_key(bench: Bench) -> None:
    await bench.control("faults", {"fault": "reset_after_commit"})
    await bench.control("faults", {"fault": "lock_timeout", "nth": 2})
    patient = client_for(bench.url, bench.transport, max_network_retries=2)

    product = await patient.v1.products.create_async({"name": "Seat"})

    assert [one.id for one in (await bench.client.v1.products.list_async()).data] == [product.id]


async def test_a_rule_meets_only_its_method_path_and_account(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    rule = {"fault": "server_error", "method": "POST", "path": "/v1/*/expire", "account": ANNA}
    await bench.control("faults", rule)
    mine = await bench.session()
    annas = await bench.session({"stripe_account": ANNA})
    sessions = bench.client.v1.checkout.sessions

    await sessions.expire_async(mine.id)
    await sessions.retrieve_async(annas.id, options={"stripe_account": ANNA})
    error = await refused(sessions.expire_async(annas.id, options={"stripe_account": ANNA}))

    assert error.http_status == 500


async def test_a_rule_begins_with_the_nth_request_and_ends_after_its_times(bench: Bench) -> None:
    await bench.control("faults", {"fault": "server_error", "nth": 2, "times": 2})

    statuses: list[int | None] = []
    for _ in range(4):
        try:
            await bench.client.v1.accounts.retrieve_current_async()
            statuses.append(200)
        except stripe.APIError as error:
            statuses.append(error.http_status)

    assert statuses == [200, 500, 500, 200]


async def test_a_rule_without_end_lasts_until_it_is_cleared(bench: Bench) -> None:
    await bench.control("faults", {"fault": "server_error", "times": None})
    for _ in range(3):
        await refused(bench.client.v1.accounts.retrieve_current_async())

    async with bench.http.delete(f"{bench.url}/_sandbox/faults") as response:
        assert response.status == 200

    assert (await bench.client.v1.accounts.retrieve_current_async()).charges_enabled


async def test_a_share_of_requests_is_met_by_chance(bench: Bench) -> None:
    await bench.control("faults", {"fault": "server_error", "times": None, "share": 0.5})

    async def is_met() -> bool:
        try:
            await bench.client.v1.accounts.retrieve_current_async()
        except stripe.APIError:
            return True
        return False

    met = sum(await asyncio.gather(*(is_met() for _ in range(60))))

    assert 10 < met < 50


@pytest.mark.parametrize(
    "rule",
    [{"fault": "flood"}, {"fault": "rate_limit", "reason": "mood"}, {"fault": "latency", "odd": 1}],
)
async def test_a_rule_that_makes_no_sense_is_refused(bench: Bench, rule: dict[str, Any]) -> None:
    answer = await bench.control("faults", rule, status=400)

    assert answer["error"]


async def test_rules_tell_how_often_they_met(bench: Bench) -> None:
    await bench.control("faults", {"fault": "latency", "seconds": 0, "times": 5})
    await bench.client.v1.accounts.retrieve_current_async()

    assert await bench.faults_met() == 1

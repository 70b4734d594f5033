"""Stripe's own rate limit, when it is turned on."""

import asyncio

import stripe

from tests.deploy.local.sandbox.bench import Bench


async def _refusals(bench: Bench, count: int) -> int:
    async def is_refused() -> bool:
        try:
            await bench.session()
        except stripe.RateLimitError:
            return True
        return False

    return sum(await asyncio.gather(*(is_refused() for _ in range(count))))


async def test_without_a_limit_nothing_is_refused(bench: Bench) -> None:
    assert await _refusals(bench, 20) == 0


async def test_more_than_the_limit_is_refused_for_its_endpoint(bench: Bench) -> None:
    await bench.control("settings", {"requests_per_second": 5})

    assert await _refusals(bench, 20) >= 10
    assert bench.last_headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
    assert (await bench.client.v1.accounts.retrieve_current_async()).charges_enabled


async def test_ids_do_not_make_endpoints_of_their_own(bench: Bench) -> None:
    sessions = [(await bench.session()).id for _ in range(6)]
    await bench.control("settings", {"requests_per_second": 2})

    async def read(session_id: str) -> int:
        try:
            await bench.client.v1.checkout.sessions.retrieve_async(session_id)
        except stripe.RateLimitError:
            return 1
        return 0

    assert sum([await read(session_id) for session_id in sessions]) >= 2

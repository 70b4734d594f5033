"""Pages of objects: newest first, forwards and backwards, filtered."""

import time
from typing import Any

from tests.deploy.local.sandbox.bench import ANNA, Bench, refused


async def _sessions(bench: Bench, count: int) -> list[str]:
    """Newest first."""
    return [(await bench.session()).id for _ in range(count)][::-1]


async def test_a_list_is_newest_first_and_ten_long(bench: Bench) -> None:
    made = await _sessions(bench, 12)

    page = await bench.client.v1.checkout.sessions.list_async()

    assert [one.id for one in page.data] == made[:10]
    assert page.has_more
    assert page.url == "/v1/checkout/sessions"


async def test_a_list_goes_on_after_a_cursor(bench: Bench) -> None:
    made = await _sessions(bench, 5)

    page = await bench.client.v1.checkout.sessions.list_async(
        {"limit": 2, "starting_after": made[1]}
    )
    last = await bench.client.v1.checkout.sessions.list_async({"starting_after": made[3]})

    assert ([one.id for one in page.data], page.has_more) == (made[2:4], True)
    assert ([one.id for one in last.data], last.has_more) == (made[4:], False)


async def test_a_list_goes_back_before_a_cursor_still_newest_first(bench: Bench) -> None:
    made = await _sessions(bench, 5)

    page = await bench.client.v1.checkout.sessions.list_async(
        {"limit": 2, "ending_before": made[4]}
    )

    assert ([one.id for one in page.data], page.has_more) == (made[2:4], True)


async def test_paging_by_itself_sees_everything_once_in_both_directions(bench: Bench) -> None:
    made = await _sessions(bench, 7)
    sessions = bench.client.v1.checkout.sessions

    forwards = [
        one.id async for one in (await sessions.list_async({"limit": 3})).auto_paging_iter()
    ]
    backwards = await sessions.list_async({"limit": 3, "ending_before": made[6]})
    chronological = [one.id async for one in backwards.auto_paging_iter()]

    assert forwards == made
    assert chronological == made[5::-1]


async def test_the_limit_stays_between_one_and_a_hundred(bench: Bench) -> None:
    made = await _sessions(bench, 2)

    shortest = await bench.client.v1.checkout.sessions.list_async({"limit": 0})
    longest = await bench.client.v1.checkout.sessions.list_async({"limit": 1000})

    assert [one.id for one in shortest.data] == made[:1]
    assert [one.id for one in longest.data] == made


async def test_an_unknown_cursor_is_refused(bench: Bench) -> None:
    error = await refused(
        bench.client.v1.checkout.sessions.list_async({"starting_after": "cs_test_nobody"})
    )

    assert (error.http_status, error.code) == (400, "resource_missing")


async def test_both_cursors_at_once_are_refused(bench: Bench) -> None:
    made = await _sessions(bench, 2)

    error = await refused(
        bench.client.v1.checkout.sessions.list_async(
            {"starting_after": made[0], "ending_before": made[1]}
        )
    )

    assert "both" in str(error.user_message)


async def test_a_list_can_be_bounded_in_time(bench: Bench) -> None:
    early = (await bench.session()).id
    await bench.control("clock", {"advance": 3600})
    late = (await bench.session()).id
    between = int(time.time()) + 1800

    async def found(bound: str) -> list[str]:
        asked: Any = {"created": {bound: between}}
        page = await bench.client.v1.checkout.sessions.list_async(asked)
        return [one.id for one in page.data]

    assert await found("gte") == await found("gt") == [late]
    assert await found("lt") == await found("lte") == [early]


async def test_one_exact_second_can_be_asked_for(bench: Bench) -> None:
    session = await bench.session()

    page = await bench.client.v1.checkout.sessions.list_async({"created": session.created})
    other = await bench.client.v1.checkout.sessions.list_async({"created": session.created + 9})

    assert [one.id for one in page.data] == [session.id]
    assert other.data == []


async def test_a_list_shows_one_account_only(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    annas = await bench.session({"stripe_account": ANNA})
    mine = await bench.session()

    own = await bench.client.v1.checkout.sessions.list_async()
    hers = await bench.client.v1.checkout.sessions.list_async(None, {"stripe_account": ANNA})

    assert [one.id for one in own.data] == [mine.id]
    assert [one.id for one in hers.data] == [annas.id]

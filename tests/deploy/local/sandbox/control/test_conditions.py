"""Time, settings, accounts and beginning again."""

import asyncio
import time
from typing import Any

import pytest

from tests.deploy.local.sandbox.bench import ANNA, Bench, refused


async def test_time_goes_forward_and_is_told(bench: Bench) -> None:
    moved = await bench.control("clock", {"advance": 3600})

    assert moved["now"] == pytest.approx(time.time() + 3600, abs=5)
    assert moved["offset"] == pytest.approx(3600, abs=1)
    async with bench.http.get(f"{bench.url}/_sandbox/clock") as response:
        assert (await response.json())["offset"] == pytest.approx(3600, abs=1)


@pytest.mark.parametrize("advance", [-1, "soon", True, None])
async def test_time_goes_no_other_way(bench: Bench, advance: Any) -> None:
    await bench.control("clock", {"advance": advance}, status=400)


async def test_settings_are_changed_one_by_one_and_told(bench: Bench) -> None:
    changed = await bench.control("settings", {"settlement_delay": 5})

    assert (changed["settlement_delay"], changed["redirect_wait"]) == (5, 10.0)


@pytest.mark.parametrize(
    "values",
    [{"colour": 1}, {"refund_delay": -1}, {"refund_delay": "long"}, {"redirect_uris": "one"}],
)
async def test_wrong_settings_are_refused_as_a_whole(bench: Bench, values: dict[str, Any]) -> None:
    await bench.control("settings", {"settlement_delay": 7, **values}, status=400)

    async with bench.http.get(f"{bench.url}/_sandbox/settings") as response:
        assert (await response.json())["settlement_delay"] == 0.2


async def test_an_account_is_connected_and_disconnected_once(bench: Bench) -> None:
    await bench.listen(connect=True)

    for _ in range(2):
        assert (await bench.control(f"accounts/{ANNA}/connect"))["connected"] is True
    for _ in range(2):
        assert (await bench.control(f"accounts/{ANNA}/disconnect"))["connected"] is False
    await bench.control("quiet")

    assert bench.listener.types == [
        "account.application.authorized",
        "account.application.deauthorized",
    ]


async def test_the_platform_stays_connected_to_itself(bench: Bench) -> None:
    await bench.control("accounts/acct_sandbox_platform/disconnect", status=400)


@pytest.mark.parametrize("values", [{"colour": 1}, {"card_payments": "perhaps"}])
async def test_an_unknown_toggle_is_refused(bench: Bench, values: dict[str, Any]) -> None:
    await bench.control(f"accounts/{ANNA}", values, status=400)


async def test_resetting_begins_again(bench: Bench) -> None:
    await bench.listen()
    session = await bench.session()
    await bench.control(f"accounts/{ANNA}/connect")
    await bench.control("clock", {"advance": 3600})
    await bench.control("settings", {"settlement_delay": 9})
    await bench.control("faults", {"fault": "server_error", "times": None, "path": "/v1/none"})

    await bench.control("reset")

    sessions = bench.client.v1.checkout.sessions
    assert (await refused(sessions.retrieve_async(session.id))).http_status == 404
    assert (await bench.client.v1.webhook_endpoints.list_async()).data == []
    assert (await bench.client.v1.accounts.list_async()).data == []
    assert (await bench.client.v1.accounts.retrieve_current_async()).charges_enabled
    async with bench.http.get(f"{bench.url}/_sandbox/settings") as response:
        assert (await response.json())["settlement_delay"] == 0.2
    async with bench.http.get(f"{bench.url}/_sandbox/clock") as response:
        assert (await response.json())["offset"] == 0
    async with bench.http.get(f"{bench.url}/_sandbox/faults") as response:
        assert (await response.json())["rules"] == []


async def test_resetting_may_leave_the_endpoints(bench: Bench) -> None:
    endpoint = await bench.listen("charge.succeeded")

    await bench.control("reset", {"keep_endpoints": True})
    await bench.paid()

    await bench.listener.wait_for("charge.succeeded")
    letter = bench.listener.letters[0]
    assert endpoint.secret is not None
    bench.client.construct_event(letter.body, letter.signature, endpoint.secret)


async def test_quiet_says_when_letters_are_still_under_way(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    bench.listener.hold = asyncio.Event()
    await bench.paid()

    assert await bench.control("quiet", {"timeout": 0.05}) == {"quiet": False}
    bench.listener.hold.set()
    assert await bench.control("quiet") == {"quiet": True}

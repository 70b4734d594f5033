"""The sandbox as a process of its own."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.deploy.local.sandbox.bench import CheckingClient, client_for, line_item, until


@contextlib.asynccontextmanager
async def _process(
    folder: Path, *more: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    command = [sys.executable, "-m", "deploy.local.sandbox", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *command, "--data-dir", str(folder), *more, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        yield process, line.decode().split()[-1]
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _session(url: str) -> str:
    transport = CheckingClient()
    try:
        params: Any = {
            "mode": "payment",
            "line_items": [line_item()],
            "success_url": "http://127.0.0.1:9/done",
        }
        session = await client_for(url, transport).v1.checkout.sessions.create_async(
            params, {"idempotency_key": "k"}
        )
    finally:
        await transport.close_async()  # type: ignore[no-untyped-call]
    return session.id


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told_and_goes_on_where_it_was(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with _process(tmp_path) as (process, url):
        first = await _session(url)
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 10) == 0

    async with _process(tmp_path) as (_, url):
        assert await _session(url) == first


async def test_a_kill_loses_no_more_than_a_moment(tmp_path: Path) -> None:
    async with _process(tmp_path) as (process, url):
        first = await _session(url)
        journal = tmp_path / "journal.jsonl"
        await until(lambda: journal.exists() and first in journal.read_text())
        process.kill()
        await process.wait()

    async with _process(tmp_path) as (_, url):
        assert await _session(url) == first


async def test_it_answers_that_it_lives_on_loopback_only(tmp_path: Path) -> None:
    async with _process(tmp_path) as (_, url), aiohttp.ClientSession() as http:
        async with http.get(f"{url}/livez") as response:
            assert response.status == 200

        assert url.startswith("http://127.0.0.1:")


async def test_pay_pages_carry_the_address_that_browsers_know(tmp_path: Path) -> None:
    async with (
        _process(tmp_path, "--public-url", "http://pay.example:8090") as (_, url),
        aiohttp.ClientSession() as http,
    ):
        session = await _session(url)
        async with http.get(
            f"{url}/v1/checkout/sessions/{session}", headers={"Authorization": "Bearer sk_test_x"}
        ) as response:
            told = await response.json()

    assert told["url"] == f"http://pay.example:8090/c/pay/{session}"


async def test_it_may_pretend_to_be_live(tmp_path: Path) -> None:
    paths = ("/v1/account", "/v1/events", "/v1/checkout/sessions")
    keys = ("sk_test_1234567", "sk_live_1234567")
    async with (
        _process(tmp_path, "--pretend-live") as (_, url),
        aiohttp.ClientSession() as http,
    ):
        statuses = []
        for key in keys:
            for path in paths:
                async with http.get(
                    f"{url}{path}", headers={"Authorization": f"Bearer {key}"}
                ) as answer:
                    statuses.append(answer.status)
        form = {
            "mode": "payment",
            "success_url": "http://127.0.0.1:9/done",
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "eur",
            "line_items[0][price_data][unit_amount]": "4900",
            "line_items[0][price_data][product_data][name]": "Price your work",
        }
        async with http.post(
            f"{url}/v1/checkout/sessions",
            data=form,
            headers={"Authorization": f"Bearer {keys[1]}"},
        ) as answer:
            session = await answer.json()

    assert statuses == [401, 401, 401, 200, 200, 200]
    assert session["livemode"] is True

"""`taquilla up` from its first start to its last stop."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.deploy.local.programs import is_alive
from tests.servers import own_port_base
from tests.waiting import eventually

READY_SECONDS = 60
SERVICES = ("registration", "payments", "notifications")


class Run:
    """One `taquilla up` and its data directory."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.directory = directory
        self.output = directory.with_name(f"{directory.name}-{uuid4().hex}.txt")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TAQUILLA_")}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "deploy.cli", "up"),
                    *("--data-dir", str(directory), *arguments),
                ],
                stdout=output,
                stderr=output,
                env=environment,
            )

    @property
    def demo(self) -> dict[str, Any] | None:
        """None while it is not ready."""
        try:
            read: dict[str, Any] = json.loads((self.directory / "demo.json").read_text())
        except FileNotFoundError:
            return None
        return read

    async def ready(self) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            if self.process.poll() is not None:
                raise RuntimeError(self.said)
            return self.demo

        return await eventually(look, READY_SECONDS, what="taquilla up")

    @property
    def said(self) -> str:
        return self.output.read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def up(directory: Path, *arguments: str) -> Iterator[Run]:
    run = Run(directory, *arguments)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def everything_answers(http: aiohttp.ClientSession, demo: dict[str, Any]) -> None:
    for service in SERVICES:
        async with http.get(f"{demo[f'{service}_url']}/readyz") as answer:
            assert answer.status == 200, await answer.text()
    for name in ("sandbox_url", "mailbox_url"):
        async with http.get(f"{demo[name]}/livez") as answer:
            assert answer.status == 200


async def test_a_run_from_its_first_start_to_its_second_stop(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    """One test, since a start takes seconds: each step begins where the last one ended."""
    base = str(own_port_base())
    directory = tmp_path / "data"
    with up(directory, "--port-base", base, "--scale", "registration=2") as run:
        demo = await run.ready()
        await everything_answers(http, demo)
        assert set(demo["pids"]) == {
            *("postgres", "nats", "sandbox", "mailbox"),
            *(*SERVICES, "registration-2"),
        }
        assert demo["registration_url"] == f"http://127.0.0.1:{int(base) + 80}"
        assert stat.S_IMODE((directory / "demo.json").stat().st_mode) == 0o600
        async with http.get(f"{demo['replica_urls']['registration-2']}/readyz") as answer:
            assert answer.status == 200

        paid, free = [await webinar(http, demo, kind) for kind in ("paid", "free")]
        assert (paid["price_minor"], paid["currency"], paid["capacity"]) == (4900, "EUR", 100)
        assert paid["availability"] == free["availability"] == "open"
        assert not free["price_minor"]

        second = Run(directory, "--port-base", str(own_port_base()))
        assert second.process.wait(20) == 1
        assert "is already running" in second.said
        assert run.demo == demo

        killed = ("payments", "nats", "postgres")
        for name in killed:
            os.kill(demo["pids"][name], signal.SIGKILL)

        async def all_is_well_again() -> dict[str, Any] | None:
            with suppress(aiohttp.ClientError):
                now = run.demo
                if now and not any(now["pids"][name] == demo["pids"][name] for name in killed):
                    await everything_answers(http, now)
                    return now
            return None

        risen = await eventually(all_is_well_again, 30)
        assert risen["pids"]["registration"] == demo["pids"]["registration"]
        pids = list(risen["pids"].values())
        assert run.stop(signal.SIGINT) == 0

    assert run.demo is None
    assert not [pid for pid in pids if is_alive(pid)]
    assert "Register and pay" in run.said

    with up(directory, "--port-base", base) as again:
        same = await again.ready()
        ids = (
            "organization_id",
            "paid_webinar_id",
            "free_webinar_id",
            "api_token",
            "admin_password",
        )
        assert [same[name] for name in ids] == [demo[name] for name in ids]
        assert (same["postgres_url"], same["nats_url"]) == (demo["postgres_url"], demo["nats_url"])
        await everything_answers(http, same)

        pids = list(same["pids"].values())
        again.process.kill()
        again.process.wait()
        # Nobody is left to stop them: the kernel does.
        await eventually(lambda: not [pid for pid in pids if is_alive(pid)])


async def webinar(http: aiohttp.ClientSession, demo: dict[str, Any], kind: str) -> dict[str, Any]:
    authorization = {"Authorization": f"Bearer {demo['api_token']}"}
    url = f"{demo['registration_url']}/api/v1/webinars/{demo[f'{kind}_webinar_id']}"
    async with http.get(url, headers=authorization) as answer:
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found


async def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    base = own_port_base()
    with socket.create_server(("127.0.0.1", base + 90)):
        run = Run(tmp_path / "data", "--port-base", str(base))
        assert run.process.wait(30) == 1

    assert f"Port {base + 90} (sandbox) is in use" in run.said
    assert f"--port-base {base + 1000}" in run.said


async def test_a_stop_in_the_middle_of_starting_leaves_nothing(tmp_path: Path) -> None:
    with up(tmp_path / "data", "--port-base", str(own_port_base())) as run:
        lock = tmp_path / "data" / "postgres" / "cluster" / "postmaster.pid"
        await eventually(lock.exists, 20)
        postmaster = int(lock.read_text().split()[0])

        assert run.stop() == 0

    assert not is_alive(postmaster)
    assert run.demo is None
    assert "Traceback" not in run.said

"""The whole system at work: `taquilla up` under a rush, and complete paid journeys through it."""

import asyncio
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg

from deploy.bench.alone import CAPACITY, create_webinar, run_load
from deploy.local.ports import free_port_base
from shared.tasks import stop_tasks

SERVICES = ("registration", "payments", "notifications")
RUSH_ROUNDS = 2
JOURNEYS = 800
JOURNEYS_AT_ONCE = 64
IDLE_JOURNEYS = 30
DRAIN_SECONDS = 240
JOURNEY_SECONDS = 30
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Whole:
    """What was measured of the whole system."""

    ready_s: float = 0
    rush: list[dict[str, Any]] = field(default_factory=list)
    oversold: int = 0
    journeys_per_s: float = 0
    cpu_ms: dict[str, float] = field(default_factory=dict)
    rss_mb: dict[str, float] = field(default_factory=dict)
    webhook_to_mail_ms: list[float] = field(default_factory=list)

    def keys(self) -> dict[str, float]:
        return {
            "rush_per_s": statistics.median(one["per_s"] for one in self.rush),
            "rush_p99_ms": statistics.median(one["p99_ms"] for one in self.rush),
            "journeys_per_s": self.journeys_per_s,
            **{f"cpu_ms_per_journey_{name}": ms for name, ms in self.cpu_ms.items()},
            "webhook_to_mail_p50_ms": statistics.median(self.webhook_to_mail_ms),
            **{f"rss_mb_{name}": mb for name, mb in self.rss_mb.items()},
            "ready_s": self.ready_s,
        }


class Mails:
    """Follows the mailbox for everybody: one question at a time, however many wait."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url}/api/messages"
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._last = 0

    async def of(self, address: str) -> dict[str, Any]:
        """The first mail to an address that nothing was sent to before."""
        mail = self._waiting.setdefault(address, asyncio.get_running_loop().create_future())
        return await mail

    async def follow(self) -> None:
        while True:
            params = {"after": str(self._last), "limit": "200"}
            async with self._session.get(self._url, params=params) as answer:
                for mail in await answer.json():
                    self._last = int(mail["id"])
                    waiting = self._waiting.get(mail["to"])
                    if waiting is not None and not waiting.done():
                        waiting.set_result(mail)
            await asyncio.sleep(0.02)


@dataclass(frozen=True)
class System:
    """A running `taquilla up`."""

    demo: dict[str, Any]
    session: aiohttp.ClientSession
    mails: Mails

    def pids(self, service: str) -> list[int]:
        return [pid for name, pid in self.demo["pids"].items() if name.split("-")[0] == service]


async def measure_whole(directory: Path, seconds: float) -> Whole:
    """Start the system, rush it, let it come to rest, then walk journeys through it."""
    measured = Whole()
    async with _running_system(directory / "data", measured) as system:
        token = system.demo["api_token"]
        webinar_id = await create_webinar(system.demo["registration_url"], token, capacity=CAPACITY)
        url = f"{system.demo['registration_url']}/api/v1/webinars/{webinar_id}/registrations"
        await run_load(url, "--count", "300", "--run", "warm")
        for number in range(RUSH_ROUNDS):
            measured.rush.append(
                await run_load(url, "--seconds", str(seconds), "--run", f"whole{number}")
            )
        measured.oversold = await _oversold(system)
        await _until_at_rest(system)
        journeys_webinar = await create_webinar(
            system.demo["registration_url"], token, title="Journeys", capacity=CAPACITY
        )
        for number in range(5):
            await _journey(system, journeys_webinar, f"warm{number}")
        await _until_at_rest(system)
        measured.webhook_to_mail_ms = [
            await _webhook_to_mail_ms(system, journeys_webinar, number)
            for number in range(IDLE_JOURNEYS)
        ]
        await _many_journeys(system, journeys_webinar, measured)
        measured.rss_mb = {
            service: max(_rss_mb(pid) for pid in system.pids(service)) for service in SERVICES
        }
    return measured


async def _many_journeys(system: System, webinar_id: str, measured: Whole) -> None:
    before = {service: _cpu_seconds(system.pids(service)) for service in SERVICES}
    waiting = iter(range(JOURNEYS))
    started = time.perf_counter()

    async def walk() -> None:
        for number in waiting:
            await _journey(system, webinar_id, f"many{number}")

    await asyncio.gather(*(walk() for _ in range(JOURNEYS_AT_ONCE)))
    measured.journeys_per_s = JOURNEYS / (time.perf_counter() - started)
    # What a journey leaves to do afterwards (fees, tidying) is part of its cost.
    await _until_at_rest(system)
    measured.cpu_ms = {
        service: (_cpu_seconds(system.pids(service)) - before[service]) * 1000 / JOURNEYS
        for service in SERVICES
    }


async def _journey(system: System, webinar_id: str, name: str) -> tuple[str, dict[str, Any]]:
    """Register, open the session, pay, wait for the accepted mail; session id and mail."""
    demo, session = system.demo, system.session
    address = f"{name}-{uuid4().hex[:8]}@example.org"
    async with session.post(
        f"{demo['registration_url']}/api/v1/webinars/{webinar_id}/registrations",
        json={"name": "Walker", "email": address},
    ) as answer:
        registered = await answer.json()
        if answer.status != 201:
            raise RuntimeError(f"not registered: {registered}")
    async with asyncio.timeout(JOURNEY_SECONDS):
        location = ""
        while "/c/pay/" not in location:
            async with session.get(registered["pay_url"], allow_redirects=False) as answer:
                location = answer.headers.get("Location", "")
                if answer.status != 303:
                    await asyncio.sleep(0.1)
        session_id = location.split("/c/pay/")[1].split("?")[0].split("#")[0]
        async with session.post(
            f"{demo['sandbox_url']}/_sandbox/checkout/{session_id}/pay",
            json={"card": "4242424242424242"},
        ) as answer:
            if answer.status != 200:
                raise RuntimeError(f"not paid: {answer.status} {await answer.text()}")
        return session_id, await system.mails.of(address)


async def _webhook_to_mail_ms(system: System, webinar_id: str, number: int) -> float:
    """From the stored webhook to the mail that the server accepted, nothing else going on."""
    session_id, mail = await _journey(system, webinar_id, f"idle{number}")
    connection = await asyncpg.connect(system.demo["postgres_url"])
    try:
        stored_at = await connection.fetchval(
            "SELECT min(received_at) FROM payments.stripe_events "
            "WHERE type = 'checkout.session.completed' "
            "AND position($1 in convert_from(body, 'UTF8')) > 0",
            session_id,
        )
    finally:
        await connection.close()
    accepted_at = datetime.fromisoformat(mail["received_at"])
    return float((accepted_at - stored_at).total_seconds() * 1000)


async def _oversold(system: System) -> int:
    """How many more than 500 seats a rush of 3,000 got, whole system running."""
    demo = system.demo
    webinar_id = await create_webinar(demo["registration_url"], demo["api_token"], capacity=500)
    seen = await run_load(
        f"{demo['registration_url']}/api/v1/webinars/{webinar_id}/registrations",
        "--count", "3000", "--run", "oversell",
    )  # fmt: skip
    sold = int(seen["statuses"].get("201", 0))
    if sold < 500:
        raise RuntimeError(f"only {sold} of 500 seats were sold to 3,000 people")
    return sold - 500


async def _until_at_rest(system: System) -> None:
    """Every outbox is sent and every event that payments follows has arrived there."""
    connection = await asyncpg.connect(system.demo["postgres_url"])
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while not await connection.fetchval(
                "SELECT (SELECT count(*) FROM registration.registrants) = "
                "(SELECT count(*) FROM payments.payments)"
                + "".join(
                    f" AND NOT EXISTS (SELECT FROM {service}.outbox WHERE stream_sequence IS NULL)"
                    for service in SERVICES
                )
            ):
                await asyncio.sleep(0.25)
    finally:
        await connection.close()
    quiet = 0
    while quiet < 4:
        before = sum(_cpu_seconds(system.pids(service)) for service in SERVICES)
        await asyncio.sleep(0.25)
        used = sum(_cpu_seconds(system.pids(service)) for service in SERVICES) - before
        quiet = quiet + 1 if used < 0.05 else 0


@asynccontextmanager
async def _running_system(directory: Path, measured: Whole) -> AsyncIterator[System]:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "up",
        "--data-dir", str(directory), "--port-base", str(free_port_base()),
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    demo_file = directory / "demo.json"
    try:
        while not demo_file.exists():
            if process.returncode is not None:
                raise RuntimeError("taquilla up ended before it was ready")
            await asyncio.sleep(0.02)
        measured.ready_s = time.perf_counter() - started
        async with aiohttp.ClientSession() as session:
            demo = json.loads(demo_file.read_text())
            mails = Mails(session, demo["mailbox_url"])
            following = asyncio.create_task(mails.follow())
            yield System(demo, session, mails)
            await stop_tasks([following])
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


def _cpu_seconds(pids: list[int]) -> float:
    """User and system time of the processes so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / CLOCK_TICKS


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0

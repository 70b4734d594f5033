"""A running `taquilla up` and the hands of the people who use it."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg

from tests.servers import own_port_base
from tests.waiting import eventually

GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
READY_SECONDS = 60
SETTLED_SECONDS = 30

Json = dict[str, Any]


@dataclass
class Running:
    """The process behind `taquilla up` and where its data is."""

    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def demo(self) -> Json:
        read: Json = json.loads((self.directory / "demo.json").read_text())
        return read

    def pid(self, name: str) -> int:
        return int(self.demo["pids"][name])

    def kill(self, name: str) -> int:
        """kill -9; the supervisor starts it again. The pid that was killed."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid


@contextlib.contextmanager
def running_taquilla(*arguments: str, directory: Path | None = None) -> Iterator[Running]:
    """`taquilla up` on free ports until the block ends; nothing is left of it afterwards."""
    data = directory or Path(tempfile.mkdtemp(prefix="taquilla-system-"))
    log = (data.parent / f"{data.name}.log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "deploy.cli", "up", "--data-dir", str(data)),
            *("--port-base", str(own_port_base()), *arguments),
        ],
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not (data / "demo.json").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"not ready: {Path(log.name).read_text()[-3000:]}")
            time.sleep(0.02)
        yield Running(data, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        log.close()
        os.unlink(log.name)
        if directory is None:
            shutil.rmtree(data, ignore_errors=True)


class Box:
    """The box office from outside: its API, its pages, Stripe's sandbox and the mailbox."""

    def __init__(self, running: Running, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.session = session
        self.demo = running.demo

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.demo['api_token']}"}

    async def call(
        self, method: str, path: str, body: Json | None = None, **headers: str
    ) -> tuple[int, Json]:
        """The organizer's API: status and JSON."""
        async with self.session.request(
            method,
            f"{self.demo['registration_url']}/api/v1{path}",
            json=body,
            headers=self.authorization
            | {name.replace("_", "-"): value for name, value in headers.items()},
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def schedule(self, **facts: Any) -> Json:
        """A paid webinar next month."""
        status, webinar = await self.call(
            "POST",
            "/webinars",
            {
                "title": "Pricing for engineers",
                "starts_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
                "price_minor": 4900,
                "currency": "EUR",
                "description": "# What you take home\n\nA price that **holds**.",
                "refund_policy": {
                    "kind": "brackets",
                    "brackets": [
                        {"hours_before": 48, "percent": 100},
                        {"hours_before": 24, "percent": 50},
                    ],
                },
                "join_url": "https://example.org/room",
            }
            | facts,
        )
        assert status == 201, webinar
        return webinar

    async def register(
        self, webinar: Json, *, replica: str | None = None, expect: int = 201, **facts: Any
    ) -> Json:
        """A stranger registers; the answer, whose address is kept beside it."""
        email = facts.get("email") or f"guest-{uuid4().hex[:12]}@example.org"
        base_url = replica or self.demo["registration_url"]
        async with self.session.post(
            f"{base_url}/api/v1/webinars/{webinar['id']}/registrations",
            json={"name": "Ana García"} | facts | {"email": email},
        ) as answer:
            registered: Json = await answer.json(content_type=None)
            assert answer.status == expect, registered
        return registered | {"email": email}

    async def open_checkout(self, registered: Json) -> str:
        """Follow pay_url as a browser would; the Checkout Session's id."""

        async def location() -> str:
            async with self.session.get(registered["pay_url"], allow_redirects=False) as answer:
                assert answer.status in (200, 303), answer.status
                return str(answer.headers.get("Location", ""))

        target = await eventually(location, SETTLED_SECONDS, what="a session")
        assert "/c/pay/" in target, target
        return target.split("/c/pay/")[1].split("?")[0].split("#")[0]

    async def sandbox(self, path: str, body: Json | None = None) -> Json:
        """The sandbox's control API."""
        async with self.session.post(
            f"{self.demo['sandbox_url']}/_sandbox{path}", json=body or {}
        ) as answer:
            said = await answer.text()
            assert answer.status < 300, said
            read: Json = json.loads(said) if said else {}
            return read

    async def pay(self, session_id: str, card: str = GOOD_CARD) -> Json:
        return await self.sandbox(f"/checkout/{session_id}/pay", {"card": card})

    async def buy(self, webinar: Json, **facts: Any) -> Json:
        """Register, pay, and wait until the seat is confirmed."""
        registered = await self.register(webinar, **facts)
        await self.pay(await self.open_checkout(registered))
        await self.until_status(registered, "confirmed")
        return registered

    async def registrant(self, registered: Json) -> Json:
        """The organizer's view."""
        status, found = await self.call("GET", f"/registrants/{registered['id']}")
        assert status == 200, found
        return found

    async def until_status(self, registered: Json, status: str) -> Json:
        async def reached() -> Json | None:
            found = await self.registrant(registered)
            assert found["status"] == status, found["status"]
            return found

        return await eventually(reached, SETTLED_SECONDS)

    async def mails(self, registered: Json) -> list[Json]:
        async with self.session.get(
            f"{self.demo['mailbox_url']}/api/messages", params={"to": registered["email"]}
        ) as answer:
            found: list[Json] = await answer.json()
            return found

    async def until_mails(
        self, registered: Json, count: int, timeout: float = SETTLED_SECONDS
    ) -> list[Json]:
        async def arrived() -> list[Json]:
            mails = await self.mails(registered)
            assert len(mails) >= count, [mail["subject"] for mail in mails]
            return mails

        return await eventually(arrived, timeout)

    async def ledger(self, registered: Json, type: str | None = None) -> list[Json]:
        """What the sandbox ever booked for a registrant; refunds are found by their charge."""
        async with self.session.get(f"{self.demo['sandbox_url']}/_sandbox/ledger") as answer:
            entries = (await answer.json())["entries"]
        charges = {
            entry["id"]
            for entry in entries
            if entry["type"] == "charge" and registered["id"] in entry["metadata"].values()
        }
        return [
            entry
            for entry in entries
            if (entry["id"] in charges or entry["charge"] in charges)
            and type in (None, entry["type"])
        ]

    async def refund(self, registered: Json, body: Json) -> tuple[int, Json]:
        return await self.call(
            "POST",
            f"/registrants/{registered['id']}/refunds",
            body,
            Idempotency_Key=f"refund-{uuid4().hex}",
        )

    async def query(self, sql: str, *values: Any) -> Any:
        """One value from the database, for what no interface shows."""
        connection = await asyncpg.connect(self.demo["postgres_url"])
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    async def until_restarted(self, name: str, killed: int) -> None:
        """The supervisor has put another process in its place and it answers."""

        async def is_back() -> bool:
            demo = self.running.demo
            if demo["pids"][name] == killed:
                return False
            try:
                async with self.session.get(f"{demo[f'{name}_url']}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(is_back, READY_SECONDS)


@contextlib.asynccontextmanager
async def box_office(running: Running) -> AsyncIterator[Box]:
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=30), connector=aiohttp.TCPConnector(limit=200)
    ) as session:
        yield Box(running, session)
    # aiohttp closes its sockets in the loop's next rounds.
    await asyncio.sleep(0)

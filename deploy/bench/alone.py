"""Registration with its relay alone, beside pgbench and the no-op handler on the same machine."""

import asyncio
import json
import os
import re
import signal
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import aiohttp
import asyncpg

from deploy.databases import prepare_service
from deploy.local.environment import Wiring, registration_environment, without_settings
from deploy.local.nats import NatsServer
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer, client_program
from deploy.local.servers import running_beside_others
from services.registration import administration
from shared.tokens import new_secret

CAPACITY = 900_000
ROUNDS = 3
CLIENTS = 64
DRAIN_SECONDS = 60


@dataclass
class Alone:
    """What was measured, one entry a round."""

    rush: list[dict[str, Any]] = field(default_factory=list)
    noop: list[dict[str, Any]] = field(default_factory=list)
    pgbench_per_s: list[float] = field(default_factory=list)
    oversold: int = 0

    def keys(self) -> dict[str, float]:
        rush = statistics.median(one["per_s"] for one in self.rush)
        noop = statistics.median(one["per_s"] for one in self.noop)
        pgbench = statistics.median(self.pgbench_per_s)
        return {
            "rush_alone_per_s": rush,
            "rush_alone_p99_ms": statistics.median(one["p99_ms"] for one in self.rush),
            "noop_per_s": noop,
            "pgbench_per_s": pgbench,
            "rush_over_pgbench": rush / pgbench,
            "rush_over_noop": rush / noop,
            "load_cpu_share": statistics.median(
                one["cpu_seconds"] / one["seconds"] for one in self.rush
            ),
        }


async def run_load(url: str, *arguments: str) -> dict[str, Any]:
    """One run of the load generator, in its own process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.bench.load", url, *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the load generator failed; its message is above")
    seen: dict[str, Any] = json.loads(output)
    return seen


async def measure_alone(directory: Path, seconds: float) -> Alone:
    """Rounds of all three in turn, so that a noisy neighbour disturbs them alike."""
    measured = Alone()
    async with (
        running_beside_others(PostgresServer(directory / "postgres")) as postgres_url,
        running_beside_others(NatsServer(directory / "nats")) as nats_url,
    ):
        urls = {
            name: await make_database(postgres_url, name) for name in ("taquilla", "one_by_one")
        }
        organization_id, token = await make_organization(urls["taquilla"])
        wiring = Wiring(
            host="127.0.0.1",
            registration_port=free_port(),
            payments_port=9,
            notifications_port=9,
            sandbox_url="",
            smtp_port=9,
            postgres_urls={"registration": role_url(urls["taquilla"])},
            nats_url=nats_url,
            nats_prefix="",
            token_keys=f"bench:{new_secret()}",
            organization_id=str(organization_id),
        )
        noop_port = free_port()
        async with (
            running_process("services.registration", registration_environment(wiring)),
            running_process("deploy.bench.noop", {}, "--port", str(noop_port)),
        ):
            await until_ready(f"{wiring.registration_url}/readyz")
            webinar_id = await create_webinar(wiring.registration_url, token, capacity=CAPACITY)
            path = f"/api/v1/webinars/{webinar_id}/registrations"
            script = await _pgbench_script(urls["one_by_one"], directory)
            await run_load(wiring.registration_url + path, "--count", "500", "--run", "warm")
            for number in range(ROUNDS):
                timing = ("--seconds", str(seconds), "--connections", str(CLIENTS))
                measured.noop.append(await run_load(f"http://127.0.0.1:{noop_port}{path}", *timing))
                measured.rush.append(
                    await run_load(
                        wiring.registration_url + path, *timing, "--run", f"alone{number}"
                    )
                )
                await _until_drained(urls["taquilla"])
                measured.pgbench_per_s.append(await _pgbench(urls["one_by_one"], script, seconds))
            measured.oversold = await _oversold(wiring.registration_url, token, urls["taquilla"])
    return measured


async def create_webinar(base_url: str, token: str, **facts: Any) -> str:
    """A paid webinar next month, over the API."""
    body = {
        "title": "A rush",
        "starts_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        "price_minor": 4900,
        "currency": "EUR",
        "description": "What the benchmark sells.\n\n- one seat\n- one mail",
        "refund_policy": {
            "kind": "brackets",
            "brackets": [{"hours_before": 48, "percent": 100}],
        },
        "join_url": "https://example.org/room",
    } | facts
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{base_url}/api/v1/webinars", json=body, headers={"Authorization": f"Bearer {token}"}
        ) as answer,
    ):
        if answer.status != 201:
            raise RuntimeError(f"no webinar: {answer.status} {await answer.text()}")
        return str((await answer.json())["id"])


async def _oversold(base_url: str, token: str, url: str) -> int:
    """How many more than 500 seats a rush of 3,000 got."""
    webinar_id = await create_webinar(base_url, token, capacity=500)
    await run_load(
        f"{base_url}/api/v1/webinars/{webinar_id}/registrations",
        "--count", "3000", "--run", "oversell",
    )  # fmt: skip
    connection = await asyncpg.connect(url)
    try:
        sold = await connection.fetchval(
            "SELECT count(*) FROM registration.registrants WHERE webinar_id = $1 AND holds_seat",
            UUID(webinar_id),
        )
    finally:
        await connection.close()
    if sold < 500:
        raise RuntimeError(f"only {sold} of 500 seats were sold to 3,000 people")
    return int(sold - 500)


async def make_database(postgres_url: str, name: str) -> str:
    """A new database with registration's schema; its owner's URL."""
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    url = urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    await prepare_service("registration", url, role_url(url))
    return url


def role_url(url: str) -> str:
    """The same database for the service itself."""
    parts = urlsplit(url)
    return urlunsplit(
        parts._replace(netloc=f"registration:benchmark@{parts.hostname}:{parts.port}")
    )


async def make_organization(url: str) -> tuple[UUID, str]:
    """An organization that may take money, and a token; payments does not run here."""
    organization_id = uuid4()
    connection = await asyncpg.connect(role_url(url))
    try:
        async with connection.transaction():
            await administration.create_organization(connection, organization_id, "Bench")
            token = await administration.create_token(
                connection, organization_id, "bench", ["read", "write"]
            )
            await connection.execute(
                "UPDATE organizations SET is_ready = true, stripe_account_id = 'acct_bench'"
            )
    finally:
        await connection.close()
    return organization_id, token


@asynccontextmanager
async def running_process(
    module: str, environment: dict[str, str], *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A module of ours as a process of its own, ended at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        env=without_settings(dict(os.environ)) | environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        if await process.wait() not in (0, -signal.SIGTERM):
            raise RuntimeError(f"{module} ended with {process.returncode}")


async def until_ready(url: str) -> None:
    """Wait for a process that was started just now."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def _until_drained(url: str) -> None:
    """The relay's backlog of one round is no burden on the next measurement."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while await connection.fetchval(
                "SELECT EXISTS (SELECT FROM registration.outbox WHERE stream_sequence IS NULL)"
            ):
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


_ONE_BY_ONE = """\
\\set number random(1, 2000000000)
BEGIN;
SELECT seats_taken, capacity FROM registration.webinars WHERE id = '{webinar}'
    FOR NO KEY UPDATE;
SELECT count(*) FROM registration.registrants
    WHERE webinar_id = '{webinar}' AND email_key = 'guest-' || :number || '@example.org';
UPDATE registration.webinars SET seats_taken = seats_taken + 1 WHERE id = '{webinar}';
INSERT INTO registration.registrants (id, organization_id, webinar_id, status, holds_seat, name,
    email, email_key, locale, amount_minor, currency, description_version, starts_at, pay_by)
VALUES (gen_random_uuid(), '{organization}', '{webinar}', 'awaiting_payment', true, 'Guest',
    'guest-' || :number || '@example.org', 'guest-' || :number || '@example.org', 'en', 4900,
    'EUR', 1, now() + interval '30 days', now() + interval '15 minutes');
INSERT INTO registration.outbox (event_id, subject, payload)
VALUES (gen_random_uuid(), 'registration.registrant.created',
    convert_to(repeat('x', 1000), 'UTF8'));
COMMIT;
"""


async def _pgbench_script(url: str, directory: Path) -> Path:
    """The same work as an admission, as one transaction for each registration."""
    organization_id, webinar_id = uuid4(), uuid4()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO registration.organizations (id, name) VALUES ($1, 'Bench')",
            organization_id,
        )
        await connection.execute(
            "INSERT INTO registration.webinars (id, organization_id, kind, title, starts_at, "
            "duration_minutes, time_zone, price_minor, currency, capacity) VALUES ($1, $2, "
            "'webinar', 'A rush', now() + interval '30 days', 60, 'UTC', 4900, 'EUR', $3)",
            webinar_id,
            organization_id,
            CAPACITY,
        )
    finally:
        await connection.close()
    script = directory / "one_by_one.sql"
    script.write_text(_ONE_BY_ONE.format(webinar=webinar_id, organization=organization_id))
    return script


async def _pgbench(url: str, script: Path, seconds: float) -> float:
    """Transactions a second of PostgreSQL's own load generator with 64 clients."""
    process = await asyncio.create_subprocess_exec(
        str(client_program("pgbench")),
        *("--no-vacuum", "--client", str(CLIENTS), "--jobs", "2"),
        *("--time", str(max(1, round(seconds))), "--protocol", "prepared"),
        *("--file", str(script), url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    found = re.search(rb"tps = ([0-9.]+)", output)
    if process.returncode or found is None:
        raise RuntimeError(f"pgbench failed: {errors.decode()[-500:]}")
    return float(found[1])

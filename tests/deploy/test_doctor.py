"""The doctor: says what works, and of what does not, what to do."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import asyncpg
import nats
import pytest

from deploy.databases import SERVICES
from deploy.doctor import examine
from deploy.local.environment import ENVIRONMENTS, Wiring
from deploy.local.mailbox.server import running_mailbox
from deploy.local.ports import free_port
from deploy.local.sandbox.server import running_sandbox
from deploy.local.webhooks import webhook_secrets
from services.payments.doctor import Finding
from shared.topology import ensure_stream
from tests.servers import fresh_database


@pytest.fixture
async def wiring(
    postgres_url: str, nats_url: str, nats_prefix: str, tmp_path: Path
) -> AsyncIterator[Wiring]:
    """Everything that the services need, and none of the services."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(postgres_url, *SERVICES))
        mailbox = await stack.enter_async_context(running_mailbox(tmp_path / "mailbox"))
        sandbox_url = await stack.enter_async_context(
            running_sandbox(free_port(), tmp_path / "sandbox")
        )
        client = await nats.connect(nats_url)
        for service in SERVICES:
            await ensure_stream(client.jetstream(), service, nats_prefix)
        await client.close()
        payments_port = free_port()
        yield Wiring(
            host="127.0.0.1",
            registration_port=8080,
            payments_port=payments_port,
            notifications_port=8082,
            sandbox_url=sandbox_url,
            smtp_port=mailbox.smtp_port,
            postgres_urls=database.urls,
            nats_url=nats_url,
            nats_prefix=nats_prefix,
            token_keys=f"one:{'k' * 32}",
            organization_id="6e2f1c1e-0000-4000-8000-000000000001",
            webhook_secrets=await webhook_secrets(
                tmp_path, sandbox_url, f"http://127.0.0.1:{payments_port}/stripe/webhooks"
            ),
        )


class Installation:
    """The variables that the doctor reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def set(self, wiring: Wiring, **changes: str | None) -> None:
        for service in SERVICES:
            for name, value in {**ENVIRONMENTS[service](wiring), **changes}.items():
                if value is None:
                    self._monkeypatch.delenv(name, raising=False)
                else:
                    self._monkeypatch.setenv(name, value)


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Installation:
    return Installation(monkeypatch)


async def found() -> dict[str, Finding]:
    return {finding.subject: finding for finding in await examine()}


async def test_a_sound_installation_has_nothing_to_do(
    wiring: Wiring, installation: Installation
) -> None:
    installation.set(wiring)

    findings = await found()

    assert [finding for finding in findings.values() if not finding.is_good] == []
    assert {
        *(f"{service} PostgreSQL" for service in SERVICES),
        *(f"{service} NATS" for service in SERVICES),
        *("SMTP", "Stripe key", "clock", "account", "account webhooks", "connect webhooks"),
    } <= findings.keys()


async def test_servers_that_are_away_are_named_with_their_variable(
    wiring: Wiring, installation: Installation
) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    away = replace(
        wiring,
        postgres_urls={service: f"postgresql://x:x@{nowhere}/x" for service in SERVICES},
        nats_url=f"nats://{nowhere}",
        smtp_port=free_port(),
        sandbox_url=f"http://{nowhere}",
    )
    installation.set(away)

    findings = await found()

    assert not any(finding.is_good for finding in findings.values())
    assert "PAYMENTS_POSTGRES_URL" in findings["payments PostgreSQL"].remedy
    assert "REGISTRATION_NATS_URL" in findings["registration NATS"].remedy
    assert "NOTIFICATIONS_SMTP_HOST" in findings["SMTP"].remedy


async def test_tables_of_an_older_version_need_migrating(
    wiring: Wiring, installation: Installation, postgres_url: str
) -> None:
    installation.set(wiring)
    async with fresh_database(postgres_url, "payments") as database:
        connection = await asyncpg.connect(database.admin_url)
        last = await connection.fetchval(
            "DELETE FROM payments.migrations WHERE name = (SELECT max(name) FROM "
            "payments.migrations) RETURNING name"
        )
        await connection.close()
        installation.set(wiring, PAYMENTS_POSTGRES_URL=database["payments"])

        finding = (await found())["payments PostgreSQL"]

    assert not finding.is_good
    assert last in finding.says
    assert finding.remedy == "Run taquilla migrate payments."


async def test_a_database_without_tables_needs_migrating(
    wiring: Wiring, installation: Installation, postgres_url: str
) -> None:
    async with fresh_database(postgres_url) as database:
        installation.set(wiring, REGISTRATION_POSTGRES_URL=database.admin_url)

        finding = (await found())["registration PostgreSQL"]

    assert finding.says == "It has no tables."
    assert finding.remedy == "Run taquilla migrate registration."


async def test_a_missing_stream_says_who_makes_it(
    wiring: Wiring, installation: Installation
) -> None:
    installation.set(wiring, TAQUILLA_NATS_PREFIX="elsewhere")

    finding = (await found())["payments NATS"]

    assert "ELSEWHERE_PAYMENTS" in finding.says
    assert "payments service" in finding.remedy


async def test_a_missing_variable_is_named_and_the_rest_is_still_looked_at(
    wiring: Wiring, installation: Installation
) -> None:
    installation.set(wiring, PAYMENTS_STRIPE_SECRET_KEY=None)

    findings = await found()

    assert "PAYMENTS_STRIPE_SECRET_KEY" in findings["payments settings"].says
    assert findings["registration PostgreSQL"].is_good
    assert findings["SMTP"].is_good

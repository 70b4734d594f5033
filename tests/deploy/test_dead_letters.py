"""Dead letters: handled again by the service's own handlers, once, and kept when that fails."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.databases import SERVICES
from deploy.dead_letters import replay_letters, waiting
from deploy.local.environment import ENVIRONMENTS, Wiring
from shared.events import Event, StripeAccountConnected
from tests.servers import FreshDatabase, fresh_database

ORGANIZATION = UUID("7f0c5f3c-8a2d-4d5a-9d6a-0f4f1b1f2a3b")


@pytest.fixture
async def database(
    postgres_url: str, nats_url: str, nats_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FreshDatabase]:
    """Registration's, with one organization, and the variables of the service."""
    async with fresh_database(postgres_url, "registration") as database:
        wiring = Wiring(
            host="127.0.0.1",
            registration_port=8080,
            payments_port=8081,
            notifications_port=8082,
            sandbox_url="",
            smtp_port=8026,
            postgres_urls={service: database["registration"] for service in SERVICES},
            nats_url=nats_url,
            nats_prefix=nats_prefix,
            token_keys=f"one:{'k' * 32}",
            organization_id=str(ORGANIZATION),
        )
        for name, value in ENVIRONMENTS["registration"](wiring).items():
            monkeypatch.setenv(name, value)
        await query(
            database,
            "INSERT INTO organizations (id, name) VALUES ($1, 'Faro Studio')",
            ORGANIZATION,
        )
        yield database


async def query(database: FreshDatabase, statement: str, *values: object) -> object:
    connection = await asyncpg.connect(database["registration"])
    try:
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()


async def park(database: FreshDatabase, subject: str, body: bytes) -> UUID:
    letter_id = await query(
        database,
        "INSERT INTO dead_letters (consumer, delivery, subject, body, headers, cause, tries) "
        "VALUES ('registration-account-connected', $1, $2, $3, '{}', 'KeyError', 4) RETURNING id",
        uuid4().hex,
        subject,
        body,
    )
    assert isinstance(letter_id, UUID)
    return letter_id


def connected(organization_id: UUID = ORGANIZATION) -> Event:
    return StripeAccountConnected(
        organization_id=organization_id, version=1, stripe_account_id="acct_1", is_ready=True
    )


async def test_a_replayed_letter_does_what_the_event_should_have_done(
    database: FreshDatabase, nats_prefix: str
) -> None:
    event = connected()
    subject = f"{nats_prefix}.{event.subject}"
    letter_id = await park(database, subject, event.model_dump_json().encode())
    assert [row["id"] for row in await waiting(database["registration"])] == [letter_id]

    outcomes = await replay_letters("registration", None)

    assert outcomes == [(letter_id, None)]
    assert await query(database, "SELECT stripe_account_id FROM organizations") == "acct_1"
    assert await waiting(database["registration"]) == []


async def test_a_letter_that_fails_again_stays_and_says_why(
    database: FreshDatabase, nats_prefix: str
) -> None:
    event = connected()
    unreadable = await park(database, f"{nats_prefix}.{event.subject}", b"{}")
    missing = uuid4()

    outcomes = dict(await replay_letters("registration", [unreadable, missing]))

    assert "ValidationError" in (outcomes[unreadable] or "")
    assert outcomes[missing] == "there is no such message"
    assert [row["id"] for row in await waiting(database["registration"])] == [unreadable]

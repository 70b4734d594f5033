"""Events and plumbing with defaults, for tests that care about one thing at a time."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import nats
from nats.js import JetStreamContext

from shared.events import HoldEnded, PaymentFailed
from shared.messaging import Bus
from shared.postgres import Database, open_pool
from shared.topology import stream_name
from tests.servers import fresh_database

OCCURRED_AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def payment_failed(**facts: Any) -> PaymentFailed:
    """An event of payments."""
    return PaymentFailed(
        **{
            "organization_id": uuid4(),
            "payment_id": uuid4(),
            "registrant_id": uuid4(),
            "webinar_id": uuid4(),
            "decline_code": "generic_decline",
        }
        | facts
    )


def hold_ended(**facts: Any) -> HoldEnded:
    """An event of registration."""
    return HoldEnded(
        **{
            "organization_id": uuid4(),
            "registrant_id": uuid4(),
            "webinar_id": uuid4(),
            "reason": "lapsed",
        }
        | facts
    )


@dataclass
class Payments:
    """The plumbing of payments: its database and a bus that is not started yet."""

    database: Database
    bus: Bus
    nats_url: str
    prefix: str

    @property
    def stream(self) -> str:
        return stream_name("payments", self.prefix)

    async def stored(self, jetstream: JetStreamContext) -> list[str]:
        """The message ids in the stream, in order."""
        state = (await jetstream.stream_info(self.stream)).state
        ids = []
        for sequence in range(state.first_seq, state.last_seq + 1):
            message = await jetstream.get_msg(self.stream, sequence)
            ids.append((message.headers or {})["Nats-Msg-Id"])
        return ids

    async def waiting(self) -> int:
        async with self.database.connection() as connection:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM outbox WHERE stream_sequence IS NULL"
                )
            )


@contextlib.asynccontextmanager
async def payments_plumbing(
    postgres_url: str, nats_url: str, prefix: str
) -> AsyncIterator[Payments]:
    """A fresh database with the tables of payments, and its bus connected and provisioned."""
    async with fresh_database(postgres_url, "payments") as made:
        pool = await open_pool(made["payments"], name="test")
        database = Database(pool)
        bus = Bus(service="payments", url=nats_url, prefix=prefix, database=database)
        await bus.client.connect(nats_url)
        await bus.provision()
        try:
            yield Payments(database, bus, nats_url, prefix)
        finally:
            await bus.stop()
            await pool.close()


@contextlib.asynccontextmanager
async def jetstream_of(nats_url: str) -> AsyncIterator[JetStreamContext]:
    """An operator's own connection."""
    client = await nats.connect(nats_url)
    try:
        yield client.jetstream()
    finally:
        await client.close()

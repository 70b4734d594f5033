"""The relay: sends the outbox to its stream, once and in order, however many relays run.

The outbox is its stream's only writer, so each batch names the stream's last sequence as we know
it (`Nats-Expected-Last-Sequence`) and the server refuses everyone who knows less: a second relay,
one that slept, or all of them after the stream was lost. The server is then asked what it holds.
No transaction is open while publishing.
"""

import asyncio
import json
import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import nats.errors
import structlog
from nats.aio.client import Client
from nats.js.errors import APIError, NotFoundError

from shared import telemetry
from shared.postgres import UNAVAILABLE, Connection, Database

log = structlog.get_logger(__name__)

BATCH_ROWS_MAX = 250
ADOPT_MESSAGES_MAX = 500
ACK_SECONDS = 3  # A cluster that elects a leader answers nobody meanwhile; asking again is cheap.
POLL_SECONDS = 0.25
GATHER_SECONDS = 0.02
BUSY_ROWS = 3  # In one look: there is much to do, and its mails may wait a moment.
GATHER_WHEN_BUSY_SECONDS = 0.08
CHECK_SECONDS = 5

_WRONG_LAST_SEQUENCE = (10071, 10158)  # 10158: the same on a cluster.
_ALREADY_STORED = 10201
_NO_ATOMIC_BATCHES = 10174


class SequenceRefused(Exception):
    """The stream's last sequence is not the one we know."""


@dataclass(frozen=True)
class _Row:
    id: int
    event_id: UUID
    subject: str
    payload: bytes


class Relay:
    """Publishes one service's outbox to its stream; run as many as there are replicas."""

    def __init__(
        self,
        database: Database,
        client: Client,
        *,
        stream: str,
        prefix: str,
        ensure_stream: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._client = client
        self._jetstream = client.jetstream(timeout=ACK_SECONDS)
        self._stream = stream
        self._prefix = prefix
        self._ensure_stream = ensure_stream
        self._is_atomic = True

    async def run(self) -> None:
        """Publish until cancelled; failures are waited out, rows stay where they are."""
        pause, next_check = 0.1, 0.0
        loop = asyncio.get_running_loop()
        while True:
            self._database.events_left.clear()
            try:
                if loop.time() >= next_check:
                    await self.check()
                    next_check = loop.time() + CHECK_SECONDS
                published = await self.step()
                pause = 0.1
            except SequenceRefused:
                # Another relay was faster: let it go on alone for a moment.
                await asyncio.sleep(random.uniform(0.005, 0.03))
                continue
            except (nats.errors.Error, APIError, *UNAVAILABLE) as failure:
                log.warning("relay waits", failure=type(failure).__name__, seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)
                continue
            if published == BATCH_ROWS_MAX or (published and not self._is_atomic):
                continue  # There may be more: a stream without batches takes one row a look.
            if published:
                # Each look costs as much for few rows as for many: let some gather. An event
                # after a pause is sent at once.
                await asyncio.sleep(
                    GATHER_WHEN_BUSY_SECONDS if published >= BUSY_ROWS else GATHER_SECONDS
                )
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._database.events_left.wait()
            except TimeoutError:
                pass

    async def step(self) -> int:
        """Publish one batch and return its size; raises SequenceRefused after having caught up."""
        async with self._database.connection() as connection:
            # One statement is one snapshot: rows and sequence belong together.
            records = await connection.fetch(
                "SELECT o.id, o.event_id, o.subject, o.payload, r.last_sequence "
                "FROM outbox o CROSS JOIN relay r WHERE o.stream_sequence IS NULL "
                "ORDER BY o.id LIMIT $1",
                BATCH_ROWS_MAX,
            )
        telemetry.outbox_waiting.set(len(records))
        if not records:
            return 0
        known = int(records[0]["last_sequence"])
        rows = [_Row(r["id"], r["event_id"], r["subject"], r["payload"]) for r in records]
        try:
            last = await self._publish(rows, known)
        except APIError as refusal:
            if refusal.err_code == _NO_ATOMIC_BATCHES:
                self._is_atomic = False
                return 0
            if refusal.err_code == _ALREADY_STORED:
                if await self._catch_up(known) == known:
                    return await self._publish_singly(rows, known)
                raise SequenceRefused from refusal
            if refusal.err_code in _WRONG_LAST_SEQUENCE:
                await self._catch_up(known)
                raise SequenceRefused from refusal
            raise
        except (TimeoutError, nats.errors.Error):
            # Stored or not, nobody knows: the stream itself does.
            await self._catch_up(known)
            raise
        await self._mark(rows, known, last)
        telemetry.relay_published.inc(len(rows))
        return len(rows)

    async def check(self) -> None:
        """Notice a stream that was deleted, rolled back or written by a relay that died."""
        async with self._database.connection() as connection:
            known = int(await connection.fetchval("SELECT last_sequence FROM relay"))
        await self._catch_up(known)

    async def _publish(self, rows: list[_Row], known: int) -> int:
        """Store the rows or none of them; the stream's new last sequence."""
        expected = {"Nats-Expected-Last-Sequence": str(known)}
        if len(rows) == 1 or not self._is_atomic:
            row = rows[0]
            ack = await self._jetstream.publish(
                self._prefix + row.subject, row.payload, headers=_headers(row) | expected
            )
            if ack.duplicate:
                await self._mark_stored(row, ack.seq, known)
                raise SequenceRefused
            del rows[1:]
            return int(ack.seq)
        batch_id = secrets.token_hex(8)
        for number, row in enumerate(rows, 1):
            headers = _headers(row) | {
                "Nats-Batch-Id": batch_id,
                "Nats-Batch-Sequence": str(number),
            }
            if number == 1:
                headers |= expected
            subject = self._prefix + row.subject
            if number < len(rows):
                await self._client.publish(subject, row.payload, headers=headers)
        headers["Nats-Batch-Commit"] = "1"
        answer = await self._client.request(
            subject, row.payload, headers=headers, timeout=ACK_SECONDS
        )
        ack_body = json.loads(answer.data)
        if "error" in ack_body:
            raise APIError.from_error(ack_body["error"])
        return int(ack_body["seq"])

    async def _publish_singly(self, rows: list[_Row], known: int) -> int:
        """Where some of the rows are in the stream already: one by one, duplicates are marked."""
        published = 0
        for row in rows:
            ack = await self._jetstream.publish(
                self._prefix + row.subject,
                row.payload,
                headers=_headers(row) | {"Nats-Expected-Last-Sequence": str(known)},
            )
            if ack.duplicate:
                await self._mark_stored(row, ack.seq, known)
            else:
                await self._mark([row], known, ack.seq)
                known = ack.seq
            published += 1
        return published

    async def _mark(self, rows: list[_Row], known: int, last: int) -> None:
        first = last - len(rows) + 1
        async with self._database.connection() as connection:
            # One statement: if someone found our messages in the stream meanwhile, the sequence
            # has moved, and they have marked the rows.
            await connection.execute(
                "WITH advanced AS (UPDATE relay SET last_sequence = $2 WHERE last_sequence = $1 "
                "RETURNING true) UPDATE outbox SET stream_sequence = stored.sequence "
                "FROM unnest($3::bigint[], $4::bigint[]) AS stored (id, sequence), advanced "
                "WHERE outbox.id = stored.id",
                known,
                last,
                [row.id for row in rows],
                list(range(first, last + 1)),
            )

    async def _mark_stored(self, row: _Row, sequence: int, known: int) -> None:
        async with self._database.transaction() as connection:
            if await _advance(connection, known, known):
                await connection.execute(
                    "UPDATE outbox SET stream_sequence = $2 WHERE id = $1", row.id, sequence
                )

    async def _catch_up(self, known: int) -> int:
        """Bring our sequence to the stream's; the stream's last sequence."""
        try:
            last = int((await self._jetstream.stream_info(self._stream)).state.last_seq)
        except NotFoundError:
            await self._ensure_stream()
            last = 0
        if last > known:
            await self._adopt(known, min(last, known + ADOPT_MESSAGES_MAX))
        elif last < known:
            log.warning("stream lost messages, sending them again", known=known, stream=last)
            async with self._database.transaction() as connection:
                if await _advance(connection, known, last):
                    await connection.execute(
                        "UPDATE outbox SET stream_sequence = NULL WHERE stream_sequence > $1", last
                    )
        return last

    async def _adopt(self, known: int, last: int) -> None:
        """Find what was stored behind our back by its message id, and mark it."""
        event_ids: list[UUID] = []
        sequences: list[int] = []
        for sequence in range(known + 1, last + 1):
            try:
                message = await self._jetstream.get_msg(self._stream, sequence)
            except NotFoundError:
                continue  # Aged out, or purged.
            message_id = (message.headers or {}).get("Nats-Msg-Id")
            if message_id is not None:
                event_ids.append(UUID(message_id))
                sequences.append(sequence)
        async with self._database.transaction() as connection:
            if await _advance(connection, known, last):
                await connection.execute(
                    "UPDATE outbox SET stream_sequence = stored.sequence "
                    "FROM unnest($1::uuid[], $2::bigint[]) AS stored (event_id, sequence) "
                    "WHERE outbox.event_id = stored.event_id AND outbox.stream_sequence IS NULL",
                    event_ids,
                    sequences,
                )


def _headers(row: _Row) -> dict[str, str]:
    return {"Nats-Msg-Id": str(row.event_id), "content-type": "application/json"}


async def _advance(connection: Connection, known: int, last: int) -> bool:
    """Compare and set: whoever still knows `known` moves it, everyone else was overtaken."""
    return bool(
        await connection.fetchval(
            "UPDATE relay SET last_sequence = $2 WHERE last_sequence = $1 RETURNING true",
            known,
            last,
        )
    )

"""Admission by group commit: what arrives while a commit is under way forms the next batch.

One queue and one batch in flight for each webinar and process. The seat counter's row lock, the
one thing that everybody waits for, is taken once a batch instead of once a person.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Histogram

from services.registration.announcements import Announcer
from services.registration.links import Links
from services.registration.registrants import Occasion, Registrant, Status, facts
from services.registration.store import admissions, webinars
from services.registration.verdicts import Application, Judgement, Remembered, judge
from services.registration.webinars import Webinar
from shared import outbox
from shared.events import RegistrationRepeated
from shared.postgres import UNAVAILABLE, Connection, Database
from shared.refusals import NotFound, Refusal, Unavailable

log = structlog.get_logger(__name__)

batch_size = Histogram(
    "taquilla_admission_batch", "Registrations decided in one commit", buckets=(1, 4, 16, 64, 256)
)

BATCH_MAX = 256
QUEUE_MAX = 2_000
WAITING_MAX = 10_000  # Of all webinars together.
RERUN_SECONDS = 4  # A lost connection is tried again for this long, then callers hear 503.
RERUN_PAUSE_SECONDS = 0.1
TOLD_SECONDS = 0.05  # The longest that a verdict waits for the next batch's statements.


@dataclass(frozen=True, slots=True)
class Registration:
    """What a caller is told of a seat, new or known."""

    id: UUID
    status: Status
    amount_minor: int
    currency: str | None
    manage_url: str
    pay_by: datetime | None

    @classmethod
    def of(cls, registrant: Registrant, links: Links) -> "Registration":
        """A known registration as it is now."""
        return cls(
            registrant.id,
            registrant.status,
            registrant.amount_minor,
            registrant.currency,
            links.manage_url(registrant.id, registrant.link_version),
            registrant.pay_by,
        )

    def answer(self, links: Links) -> dict[str, Any]:
        """The body of the answer; links and deadlines to pay only while there is something to."""
        is_awaiting = self.status == "awaiting_payment"
        return {
            "id": self.id,
            "status": self.status,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "pay_url": links.pay_url(self.id) if is_awaiting else None,
            "manage_url": self.manage_url,
            "pay_by": self.pay_by if is_awaiting else None,
        }


Waiting = tuple[Application, "asyncio.Future[Registration]"]
Verdict = Registration | Refusal


class _Told:
    """Verdicts of the batch before, told while PostgreSQL is busy with the next.

    Writing their answers keeps the event loop for milliseconds. Told at once, they would come
    between the next batch's first statements, and PostgreSQL would wait for us and we for it.
    """

    def __init__(self) -> None:
        self._verdicts: list[tuple[asyncio.Future[Registration], Verdict | Exception]] = []

    def later(self, batch: list[Waiting], verdicts: Sequence[Verdict | Exception]) -> None:
        for (_, waiting), verdict in zip(batch, verdicts, strict=True):
            self._verdicts.append((waiting, verdict))

    def half(self) -> None:
        """Tell the first half; the rest is for the commit, which leaves us idle too."""
        middle = len(self._verdicts) // 2
        first, self._verdicts = self._verdicts[:middle], self._verdicts[middle:]
        _tell(first)

    def now(self) -> None:
        verdicts, self._verdicts = self._verdicts, []
        _tell(verdicts)


def _tell(verdicts: Sequence[tuple[asyncio.Future[Registration], Verdict | Exception]]) -> None:
    for waiting, verdict in verdicts:
        if waiting.done():
            continue  # The caller hung up; its seat is held until it lapses.
        if isinstance(verdict, Exception):
            waiting.set_exception(verdict)
        else:
            waiting.set_result(verdict)


@dataclass
class _Queue:
    waiting: deque[Waiting] = field(default_factory=deque)
    task: "asyncio.Task[None] | None" = None


class Admission:
    """The one door to a seat, for pages, API and bus alike."""

    def __init__(self, database: Database, links: Links, *, holds_per_network: int) -> None:
        self._database = database
        self._links = links
        self._holds_per_network = holds_per_network
        self._queues: dict[UUID, _Queue] = {}
        self._waiting = 0

    async def register(self, webinar_id: UUID, application: Application) -> Registration:
        """Admit one; returns after the commit. Raises the verdict's refusal, or Unavailable."""
        queue = self._queues.setdefault(webinar_id, _Queue())
        if len(queue.waiting) >= QUEUE_MAX or self._waiting >= WAITING_MAX:
            raise Unavailable
        verdict: asyncio.Future[Registration] = asyncio.get_running_loop().create_future()
        queue.waiting.append((application, verdict))
        self._waiting += 1
        if queue.task is None:
            queue.task = asyncio.create_task(self._drain(webinar_id, queue))
        return await verdict

    async def _drain(self, webinar_id: UUID, queue: _Queue) -> None:
        told = _Told()
        try:
            while queue.waiting:
                size = min(len(queue.waiting), BATCH_MAX)
                batch = [queue.waiting.popleft() for _ in range(size)]
                self._waiting -= size
                batch_size.observe(size)
                verdicts = await self._settle(webinar_id, batch, told)
                told.now()
                told.later(batch, verdicts)
                if queue.waiting:
                    # The next batch may wait for the webinar's lock: this one has its seats.
                    asyncio.get_running_loop().call_later(TOLD_SECONDS, told.now)
                else:
                    told.now()
        finally:
            told.now()
            del self._queues[webinar_id]

    async def _settle(
        self, webinar_id: UUID, batch: list[Waiting], told: "_Told", *, is_rerun: bool = False
    ) -> Sequence[Verdict | Exception]:
        """A verdict for every caller of the batch, whatever happens."""
        try:
            return await self._decide(
                webinar_id, [application for application, _ in batch], told, is_rerun=is_rerun
            )
        except UNAVAILABLE as failure:
            log.warning("admission not available", failure=type(failure).__name__)
            return [Unavailable() for _ in batch]
        except Exception as failure:
            if len(batch) == 1:
                return [failure]
            # Somebody's words cannot be stored: halved until that one is alone.
            middle = len(batch) // 2
            return [
                *await self._settle(webinar_id, batch[:middle], told, is_rerun=True),
                *await self._settle(webinar_id, batch[middle:], told, is_rerun=True),
            ]

    async def _decide(
        self, webinar_id: UUID, batch: list[Application], told: "_Told", *, is_rerun: bool
    ) -> list[Verdict]:
        """Commit the batch; after a lost connection again, with the same ids."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RERUN_SECONDS
        while True:
            try:
                async with self._database.transaction() as connection:
                    return await self._admit(connection, webinar_id, batch, told, is_rerun=is_rerun)
            except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError):
                raise
            except UNAVAILABLE:
                if loop.time() > deadline:
                    raise
                is_rerun = True
                await asyncio.sleep(RERUN_PAUSE_SECONDS)

    async def _admit(
        self,
        connection: Connection,
        webinar_id: UUID,
        batch: list[Application],
        told: "_Told",
        *,
        is_rerun: bool,
    ) -> list[Verdict]:
        # Alone in its statement, and first: a commit whose answer was lost is waited for here.
        webinar = await webinars.lock(connection, webinar_id)
        if webinar is None:
            return [NotFound() for _ in batch]
        around = await admissions.surroundings(
            connection,
            webinar,
            keys={one.idempotency_key for one in batch if one.idempotency_key is not None},
            addresses={one.email_key for one in batch},
        )
        organization, now = around.organization, around.now
        remembered = await self._remember(connection, webinar_id, batch, around, is_rerun=is_rerun)
        judgement = judge(
            batch,
            webinar,
            organization,
            remembered,
            now=now,
            holds_per_network=self._holds_per_network,
            terms_version=around.terms_version,
        )
        pay_by = (
            min(now + timedelta(minutes=webinar.hold_minutes), webinar.starts_at)
            if webinar.price_minor
            else None
        )
        admitted = judgement.admitted
        if admitted:
            announcer = Announcer(
                webinar,
                organization,
                self._links,
                now=now,
                pay_by=pay_by,
                description=around.description,
                own_words=around.own_words,
            )
            storing = asyncio.ensure_future(
                admissions.admit(
                    connection,
                    webinar,
                    admitted,
                    created=[announcer.created(one) for one in admitted],
                    confirmed=[] if pay_by else [announcer.confirmed(one) for one in admitted],
                    forms=judgement.forms,
                    pay_by=pay_by,
                    now=now,
                )
            )
            await asyncio.sleep(0)  # The statement is on its way to PostgreSQL.
            told.half()
            await storing
        if judgement.repeated:
            occasion = Occasion(webinar, organization, self._links, now)
            await _repeat(connection, judgement.repeated, occasion)
        # Runs once the caller has sent the commit and waits for it.
        asyncio.get_running_loop().call_soon(told.now)
        return self._verdicts(judgement, webinar, pay_by)

    async def _remember(
        self,
        connection: Connection,
        webinar_id: UUID,
        batch: list[Application],
        around: admissions.Surroundings,
        *,
        is_rerun: bool,
    ) -> Remembered:
        """Read in full what little of the batch is known already."""
        remembered = Remembered()
        if is_rerun:
            ids = {one.registrant_id for one in batch}
            remembered.by_id = await admissions.find_by_ids(connection, ids)
        if around.known_keys:
            remembered.by_key = await admissions.find_by_keys(
                connection, webinar_id, around.known_keys
            )
        if around.known_addresses:
            remembered.by_address = await admissions.find_by_addresses(
                connection, webinar_id, set(around.known_addresses)
            )
        networks = {one.network for one in batch if one.network is not None}
        if networks and self._holds_per_network:
            remembered.unpaid_by_network = await admissions.count_unpaid_by_network(
                connection, webinar_id, networks
            )
        return remembered

    def _verdicts(
        self, judgement: Judgement, webinar: Webinar, pay_by: datetime | None
    ) -> list[Verdict]:
        status: Status = "awaiting_payment" if pay_by else "confirmed"
        currency = webinar.currency if webinar.price_minor else None
        return [
            Registration(
                verdict.registrant_id,
                status,
                webinar.price_minor,
                currency,
                verdict.manage_url,
                pay_by,
            )
            if isinstance(verdict, Application)
            else Registration.of(verdict, self._links)
            if isinstance(verdict, Registrant)
            else verdict
            for verdict in judgement.verdicts
        ]


async def _repeat(
    connection: Connection, repeated: Sequence[Registrant], occasion: Occasion
) -> None:
    await admissions.mark_repeated(connection, repeated, occasion.now)
    events = [
        RegistrationRepeated(**facts(registrant, occasion), status=registrant.status)
        for registrant in repeated
    ]
    await outbox.enqueue(connection, *events)

"""Delivery: due mails are claimed, handed to the mail server, and what it said is stored."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import structlog

from services.notifications import measures, store
from services.notifications.mailer import Accepted, Deferred, Mailer, Refused, ServerAway
from services.notifications.store import Due, Outcome
from shared import outbox
from shared.events import EmailFailed, EmailSent, Event
from shared.postgres import UNAVAILABLE, Database
from shared.workers import run_worker

log = structlog.get_logger(__name__)

# By how often the server has put a mail off; the last one repeats until 48 hours have passed.
RETRY_SECONDS: Sequence[float] = (2, 10, 60, 300, 900, 1800, 3600, 7200, 14_400)
SERVER_AWAY_SECONDS_MAX = 30
# A taker that died is noticed after this time; a living one extends it.
LEASE_SECONDS = 20
POLL_SECONDS = 1
SETTLE_AGAIN_SECONDS = 1
FINISH_SECONDS = 8


class Delivery:
    """Drains the queue of mails; run it in every replica."""

    def __init__(
        self,
        database: Database,
        mailer: Mailer,
        *,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.wake = asyncio.Event()
        self._database = database
        self._mailer = mailer
        self._retry_seconds = retry_seconds
        self._lease = timedelta(seconds=lease_seconds)
        # A few more than are being sent, so that no connection waits for the next claim.
        self._mails_max = 4 * mailer.connections
        self._sending: dict[asyncio.Task[None], Due] = {}
        self._outcomes: list[tuple[Outcome, asyncio.Future[None]]] = []
        self._has_outcomes = asyncio.Event()
        self._is_stopping = False
        self._away_pause = 0.0
        self._away_until = 0.0

    async def run(self) -> None:
        """Deliver until cancelled; what was claimed then is taken up again after its lease."""
        try:
            async with asyncio.TaskGroup() as together:
                together.create_task(
                    run_worker("delivery", self.round, idle_seconds=POLL_SECONDS, wake=self.wake)
                )
                together.create_task(self._store_outcomes())
                together.create_task(self._keep_claims())
        finally:
            for task in self._sending:
                task.cancel()

    async def finish(self) -> None:
        """Claim nothing more and let what is being sent come to its end, for a few seconds."""
        self._is_stopping = True
        if self._sending:
            await asyncio.wait(list(self._sending), timeout=FINISH_SECONDS)
        await self._mailer.close()

    async def round(self) -> int:
        """Claim what is due and there is room for, and begin to send it."""
        now = asyncio.get_running_loop().time()
        room = self._mails_max - len(self._sending)
        if self._is_stopping or room <= self._mails_max // 2 or now < self._away_until:
            return 0
        if self._away_pause:
            # One mail finds out whether the server is back.
            room = 0 if self._sending else 1
        if not room:
            return 0
        claimed = await store.claim_due(self._database, room, self._lease)
        for mail in claimed:
            task = asyncio.create_task(self._deliver(mail))
            self._sending[task] = mail
            task.add_done_callback(self._ended)
        # Fewer than asked for: there are no more, and whatever comes will wake us.
        return len(claimed) if len(claimed) == room else 0

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        if len(self._sending) == self._mails_max // 2 - 1:
            self.wake.set()

    async def _deliver(self, mail: Due) -> None:
        outcome = await self._try(mail)
        measures.mails.labels(mail.kind, outcome.result).inc()
        if outcome.result != "sent":
            log.info(
                "mail not accepted",
                email_id=str(mail.email_id),
                registrant_id=str(mail.registrant_id),
                result=outcome.result,
                smtp_code=outcome.code,
            )
        is_stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outcomes.append((outcome, is_stored))
        self._has_outcomes.set()
        await is_stored

    async def _try(self, mail: Due) -> Outcome:
        try:
            accepted: Accepted = await self._mailer.send(mail.recipient, mail.content)
        except Refused as refusal:
            self._server_answers()
            return Outcome(mail, "refused", refusal.code, refusal.answer)
        except Deferred as deferral:
            if deferral.code is not None:
                self._server_answers()
            return Outcome(mail, "deferred", deferral.code, deferral.answer, self._delay(mail))
        except ServerAway as failure:
            delay = self._server_is_away(failure)
            return Outcome(mail, "deferred", None, str(failure), delay, is_the_mails_own=False)
        except Exception as failure:
            # Whatever it was, the mail is tried again, and given up only after 48 hours.
            log.exception("fault while sending", email_id=str(mail.email_id))
            return Outcome(mail, "deferred", None, type(failure).__name__, self._delay(mail))
        self._server_answers()
        return Outcome(mail, "sent", accepted.code, accepted.answer)

    def _delay(self, mail: Due) -> float:
        delay = self._retry_seconds[min(mail.deferrals, len(self._retry_seconds) - 1)]
        return delay * random.uniform(0.8, 1.2)

    def _server_answers(self) -> None:
        if self._away_pause:
            self._away_pause = self._away_until = 0.0
            log.info("mail server is back")
            self.wake.set()

    def _server_is_away(self, failure: ServerAway) -> float:
        now = asyncio.get_running_loop().time()
        if now >= self._away_until:
            self._away_pause = min(max(1.0, self._away_pause * 2), SERVER_AWAY_SECONDS_MAX)
            self._away_until = now + self._away_pause
            log.warning("mail server away", seconds=self._away_pause, failure=str(failure))
        return self._away_until - now

    async def _store_outcomes(self) -> None:
        while True:
            await self._has_outcomes.wait()
            self._has_outcomes.clear()
            # What ends while this transaction is under way is stored together in the next.
            taken, self._outcomes = self._outcomes, []
            try:
                wait_seconds = await self._store([outcome for outcome, _ in taken])
            except UNAVAILABLE as failure:
                log.warning("outcomes wait for the database", failure=type(failure).__name__)
                self._outcomes = taken + self._outcomes
                self._has_outcomes.set()
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)
                continue
            for _, is_stored in taken:
                if not is_stored.done():
                    is_stored.set_result(None)
            if wait_seconds is not None and wait_seconds < POLL_SECONDS:
                asyncio.get_running_loop().call_later(wait_seconds, self.wake.set)

    async def _store(self, outcomes: list[Outcome]) -> float | None:
        """Store outcomes and tell of them; in how many seconds that makes a mail due, if any."""
        due: list[float] = []
        events: list[Event] = []
        async with self._database.transaction() as connection:
            settled = await store.settle(connection, outcomes)
            for outcome in outcomes:
                mail = settled.get(outcome.mail.email_id)
                if mail is None:
                    continue
                if event := _event_of(outcome, mail.state):
                    events.append(event)
                    due += [0.0] if mail.is_followed else []
                else:
                    due.append(outcome.delay_seconds)
            await outbox.enqueue(connection, *events)
        return min(due, default=None)

    async def _keep_claims(self) -> None:
        seconds = self._lease.total_seconds() / 3
        while True:
            await asyncio.sleep(seconds)
            if not self._sending:
                continue
            try:
                await store.keep_claims(self._database, list(self._sending.values()), self._lease)
            except UNAVAILABLE as failure:
                log.warning("claims not extended", failure=type(failure).__name__)


def _event_of(outcome: Outcome, state: str) -> Event | None:
    """What the others are told, once: when the mail's state has changed for good."""
    mail = outcome.mail
    facts = {
        "organization_id": mail.organization_id,
        "email_id": mail.email_id,
        "registrant_id": mail.registrant_id,
        "webinar_id": mail.webinar_id,
        "kind": mail.kind,
        "message_id": mail.message_id,
    }
    if state == "sent":
        measures.mail_seconds.observe(mail.waited_seconds)
        return EmailSent(**facts)
    if state == "failed":
        reason = outcome.answer or "the mail server gave no answer"
        if outcome.result == "deferred":
            reason = f"not accepted within 48 hours; last: {reason}"
        return EmailFailed(**facts, smtp_code=outcome.code, failure_reason=reason)
    return None

"""The inbox of Stripe's events: stored at the door or by reconciliation, merged by a worker."""

import json
from collections import defaultdict
from datetime import timedelta
from typing import Literal
from uuid import UUID

import structlog

from services.payments import metrics
from services.payments.account_checks import apply_account_event
from services.payments.change import UNMERGED_EVENT, Trouble
from services.payments.facts import ChargeSeen, DisputeSeen, Fact, RefundSeen
from services.payments.gathering import Gathering
from services.payments.merging import Changed, Merger, merge_in
from services.payments.store import changes, lookups, payments, stripe_events
from services.payments.store.stripe_events import StoredEvent
from services.payments.stripe_events import ACCOUNT_EVENTS
from services.payments.stripe_gateway.events import read_event_fact
from services.payments.wakes import Wakes
from shared.postgres import UNAVAILABLE, Connection, Database

log = structlog.get_logger(__name__)

TRIES_BEFORE_TROUBLE = 5
RETRY_SECONDS_MAX = 3600

Source = Literal["webhook", "reconciliation"]


class EventInbox:
    """One process's way into the inbox and out of it."""

    def __init__(self, database: Database, merger: Merger, wakes: Wakes) -> None:
        self._database = database
        self._merger = merger
        self._wakes = wakes
        self._webhooks: Gathering[StoredEvent, bool] = Gathering(self._store_webhooks)

    async def receive(self, event: StoredEvent) -> bool:
        """Store a webhook's event; False if it was there already."""
        return await self._webhooks.do(event)

    async def add_listed(self, events: list[StoredEvent]) -> int:
        """Store events that were listed; how many were new."""
        async with self._database.connection() as connection:
            new = await stripe_events.add_events(connection, events, source="reconciliation")
        if new:
            metrics.stripe_events.labels("reconciliation", "stored").inc(len(new))
            self._wakes.stripe_events.set()
        return len(new)

    async def merge_waiting(self) -> int:
        """One round: merge what is stored, all of it in one transaction; how many there were.

        An event that cannot be merged must not hold up the others: then each is tried alone.
        """
        try:
            return await self._merge_batch()
        except UNAVAILABLE:
            raise
        except Exception as failure:
            log.warning("merging events one by one", failure=type(failure).__name__, exc_info=True)
        return await self._merge_singly()

    async def _store_webhooks(self, events: list[StoredEvent]) -> list[bool]:
        async with self._database.connection() as connection:
            new = await stripe_events.add_events(connection, events, source="webhook")
        if new:
            self._wakes.stripe_events.set()
        return [event.id in new for event in events]

    async def _merge_batch(self) -> int:
        async with self._database.transaction() as connection:
            waiting = await stripe_events.lock_waiting(connection)
            if not waiting:
                return 0
            merged = await _merge_stored(connection, waiting)
            await stripe_events.mark_processed(connection, [event.id for event in waiting])
        metrics.stripe_events.labels("inbox", "merged").inc(len(waiting))
        self._merger.tell(merged.values())
        return len(waiting)

    async def _merge_singly(self) -> int:
        async with self._database.transaction() as connection:
            waiting = await stripe_events.lock_waiting(connection)
        for event in waiting:
            try:
                async with self._database.transaction() as connection:
                    merged = await _merge_stored(connection, [event])
                    await stripe_events.mark_processed(connection, [event.id])
            except UNAVAILABLE:
                raise
            except Exception as failure:
                await self._postpone(event, failure)
            else:
                metrics.stripe_events.labels("inbox", "merged").inc()
                self._merger.tell(merged.values())
        return len(waiting)

    async def _postpone(self, event: StoredEvent, failure: Exception) -> None:
        """It stays, is tried again, and after some tries a person is told."""
        seconds = min(2.0**event.tries, RETRY_SECONDS_MAX)
        cause = f"{type(failure).__name__}: {failure}"
        log.error(
            "event cannot be merged", stripe_event_id=event.id, type=event.type, exc_info=failure
        )
        metrics.stripe_events.labels("inbox", "failed").inc()
        async with self._database.transaction() as connection:
            await stripe_events.postpone(connection, event.id, timedelta(seconds=seconds), cause)
            if event.tries + 1 >= TRIES_BEFORE_TROUBLE:
                await changes.add_troubles(connection, [Trouble(UNMERGED_EVENT, event.id, cause)])


async def _merge_stored(connection: Connection, waiting: list[StoredEvent]) -> dict[UUID, Changed]:
    facts: list[Fact] = []
    for event in waiting:
        document = json.loads(event.body)
        if event.type in ACCOUNT_EVENTS:
            await apply_account_event(connection, document)
            continue
        fact = read_event_fact(document, event.account)
        if fact is not None:
            facts.append(fact)
    return await merge_in(connection, await _by_payment(connection, facts))


async def _by_payment(connection: Connection, facts: list[Fact]) -> dict[UUID, list[Fact]]:
    """Which payment each fact is about: by our id in it, or by the intent that took the money.

    A refund or dispute whose intent is not known may be of a charge that we have not heard of
    yet, or of the organization's other business: the intent itself tells.
    """
    sorted_facts: dict[UUID, list[Fact]] = defaultdict(list)
    nameless: list[tuple[str, RefundSeen | DisputeSeen | ChargeSeen]] = []
    for fact in facts:
        if fact.labels.payment_id is not None:
            sorted_facts[fact.labels.payment_id].append(fact)
        elif (
            isinstance(fact, RefundSeen | DisputeSeen | ChargeSeen)
            and fact.stripe_payment_intent_id is not None
        ):
            nameless.append((fact.stripe_payment_intent_id, fact))
    if nameless:
        known = await payments.payments_of_intents(connection, [one for one, _ in nameless])
        for intent_id, fact in nameless:
            if intent_id in known:
                sorted_facts[known[intent_id]].append(fact)
            elif not isinstance(fact, ChargeSeen):
                await lookups.add_intent(
                    connection, intent_id, fact.acting_for, fact.is_live, "unknown intent"
                )
    return sorted_facts

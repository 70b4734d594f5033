"""Brings facts to their payments in one transaction, and merges Stripe's stored events."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.payments import merge, metrics
from services.payments.account_checks import apply_account_event
from services.payments.change import UNMERGED_EVENT, Change, Trouble
from services.payments.desk import Desk
from services.payments.facts import ChargeSeen, DisputeSeen, Fact, RefundSeen
from services.payments.payment import Payment
from services.payments.store import changes, lookups, payments, stripe_events
from services.payments.store.stripe_events import StoredEvent
from services.payments.stripe_events import ACCOUNT_EVENTS
from services.payments.stripe_gateway.events import read_event_fact
from shared.postgres import UNAVAILABLE, Connection

log = structlog.get_logger(__name__)

TRIES_BEFORE_TROUBLE = 5
RETRY_SECONDS_MAX = 3600

Rule = Callable[[Change, datetime], None]


async def merge_facts(
    desk: Desk,
    facts: Mapping[UUID, list[Fact]],
    also: Callable[[Connection], Awaitable[None]] | None = None,
) -> dict[UUID, Payment]:
    """Merge facts into the payments that they name; what became of those.

    `also` runs in the same transaction. Payments that do not exist are passed over.
    """
    async with desk.database.transaction() as connection:
        merged = await merge_in(connection, facts)
        if also is not None:
            await also(connection)
    wake(desk, merged)
    return merged


async def change_payment(desk: Desk, payment_id: UUID, rule: Rule) -> Payment:
    """Apply one rule to a payment, under its lock, and store what it found."""
    async with desk.database.transaction() as connection:
        payment = await change_in(connection, payment_id, rule)
    wake(desk, [payment_id])
    return payment


async def change_in(connection: Connection, payment_id: UUID, rule: Rule) -> Payment:
    """The same in a transaction that is under way."""
    locked, now = await payments.lock_payments(connection, [payment_id])
    before = locked[payment_id]
    change = Change(before)
    rule(change, now)
    merge.merge(change, (), now)
    await changes.save_changes(connection, [(before, change)], now)
    return change.payment


async def merge_in(connection: Connection, facts: Mapping[UUID, list[Fact]]) -> dict[UUID, Payment]:
    """Merge in a transaction that is under way."""
    locked, now = await payments.lock_payments(connection, facts)
    merged = [
        (before, merge.merge(Change(before), facts[payment_id], now))
        for payment_id, before in locked.items()
    ]
    await changes.save_changes(connection, merged, now)
    return {before.payment_id: change.payment for before, change in merged}


def wake(desk: Desk, payment_ids: Iterable[UUID]) -> None:
    """Something moved: workers look for what is due, waiting requests look again."""
    desk.wakes.set_all()
    # What Stripe booked is read a little later, whole pages of it at once in a rush.
    asyncio.get_running_loop().call_later(
        changes.BALANCE_DELAY.total_seconds() + 0.01, desk.wakes.lookups.set
    )
    for payment_id in payment_ids:
        desk.waiters.tell(payment_id)


async def merge_waiting(desk: Desk) -> int:
    """One round: merge what is stored, all of it in one transaction; how many events there were.

    An event that cannot be merged must not hold up the others: then each is tried alone.
    """
    try:
        return await _merge_batch(desk, stripe_events.ROWS_PER_ROUND)
    except UNAVAILABLE:
        raise
    except Exception as failure:
        log.warning("merging events one by one", failure=type(failure).__name__, exc_info=True)
    return await _merge_singly(desk)


async def _merge_batch(desk: Desk, limit: int) -> int:
    async with desk.database.transaction() as connection:
        waiting = await stripe_events.lock_waiting(connection, limit)
        if not waiting:
            return 0
        merged = await _merge_stored(connection, waiting)
        await stripe_events.mark_processed(connection, [event.id for event in waiting])
    metrics.stripe_events.labels("inbox", "merged").inc(len(waiting))
    wake(desk, merged)
    return len(waiting)


async def _merge_singly(desk: Desk) -> int:
    async with desk.database.transaction() as connection:
        waiting = await stripe_events.lock_waiting(connection)
    for event in waiting:
        try:
            async with desk.database.transaction() as connection:
                merged = await _merge_stored(connection, [event])
                await stripe_events.mark_processed(connection, [event.id])
        except UNAVAILABLE:
            raise
        except Exception as failure:
            await _postpone(desk, event, failure)
        else:
            metrics.stripe_events.labels("inbox", "merged").inc()
            wake(desk, merged)
    return len(waiting)


async def _postpone(desk: Desk, event: StoredEvent, failure: Exception) -> None:
    """It stays, is tried again, and after some tries a person is told."""
    seconds = min(2.0**event.tries, RETRY_SECONDS_MAX)
    cause = f"{type(failure).__name__}: {failure}"
    log.error("event cannot be merged", stripe_event_id=event.id, type=event.type, exc_info=failure)
    metrics.stripe_events.labels("inbox", "failed").inc()
    async with desk.database.transaction() as connection:
        await stripe_events.postpone(connection, event.id, timedelta(seconds=seconds), cause)
        if event.tries + 1 >= TRIES_BEFORE_TROUBLE:
            await changes.add_troubles(connection, [Trouble(UNMERGED_EVENT, event.id, cause)])


async def _merge_stored(connection: Connection, waiting: list[StoredEvent]) -> dict[UUID, Payment]:
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
                await lookups.add_intent(connection, intent_id, fact.acting_for, "unknown intent")
    return sorted_facts

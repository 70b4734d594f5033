"""Reads what is to be looked up at Stripe: whole intents, sessions, and what was booked."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import structlog

from services.payments.desk import Desk
from services.payments.facts import BalanceTransactionSeen, Fact
from services.payments.store import lookups
from services.payments.store.lookups import DueLookup
from services.payments.stripe_gateway import StripeFailure, StripeRefused
from services.payments.stripe_gateway.intents import read_everything
from services.payments.stripe_gateway.refunds import (
    get_balance_transaction,
    list_balance_transactions,
)
from services.payments.stripe_gateway.sessions import get_session

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
RETRY_MAX = timedelta(hours=1)
LIST_FROM = 3
"""As many wanted entries of one account are looked for on one page first."""


async def look_up_due(desk: Desk) -> int:
    """One round: take what is to be read and start reading it."""
    if desk.money_crew.free <= 0:
        return 0
    async with desk.database.connection() as connection:
        taken = await lookups.take_due(connection, LEASE)
    entries: dict[tuple[str | None, bool], list[DueLookup]] = defaultdict(list)
    for lookup in taken:
        if lookup.kind == "balance_transaction":
            entries[lookup.acting_for, lookup.is_live].append(lookup)
        else:
            desk.money_crew.start(_look_up(desk, lookup), then=desk.wakes.lookups)
    for wanted in entries.values():
        desk.money_crew.start(_book(desk, wanted), then=desk.wakes.lookups)
    return len(taken)


async def _look_up(desk: Desk, lookup: DueLookup) -> None:
    """Read one object and merge what it says, whosever it turns out to be."""
    facts: list[Fact]
    try:
        if lookup.kind == "session":
            session = await desk.call(
                "reads",
                lookup,
                lambda stripe: get_session(stripe, lookup.stripe_object_id, lookup.acting_for),
            )
            facts = [session]
        else:
            facts = await desk.call(
                "reads",
                lookup,
                lambda stripe: read_everything(stripe, lookup.stripe_object_id, lookup.acting_for),
            )
    except StripeFailure as failure:
        await _postpone(desk, [lookup], failure)
        return
    # An intent names its payment itself; one without our id is none of ours.
    payment_id = facts[0].labels.payment_id or lookup.payment_id
    await desk.merger.merge(
        {payment_id: facts} if payment_id is not None else {},
        also=lambda connection: lookups.remove(connection, [lookup]),
    )


async def _book(desk: Desk, wanted: list[DueLookup]) -> None:
    """Read entries of one account's books at Stripe and add them to ours."""
    place = wanted[0]
    open_ones = {one.stripe_object_id: one for one in wanted}
    found: dict[str, BalanceTransactionSeen] = {}
    failure: StripeFailure | None = None
    try:
        if len(open_ones) >= LIST_FROM:
            page = await desk.call(
                "reads",
                place,
                lambda stripe: list_balance_transactions(stripe, place.acting_for),
            )
            found = {one.id: one for one in page if one.id in open_ones}
        for entry_id in open_ones.keys() - found.keys():
            found[entry_id] = await desk.call(
                "reads",
                place,
                lambda stripe, entry_id=entry_id: get_balance_transaction(  # type: ignore[misc] # Bound now.
                    stripe, entry_id, place.acting_for
                ),
            )
    except StripeFailure as failed:
        failure = failed
    await _store(desk, [(open_ones[entry_id], entry) for entry_id, entry in found.items()])
    if failure is not None:
        await _postpone(
            desk, [one for entry_id, one in open_ones.items() if entry_id not in found], failure
        )


async def _store(desk: Desk, read: Iterable[tuple[DueLookup, BalanceTransactionSeen]]) -> None:
    booked: dict[UUID, list[BalanceTransactionSeen]] = defaultdict(list)
    done: list[DueLookup] = []
    for lookup, entry in read:
        done.append(lookup)
        if lookup.payment_id is not None:
            booked[lookup.payment_id].append(entry)
    if not done:
        return
    await desk.merger.merge(
        {}, bookings=booked, also=lambda connection: lookups.remove(connection, done)
    )


async def _postpone(desk: Desk, waiting: list[DueLookup], failure: StripeFailure) -> None:
    """Silence and refusals alike are waited out: what is to be known stays to be known."""
    log.warning(
        "look-up waits for Stripe",
        failure=type(failure).__name__,
        refused=isinstance(failure, StripeRefused),
        count=len(waiting),
    )
    async with desk.database.transaction() as connection:
        for lookup in waiting:
            seconds = 2 ** min(lookup.tries, 12)
            await lookups.postpone(connection, lookup, min(timedelta(seconds=seconds), RETRY_MAX))

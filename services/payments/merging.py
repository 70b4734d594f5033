"""Brings facts and decisions to payments under their locks, and wakes whom that concerns."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.payments import merge
from services.payments.change import Change
from services.payments.facts import BalanceTransactionSeen, Fact
from services.payments.gathering import Gathering
from services.payments.payment import Payment
from services.payments.store import changes, payments
from services.payments.wakes import Waiters, Wakes
from shared.postgres import Connection, Database

Facts = Mapping[UUID, list[Fact]]
Bookings = Mapping[UUID, list[BalanceTransactionSeen]]
Rule = Callable[[Change, datetime], None]
Also = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Changed:
    """A payment as it was stored, and when."""

    change: Change
    now: datetime


@dataclass(frozen=True, slots=True)
class _Work:
    facts: Facts
    bookings: Bookings
    also: Also | None


async def change_in(connection: Connection, payment_id: UUID, rule: Rule) -> Changed:
    """Apply one rule to a payment in the caller's transaction; tell it after the commit."""
    locked, now = await payments.lock_payments(connection, [payment_id])
    before = locked[payment_id]
    change = Change(before)
    rule(change, now)
    merge.merge(change, (), now)
    await changes.save_changes(connection, [(before, change)], now)
    return Changed(change, now)


async def merge_in(
    connection: Connection, facts: Facts, bookings: Bookings | None = None
) -> dict[UUID, Changed]:
    """Merge facts in the caller's transaction; payments that do not exist are passed over."""
    bookings = bookings or {}
    locked, now = await payments.lock_payments(connection, {*facts, *bookings})
    merged = [
        (
            before,
            merge.merge(
                Change(before, bookings=list(bookings.get(payment_id, ()))),
                facts.get(payment_id, ()),
                now,
            ),
        )
        for payment_id, before in locked.items()
    ]
    await changes.save_changes(connection, merged, now)
    return {before.payment_id: Changed(change, now) for before, change in merged}


class Merger:
    """One process's merging: what comes together is stored in one transaction."""

    def __init__(self, database: Database, wakes: Wakes, waiters: Waiters) -> None:
        self._database = database
        self._wakes = wakes
        self._waiters = waiters
        self._gathering: Gathering[_Work, dict[UUID, Payment]] = Gathering(self._together)

    async def merge(
        self, facts: Facts, *, bookings: Bookings | None = None, also: Also | None = None
    ) -> dict[UUID, Payment]:
        """Merge facts into the payments that they name; what became of those.

        `also` runs in the same transaction. Payments that do not exist are passed over.
        """
        return await self._gathering.do(_Work(facts, bookings or {}, also))

    async def change(self, payment_id: UUID, rule: Rule) -> Payment:
        """Apply one rule to a payment, under its lock."""
        async with self._database.transaction() as connection:
            changed = await change_in(connection, payment_id, rule)
        self.tell([changed])
        return changed.change.payment

    def tell(self, changed: Iterable[Changed]) -> None:
        """After the commit: workers look for what is due, waiting requests get the payment."""
        for one in changed:
            self._wakes.after(one.change, one.now)
            self._waiters.tell(one.change.payment)

    async def _together(self, gathered: list[_Work]) -> list[dict[UUID, Payment]]:
        facts: dict[UUID, list[Fact]] = defaultdict(list)
        bookings: dict[UUID, list[BalanceTransactionSeen]] = defaultdict(list)
        for work in gathered:
            for payment_id, seen in work.facts.items():
                facts[payment_id] += seen
            for payment_id, entries in work.bookings.items():
                bookings[payment_id] += entries
        async with self._database.transaction() as connection:
            changed = await merge_in(connection, facts, bookings)
            for work in gathered:
                if work.also is not None:
                    await work.also(connection)
        self.tell(changed.values())
        return [
            {
                payment_id: changed[payment_id].change.payment
                for payment_id in work.facts
                if payment_id in changed
            }
            for work in gathered
        ]

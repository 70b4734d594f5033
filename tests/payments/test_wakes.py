"""How those who wait learn at once what others have done."""

import asyncio

from services.payments.change import Change
from services.payments.wakes import Crew, Waiters, Wakes
from tests.payments.builders import (
    LATER,
    NOW,
    PAYMENT_ID,
    made_refund,
    open_attempt,
    opened_payment,
    paid_payment,
    payment,
)


async def test_only_those_with_something_due_are_woken() -> None:
    wakes = Wakes()

    wakes.after(Change(opened_payment()), NOW)
    assert not wakes.attempts.is_set()

    closing = opened_payment(attempts=(open_attempt(is_closing=True, due_at=NOW),))
    wakes.after(Change(closing), NOW)
    assert wakes.attempts.is_set()
    assert not wakes.refunds.is_set()

    due = paid_payment(refunds=(made_refund(status="requested", due_at=NOW),))
    wakes.after(Change(due), NOW)
    assert wakes.refunds.is_set()
    assert not wakes.lookups.is_set()


async def test_an_intent_is_looked_up_at_once_and_fees_a_moment_later() -> None:
    wakes = Wakes()
    change = Change(paid_payment())
    change.look_up("balance_transaction", "txn_1", None, False, "charge")
    wakes.after(change, NOW)
    assert not wakes.lookups.is_set()

    async with asyncio.timeout(5):
        await wakes.lookups.wait()

    wakes.lookups.clear()
    change.look_up("intent", "pi_1", None, False, "refunded")
    wakes.after(change, LATER)
    assert wakes.lookups.is_set()


async def test_who_waits_gets_the_payment_as_it_is_now() -> None:
    waiters = Waiters()
    waiting = asyncio.create_task(waiters.wait(PAYMENT_ID, 5))
    while not len(waiters):  # noqa: ASYNC110 # One turn of the loop at a time.
        await asyncio.sleep(0)

    waiters.tell(payment(version=7))

    found = await waiting
    assert found is not None
    assert found.version == 7
    assert len(waiters) == 0


async def test_waiting_has_an_end() -> None:
    waiters = Waiters()

    assert await waiters.wait(PAYMENT_ID, 0.01) is None
    assert len(waiters) == 0


async def test_a_full_crew_tells_when_there_is_room() -> None:
    crew = Crew(1)
    may_end, room = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await may_end.wait()

    crew.start(work(), then=room)
    assert crew.free == 0
    may_end.set()

    async with asyncio.timeout(5):
        await room.wait()
    assert crew.free == 1


async def test_a_crew_that_stops_leaves_nothing_behind() -> None:
    async def never_ends() -> None:
        await asyncio.Event().wait()

    crew = Crew(4)
    crew.start(never_ends(), then=asyncio.Event())

    await crew.stop()
    await asyncio.sleep(0)

    assert crew.free == 4

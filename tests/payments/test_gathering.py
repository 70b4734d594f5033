"""What arrives together is done together."""

import asyncio

import pytest

from services.payments.gathering import Gathering


class Doer:
    """Notes what it was given; anything negative cannot be done."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go = asyncio.Event()
        self.may_go.set()
        self.failure: Exception | None = None

    async def __call__(self, things: list[int]) -> list[int]:
        self.batches.append(things)
        await self.may_go.wait()
        if self.failure is not None:
            raise self.failure
        if any(thing < 0 for thing in things):
            raise ValueError(f"cannot do {things}")
        return [thing * 10 for thing in things]


async def test_one_thing_is_done_at_once() -> None:
    doer = Doer()

    assert await Gathering(doer).do(4) == 40
    assert doer.batches == [[4]]


async def test_what_arrives_meanwhile_is_the_next_batch_and_each_gets_its_own_result() -> None:
    doer = Doer()
    gathering = Gathering(doer)
    doer.may_go.clear()
    first = asyncio.create_task(gathering.do(1))
    while not doer.batches:  # noqa: ASYNC110 # One turn of the loop at a time.
        await asyncio.sleep(0)
    others = [asyncio.create_task(gathering.do(thing)) for thing in (2, 3, 4)]
    await asyncio.sleep(0)

    doer.may_go.set()

    assert await first == 10
    assert await asyncio.gather(*others) == [20, 30, 40]
    assert doer.batches == [[1], [2, 3, 4]]


async def test_only_what_cannot_be_done_fails() -> None:
    gathering = Gathering(Doer())

    results = await asyncio.gather(
        *(gathering.do(thing) for thing in (1, -2, 3)), return_exceptions=True
    )

    assert results[0] == 10
    assert isinstance(results[1], ValueError)
    assert results[2] == 30


async def test_a_database_that_is_away_fails_all_of_them_at_once() -> None:
    doer = Doer()
    doer.failure = ConnectionRefusedError()
    gathering = Gathering(doer)

    results = await asyncio.gather(
        *(gathering.do(thing) for thing in (1, 2, 3)), return_exceptions=True
    )

    assert all(isinstance(result, ConnectionRefusedError) for result in results)
    assert len(doer.batches) == 1


async def test_who_goes_away_does_not_stop_the_others() -> None:
    doer = Doer()
    gathering = Gathering(doer)
    doer.may_go.clear()
    leaving = asyncio.create_task(gathering.do(1))
    staying = asyncio.create_task(gathering.do(2))
    await asyncio.sleep(0)

    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    doer.may_go.set()

    assert await staying == 20

import asyncio

from shared.tasks import stop_tasks
from shared.workers import run_worker
from tests.waiting import eventually


async def test_a_worker_outlives_a_failed_round() -> None:
    rounds: list[int] = []

    async def work() -> int:
        rounds.append(1)
        if len(rounds) == 1:
            raise RuntimeError("the world is away")
        return 0

    task = asyncio.create_task(run_worker("test", work, idle_seconds=0.01))
    await eventually(lambda: len(rounds) >= 3)
    await stop_tasks([task])


async def test_an_idle_worker_is_woken_at_once() -> None:
    wake, rounds = asyncio.Event(), []

    async def work() -> int:
        rounds.append(1)
        return 0

    task = asyncio.create_task(run_worker("test", work, idle_seconds=3600, wake=wake))
    await eventually(lambda: len(rounds) == 1)
    wake.set()
    await eventually(lambda: len(rounds) == 2)
    await stop_tasks([task])


async def test_a_task_that_loses_a_cancellation_is_stopped_all_the_same() -> None:
    swallowed: list[int] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append(1)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)

    await stop_tasks([task])

    assert task.cancelled()

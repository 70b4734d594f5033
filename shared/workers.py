"""Workers: rounds over due rows, repeated for ever, woken early when there is something to do."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from shared import telemetry

log = structlog.get_logger(__name__)

FAILURE_PAUSE_SECONDS_MAX = 10


async def run_worker(
    name: str,
    round_of_work: Callable[[], Awaitable[int]],
    *,
    idle_seconds: float,
    wake: asyncio.Event | None = None,
) -> None:
    """Repeat a round (it returns how much it did) until cancelled; a failed one is waited out."""
    pause = 0.2
    while True:
        if wake is not None:
            wake.clear()
        try:
            done = await round_of_work()
        except Exception as failure:
            # A worker outlives whatever its round met: the rows are still due.
            telemetry.worker_failures.labels(name).inc()
            log.warning(
                "worker waits", worker=name, failure=type(failure).__name__, exc_info=failure
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, FAILURE_PAUSE_SECONDS_MAX)
            continue
        pause = 0.2
        telemetry.work_due.labels(name).set(done)
        if done:
            continue
        if wake is None:
            await asyncio.sleep(idle_seconds * random.uniform(0.9, 1.1))
            continue
        try:
            async with asyncio.timeout(idle_seconds * random.uniform(0.9, 1.1)):
                await wake.wait()
        except TimeoutError:
            pass

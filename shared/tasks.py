"""Background tasks: ended for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

CANCEL_AGAIN_SECONDS = 0.5


async def stop_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended; what they raise then is theirs.

    Once is not enough: `asyncio.wait_for` of Python 3.11 loses a cancellation that arrives
    together with its result (https://github.com/python/cpython/issues/86296), and nats-py uses it.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)

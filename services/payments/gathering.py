"""Gathers work that arrives together, so that one transaction stores all of it.

No artificial delay: what arrives while a transaction is under way forms the next one.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.postgres import UNAVAILABLE

TOGETHER_MAX = 64

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """Does a list of things at once; each caller gets the result of its own one."""

    def __init__(self, do_together: Callable[[list[T]], Awaitable[list[R]]]) -> None:
        self._do_together = do_together
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def do(self, thing: T) -> R:
        """Done once this returns; raises what doing it raised, whatever the others met."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((thing, done))
        if self._task is None:
            # It belongs to no caller: others wait for the same commit.
            self._task = asyncio.create_task(self._work(), context=contextvars.Context())
        return await done

    async def _work(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), TOGETHER_MAX)
                await self._do([self._waiting.popleft() for _ in range(size)])
        finally:
            self._task = None

    async def _do(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._do_together([thing for thing, _ in batch])
        except Exception as failure:
            if len(batch) == 1 or isinstance(failure, UNAVAILABLE):
                for _, done in batch:
                    if not done.done():
                        done.set_exception(failure)
                return
            for one in batch:  # Only the one that cannot be done shall fail.
                await self._do([one])
            return
        except asyncio.CancelledError:
            for _, done in batch:
                done.cancel()
            raise
        for (_, done), result in zip(batch, results, strict=True):
            if not done.done():
                done.set_result(result)

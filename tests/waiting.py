"""Waiting for what must become true, never for a time to pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

POLL_SECONDS = 0.01

T = TypeVar("T")


@overload
async def eventually(
    condition: Callable[[], Awaitable[T | None]], timeout: float = 10, *, what: str = ""
) -> T: ...


@overload
async def eventually(
    condition: Callable[[], T | None], timeout: float = 10, *, what: str = ""
) -> T: ...


async def eventually(condition: Callable[[], Any], timeout: float = 10, *, what: str = "") -> Any:
    """Return the condition's first truthy answer; an AssertionError in it counts as "not yet".

    Raises AssertionError at the deadline, from the condition's own last failure.
    """
    deadline = time.monotonic() + timeout
    while True:
        failure: AssertionError | None = None
        answer = None
        try:
            answer = condition()
            if inspect.isawaitable(answer):
                answer = await answer
        except AssertionError as error:
            failure = error
        if failure is None and answer:
            return answer
        if time.monotonic() >= deadline:
            described = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(
                f"{described} did not come true in {timeout} s; last: {failure or answer!r}"
            ) from failure
        await asyncio.sleep(POLL_SECONDS)

"""Watching over one child process: ready when it says so, started again whenever it dies."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable

from deploy.local.children import STOP_SECONDS, Launch

READY_SECONDS = 60.0
POLL_SECONDS = 0.01
RESTART_SECONDS_FIRST = 0.2
RESTART_SECONDS_MAX = 5.0
# A child that lived this long has recovered: its next death is a new story.
STEADY_SECONDS = 10.0


class ChildDied(Exception):
    """A process ended, or never got ready, while everything was being started."""


class Child:
    """A process that ought to run.

    `prepare` makes its files and its command line before every start; `is_ready` looks once.
    `pid_changed` is called after every start, `report` with a sentence for a person.
    """

    def __init__(
        self,
        name: str,
        *,
        prepare: Callable[[], Launch],
        is_ready: Callable[[int], Awaitable[bool]],
        pid_changed: Callable[[], None],
        report: Callable[[str], None],
    ) -> None:
        self.name = name
        self._prepare = prepare
        self._is_ready = is_ready
        self._pid_changed = pid_changed
        self._report = report
        self._launch: Launch | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the last start; None before the first."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Return once it is ready; from then on it is kept running. Raises ChildDied."""
        process = await self._spawn()
        deadline = time.monotonic() + READY_SECONDS
        while not await self._is_ready(process.pid):
            if process.returncode is not None:
                raise ChildDied(self._obituary(process.returncode))
            if time.monotonic() > deadline:
                cause = f"{self.name} was not ready after {READY_SECONDS:.0f} s."
                raise ChildDied(f"{cause} {self._where_to_look()}")
            await asyncio.sleep(POLL_SECONDS)
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self) -> None:
        """Stop it for good: cleanly, or by force when it does not listen."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._process is None or self._launch is None:
            return
        self._send(self._launch.stop_signal)
        # One that was stopped in mid-work, for a test of just that, listens only once continued.
        self._send(signal.SIGCONT)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._report(f"{self.name} did not stop in {STOP_SECONDS:.0f} s and was killed.")
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._send(signal.SIGKILL)

    async def _keep(self) -> None:
        delay = RESTART_SECONDS_FIRST
        while True:
            assert self._process is not None
            started = time.monotonic()
            status = await self._process.wait()
            if time.monotonic() - started > STEADY_SECONDS:
                delay = RESTART_SECONDS_FIRST
            self._report(f"{self._obituary(status)} It is started again.")
            await asyncio.sleep(delay)
            delay = min(delay * 2, RESTART_SECONDS_MAX)
            try:
                await self._spawn()
            except Exception as failure:
                self._report(f"{self.name} could not be started: {failure}")

    async def _spawn(self) -> asyncio.subprocess.Process:
        launch = self._launch = await asyncio.to_thread(self._prepare)
        with launch.open_log() as log:
            # In this thread, since the child is tied to the life of the thread that makes it.
            self._process = await asyncio.create_subprocess_exec(
                *launch.arguments, **launch.options(log)
            )
        self._pid_changed()
        return self._process

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _obituary(self, status: int) -> str:
        cause = (
            f"was ended by {signal.Signals(-status).name}"
            if status < 0
            else f"ended with status {status}"
        )
        return f"{self.name} {cause}. {self._where_to_look()}"

    def _where_to_look(self) -> str:
        if self._launch is None:
            return ""
        last = self._launch.log_tail().splitlines()[-1:]
        return f"Its log: {self._launch.log}" + (f" ({last[0][:300]})" if last else "")

"""Running one of the embedded servers as a child, with an event loop or without."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from deploy.local.children import STOP_SECONDS, Launch

READY_SECONDS = 60.0
POLL_SECONDS = 0.003
TRIES = 4
RETRY_SECONDS = 0.25
# What both servers say when another start may help: a port was taken between choosing and using
# it, or a killed predecessor's last processes are still letting go of shared memory.
IN_USE = "in use"


class Server(Protocol):
    """A server program: its files, its command line, and how it says that it is ready."""

    name: str

    def prepare(self) -> Launch:
        """Make the files; may take a second. Called before every start, after a kill -9 too."""

    def is_ready(self, pid: int) -> bool:
        """Whether the process accepts clients."""

    @property
    def url(self) -> str:
        """Where and as whom clients connect; known after prepare."""


class ServerDied(Exception):
    """The server's process ended before it was ready."""


class ServerProcess:
    """One server and its process; plain subprocess underneath, so it belongs to no event loop."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._launch: Launch | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerDied(f"{self.server.name} is not running")
        return self._process.pid

    def start(self) -> str:
        """Return the URL once the server accepts clients."""
        for left in reversed(range(TRIES)):
            self._spawn(self.server.prepare())
            deadline = time.monotonic() + READY_SECONDS
            try:
                while not self._check(deadline):
                    time.sleep(POLL_SECONDS)
                return self.server.url
            except ServerDied as death:
                if not left or IN_USE not in str(death):
                    raise
                time.sleep(RETRY_SECONDS)
        raise AssertionError("unreachable")

    async def start_beside_others(self) -> str:
        """As start, while the event loop goes on."""
        for left in reversed(range(TRIES)):
            launch = await asyncio.to_thread(self.server.prepare)
            # Not in a thread: the child is tied to the life of the thread that made it.
            self._spawn(launch)
            deadline = time.monotonic() + READY_SECONDS
            try:
                while not self._check(deadline):  # noqa: ASYNC110 - a file tells, not an event
                    await asyncio.sleep(POLL_SECONDS)
                return self.server.url
            except ServerDied as death:
                if not left or IN_USE not in str(death):
                    raise
                await asyncio.sleep(RETRY_SECONDS)
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """Stop cleanly; a server that does not listen is killed."""
        if self._process is None or self._launch is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(self._launch.stop_signal)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _spawn(self, launch: Launch) -> None:
        self._launch = launch
        with launch.open_log() as log:
            self._process = subprocess.Popen(launch.arguments, **launch.options(log))

    def _check(self, deadline: float) -> bool:
        assert self._process is not None
        assert self._launch is not None
        status = self._process.poll()
        if status is None and time.monotonic() < deadline:
            return self.server.is_ready(self._process.pid)
        self.stop()
        cause = f"ended with {status}" if status is not None else f"not ready in {READY_SECONDS} s"
        raise ServerDied(f"{self.server.name}: {cause}\n{self._launch.log_tail()}")


@contextlib.contextmanager
def running(server: Server) -> Iterator[str]:
    """The server's URL while the block runs."""
    process = ServerProcess(server)
    try:
        yield process.start()
    finally:
        process.stop()


@contextlib.asynccontextmanager
async def running_beside_others(server: Server) -> AsyncIterator[str]:
    """As running, for a block in an event loop."""
    process = ServerProcess(server)
    try:
        yield await process.start_beside_others()
    finally:
        await asyncio.to_thread(process.stop)

"""`taquilla up`: starts the local system, keeps it running until Ctrl-C or SIGTERM, stops it."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from deploy.local.nats import NatsNotUsable
from deploy.local.postgres import PostgresNotUsable
from deploy.local.state import AlreadyRunning, NotSeeded, locked
from deploy.local.summary import show
from deploy.local.supervision import ChildDied
from deploy.local.system import LocalSystem, Options, PortTaken

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Each message says what to do; where it came from helps nobody.
EXPLAINED = (AlreadyRunning, ChildDied, NatsNotUsable, NotSeeded, PortTaken, PostgresNotUsable)


def run(options: Options, console: Console) -> int:
    """Return the exit status: 0 when it was asked to stop, 1 when it could not start."""
    try:
        with locked(options.directory):
            return asyncio.run(_run(options, console))
    except EXPLAINED as refusal:
        console.print(
            f"[bold red]Taquilla could not start.[/bold red] {escape(str(refusal))}", soft_wrap=True
        )
        return 1


async def _run(options: Options, console: Console) -> int:
    def report(sentence: str) -> None:
        console.print(f"[yellow]●[/yellow] {escape(sentence)}", soft_wrap=True)

    system = LocalSystem(options, report)
    with _stop_asked() as stop_asked:
        stopping = asyncio.create_task(stop_asked.wait())
        starting = asyncio.create_task(system.start())
        try:
            with console.status("Starting PostgreSQL, NATS, the sandbox and the services …"):
                await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                show(console, starting.result())
                await stopping
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            stop_asked.clear()
            impatient = asyncio.create_task(stop_asked.wait())
            impatient.add_done_callback(lambda task: None if task.cancelled() else system.kill())
            with console.status("Stopping …"):
                await system.stop()
            for task in (impatient, stopping):
                task.cancel()
            await asyncio.gather(impatient, stopping, return_exceptions=True)
    console.print("[dim]Stopped. The data is kept.[/dim]")
    return 0


@contextlib.contextmanager
def _stop_asked() -> Iterator[asyncio.Event]:
    """Set by Ctrl-C, SIGTERM or a closed terminal, and again by the next one."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in STOPPING_SIGNALS:
        loop.add_signal_handler(number, asked.set)
    try:
        yield asked
    finally:
        for number in STOPPING_SIGNALS:
            loop.remove_signal_handler(number)

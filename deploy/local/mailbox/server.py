"""The mailbox as a whole, in a process of its own or within a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from deploy.local.mailbox.faults import Faults
from deploy.local.mailbox.mails import Mails
from deploy.local.mailbox.smtp import listening
from deploy.local.mailbox.web import create_app
from deploy.local.ports import LOOPBACK

STOP_SECONDS = 2.0


@dataclass(frozen=True)
class Mailbox:
    """A mailbox at work: where it is, what it holds, what it is about to do wrong."""

    url: str
    smtp_port: int
    mails: Mails
    faults: Faults


@asynccontextmanager
async def running_mailbox(
    directory: Path, *, port: int = 0, smtp_port: int = 0, host: str = LOOPBACK
) -> AsyncIterator[Mailbox]:
    """A mailbox while the block runs, on loopback unless told; port 0 takes a free one."""
    mails, faults = Mails(directory), Faults()
    runner = web.AppRunner(
        create_app(mails, faults), access_log=None, shutdown_timeout=STOP_SECONDS
    )
    try:
        async with listening(mails, faults, smtp_port, host) as smtp_port:
            await runner.setup()
            await web.TCPSite(runner, host, port).start()
            yield Mailbox(
                url=f"http://{host}:{runner.addresses[0][1]}",
                smtp_port=smtp_port,
                mails=mails,
                faults=faults,
            )
    finally:
        await runner.cleanup()
        mails.close()

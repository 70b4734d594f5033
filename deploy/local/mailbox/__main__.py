"""A mailbox that delivers to nobody: SMTP in, pages and a small API out."""

import argparse
import asyncio
import signal
from pathlib import Path

import uvloop

from deploy.local.mailbox.server import running_mailbox
from deploy.local.ports import LOOPBACK


async def _run(arguments: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    async with running_mailbox(
        arguments.data_dir,
        port=arguments.port,
        smtp_port=arguments.smtp_port,
        host=arguments.host,
    ) as mailbox:
        print(f"Mailbox at {mailbox.url}, SMTP on port {mailbox.smtp_port}", flush=True)
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mailbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--smtp-port", type=int, default=8026)
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--data-dir", type=Path, required=True)
    uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()

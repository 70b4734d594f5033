"""Runs the sandbox: `python -m deploy.local.sandbox --port 8090 --data-dir DIR`."""

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from pathlib import Path

from deploy.local.sandbox.server import running_sandbox

# What the sandbox makes it keeps, so there is little to find by looking often.
_GARBAGE_AFTER = 50_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data-dir", type=Path, help="where to keep its state between runs")
    parser.add_argument(
        "--public-url", help="where browsers reach it, if that is not its own address"
    )
    parser.add_argument(
        "--pretend-live",
        action="store_true",
        help="take live keys alone and say livemode; still no card is charged",
    )
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running_sandbox(
        arguments.port,
        arguments.data_dir,
        host=arguments.host,
        public_url=arguments.public_url,
        is_live=arguments.pretend_live,
    ) as url:
        # Everything here lives until the end: the collector need not look at it again and again.
        gc.freeze()
        gc.set_threshold(_GARBAGE_AFTER)
        gc.enable()
        print(f"Stripe sandbox (TEST) on {url}", flush=True)
        await stopped.wait()


def main() -> None:
    gc.disable()  # Until the state has been read: none of it is garbage.
    arguments = _arguments()
    runner: contextlib.AbstractContextManager[asyncio.Runner]
    if sys.platform == "win32":
        runner = asyncio.Runner()
    else:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with runner as loop:
        loop.run(_serve(arguments))


if __name__ == "__main__":
    main()

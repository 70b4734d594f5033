"""`taquilla bench`: how fast this machine makes it."""

from pathlib import Path
from typing import Annotated

import typer


def bench(
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("bench.json"),
    seconds: Annotated[float, typer.Option(help="How long each part is measured.", min=1)] = 5,
) -> None:
    """Measure a rush and whole paid journeys, on servers of its own that are gone afterwards."""
    import asyncio

    from deploy.bench.run import run_benchmark

    asyncio.run(run_benchmark(output, seconds=seconds))

"""`taquilla bench`."""

from pathlib import Path
from typing import Annotated

import typer


def bench(
    output: Annotated[Path, typer.Option(help="where the figures are written")] = Path(
        "bench.json"
    ),
    seconds: Annotated[float, typer.Option(help="of each round of load", min=1, max=60)] = 5,
) -> None:
    """Measure a rush and whole paid journeys, on servers of its own that are gone afterwards."""
    import asyncio

    from deploy.bench.run import run_benchmark

    asyncio.run(run_benchmark(output, seconds=seconds))

"""One run of everything, in an order that lets no part disturb the next."""

import tempfile
from pathlib import Path

from deploy.bench.alone import measure_alone
from deploy.bench.listing import measure_listing
from deploy.bench.report import report
from deploy.bench.whole import measure_whole


async def run_benchmark(file: Path, *, seconds: float = 5) -> dict[str, float]:
    """Measure registration alone, the whole system, a long list; the figures, also in the file."""
    with tempfile.TemporaryDirectory(prefix="taquilla-bench-") as made:
        directory = Path(made)
        alone = await measure_alone(directory / "alone", seconds)
        whole = await measure_whole(directory / "whole", seconds)
        listing = await measure_listing(directory / "listing")
    figures = alone.keys() | whole.keys() | listing
    figures["oversold"] = alone.oversold + whole.oversold
    figures["whole_over_pgbench"] = figures["rush_per_s"] / figures["pgbench_per_s"]
    figures["cpu_ms_per_journey"] = sum(whole.cpu_ms.values())
    report(figures, file)
    return figures

"""One run of everything, in an order that lets no part disturb the next."""

import tempfile
from pathlib import Path

from deploy.bench.alone import measure_alone
from deploy.bench.report import report
from deploy.bench.whole import measure_whole


async def run_benchmark(file: Path, *, seconds: float = 5) -> dict[str, float]:
    """Measure registration alone, then the whole system; the figures, also written to the file."""
    with tempfile.TemporaryDirectory(prefix="taquilla-bench-") as made:
        directory = Path(made)
        alone = await measure_alone(directory / "alone", seconds)
        whole = await measure_whole(directory / "whole", seconds)
    figures = alone.keys() | whole.keys()
    figures["oversold"] = alone.oversold + whole.oversold
    figures["whole_over_pgbench"] = figures["rush_per_s"] / figures["pgbench_per_s"]
    figures["cpu_ms_per_journey"] = sum(whole.cpu_ms.values())
    report(figures, file)
    return figures

"""What the benchmark prints: a table with the aim beside each figure, and bench.json."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

AIMS = {
    "rush_over_pgbench": (">=", 5),
    "rush_over_noop": (">=", 0.45),
    "whole_over_pgbench": (">=", 2),
    "oversold": ("<=", 0),
    "rush_p99_ms": ("<=", 250),
    "cpu_ms_per_journey": ("<=", 12),
    "webhook_to_mail_p50_ms": ("<=", 60),
    "rss_mb_registration": ("<=", 110),
    "rss_mb_payments": ("<=", 110),
    "rss_mb_notifications": ("<=", 110),
    "ready_s": ("<=", 10),
    "list_first_page_ms": ("<=", 100),
    "list_page_1000_ms": ("<=", 100),
    "list_search_ms": ("<=", 100),
}


def report(figures: dict[str, float], file: Path) -> None:
    """Print every figure and write them to the file."""
    table = Table("figure", "value", "aim", "", title="Taquilla benchmark")
    for name, value in figures.items():
        sign, aim = AIMS.get(name, ("", None))
        is_met = aim is None or (value >= aim if sign == ">=" else value <= aim)
        table.add_row(
            name,
            f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}",
            f"{sign} {aim}" if aim is not None else "",
            "" if aim is None else "met" if is_met else "missed",
            style=None if is_met else "yellow",
        )
    Console(width=90).print(table)
    rounded = {name: round(value, 3) for name, value in figures.items()}
    file.write_text(json.dumps(rounded, indent=2) + "\n")

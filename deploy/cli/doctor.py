"""`taquilla doctor`: what works, what does not, and what to do about it."""

from pathlib import Path

import typer

from deploy.cli.places import DataDirectory


def doctor(data_dir: DataDirectory = Path(".taquilla")) -> None:
    """Look at Stripe, PostgreSQL, NATS, the mail server and the clock; changes nothing.

    Reads the variables of the three services, or those of a local run. Ends with 1 when
    something needs doing.
    """
    import asyncio

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from deploy.cli.migrate import SERVICES
    from deploy.cli.places import enter
    from deploy.doctor import examine

    for service in SERVICES:
        enter(service, data_dir)
    findings = asyncio.run(examine())

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        says = Text(finding.says)
        if finding.remedy:
            says.append(f"\n→ {finding.remedy}", style="bold" if not finding.is_good else "dim")
        mark = Text("✓", style="green") if finding.is_good else Text("✗", style="bold red")
        table.add_row(mark, Text(finding.subject, style="bold"), says)
    console = Console()
    console.print(table)
    bad = sum(not finding.is_good for finding in findings)
    console.print()
    if bad:
        console.print(f"[bold red]{bad} of {len(findings)} need doing.[/bold red]")
        raise typer.Exit(1)
    console.print("[green]All is well.[/green]")

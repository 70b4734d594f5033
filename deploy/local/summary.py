"""What `taquilla up` shows once everything is ready: where to click."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

# Names and addresses side by side; below this width an address has a line of its own.
WIDE = 96


@dataclass(frozen=True)
class SeededWebinar:
    """A webinar to begin with."""

    title: str
    public_url: str


@dataclass(frozen=True)
class Summary:
    """Where everything is."""

    paid: SeededWebinar
    free: SeededWebinar
    mailbox_url: str
    sandbox_url: str
    registration_url: str
    api_token: str
    admin_email: str
    admin_password: str
    directory: Path
    seconds: float


def show(console: Console, summary: Summary) -> None:
    """Short enough to be read, long enough to begin; nothing is cut, so that it can be copied."""
    places = [
        ("Register and pay €49.00", summary.paid.public_url),
        ("Register for free", summary.free.public_url),
        ("Console: sell, watch, refund", f"{summary.registration_url}/console"),
        ("… sign in as", f"{summary.admin_email}  {summary.admin_password}"),
        ("Mailbox: every mail sent", summary.mailbox_url),
        ("Stripe sandbox: the money", summary.sandbox_url),
        ("API document", f"{summary.registration_url}/api/openapi.json"),
        ("API token", summary.api_token),
    ]
    console.print()
    title = f"[bold green]Taquilla is ready[/] [dim]in {summary.seconds:.1f} s[/]"
    console.print(Rule(title, align="left", style="green"))
    console.print()
    table = Table.grid(padding=(0, 3))
    for name, value in places:
        link = Text(value, style=f"link {value}" if value.startswith("http") else "")
        if console.width >= WIDE:
            table.add_row(Text(f"  {name}", style="bold"), link)
        else:
            console.print(Text(f"  {name}", style="bold"))
            console.print(Text.assemble("    ", link), soft_wrap=True)
    if console.width >= WIDE:
        console.print(table)
    console.print()
    console.print("  Test cards: [bold]4242 4242 4242 4242[/] pays, [bold]4000 0000 0000 0002[/]")
    console.print("  is declined, [bold]4000 0000 0000 3220[/] asks for 3-D Secure first.")
    console.print()
    console.print(
        Text(f"  Data and logs: {summary.directory}. Ctrl-C stops everything; the data stays."),
        style="dim",
        soft_wrap=True,
    )
    console.print()

"""What `taquilla up` shows: progress while it starts, and then where to click."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.local.seeding import SeededWebinar


@dataclass(frozen=True)
class Summary:
    """Where everything is."""

    paid: SeededWebinar
    free: SeededWebinar
    mailbox_url: str
    sandbox_url: str
    registration_url: str
    api_token: str
    directory: Path
    seconds: float


def show(console: Console, summary: Summary) -> None:
    """Short enough to be read, long enough to begin."""
    places = Table.grid(padding=(0, 3))
    places.add_column(style="bold", no_wrap=True)
    places.add_column(no_wrap=True, overflow="fold")
    for name, url, remark in (
        ("Register and pay", summary.paid.public_url, "€49.00, 100 seats"),
        ("Register for free", summary.free.public_url, ""),
        ("Mailbox", summary.mailbox_url, "every mail that is sent"),
        ("Stripe sandbox", summary.sandbox_url, "payments, refunds, disputes"),
        ("API", f"{summary.registration_url}/api/openapi.json", ""),
    ):
        places.add_row(name, Text.assemble((url, f"link {url} green"), (f"  {remark}", "dim")))
    cards = Text.assemble(
        ("Test cards  ", "bold"),
        "4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined, "
        "4000 0000 0000 3220 asks for 3-D Secure",
    )
    token = Text.assemble(("API token   ", "bold"), summary.api_token)
    files = Text(
        f"Data and logs are in {summary.directory}. Ctrl-C stops everything; the data stays.",
        style="dim",
    )
    console.print(
        Panel(
            Group(places, Text(), cards, token, Text(), files),
            title=f"[bold]Taquilla is ready[/bold] [dim]in {summary.seconds:.1f} s[/dim]",
            title_align="left",
            border_style="green",
            padding=(1, 2),
        ),
        soft_wrap=False,
    )

"""`taquilla dead-letters`: messages that a service gave up, shown and handled again."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from deploy.cli.migrate import SERVICES
from deploy.cli.places import DataDirectory, enter, environment_of, fail

app = typer.Typer(help="Messages that a service gave up.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(help="registration, payments or notifications.")]


@app.command("list")
def list_all(service: Service, data_dir: DataDirectory = Path(".taquilla")) -> None:
    """Show the messages that wait for someone, oldest first, with their cause."""
    import asyncio

    from deploy.dead_letters import waiting

    url = _environment(service, data_dir)[f"{service.upper()}_POSTGRES_URL"]
    letters = asyncio.run(waiting(url))
    for letter in letters:
        # Two lines each: an id that is cut short cannot be copied.
        since = f"{letter['parked_at']:%Y-%m-%d %H:%M}"
        typer.echo(f"{letter['id']}  since {since} UTC, {letter['tries']} tries")
        typer.echo(f"  {letter['subject']}: {letter['cause']}")
    if not letters:
        typer.echo("None.")


@app.command()
def replay(
    service: Service,
    letters: Annotated[list[UUID] | None, typer.Argument(help="Ids as list shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    data_dir: DataDirectory = Path(".taquilla"),
) -> None:
    """Handle messages again, once: what was done the first time is not done twice.

    For as long as it takes, the command works as one more process of the service.
    """
    import asyncio

    import structlog

    from deploy.dead_letters import replay_letters

    # The outcome is told below; the service's own lines would hide it.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    if bool(letters) == every:
        fail("Name the messages to replay, or --all.")
    _environment(service, data_dir)
    enter(service, data_dir)
    has_failed = False
    for letter_id, failure in asyncio.run(replay_letters(service, letters)):
        has_failed |= failure is not None
        typer.echo(f"{letter_id}: {failure or 'handled'}")
    if has_failed:
        raise typer.Exit(1)


def _environment(service: str, data_dir: Path) -> dict[str, str]:
    if service not in SERVICES:
        fail(f"{service!r} is no service: {', '.join(SERVICES)}.")
    return environment_of(service, data_dir)

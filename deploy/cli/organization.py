"""`taquilla organization`: who sells tickets here."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from deploy.cli.places import DataDirectory

app = typer.Typer(help="Organizations.", no_args_is_help=True)


@app.callback()
def organizations() -> None:
    """Organizations."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="As registrants see it.")],
    organization_id: Annotated[
        UUID | None, typer.Option("--id", help="Chosen by you, so that the call may be repeated.")
    ] = None,
    data_dir: DataDirectory = Path(".taquilla"),
) -> None:
    """Make an organization and print its id."""
    from uuid import uuid4

    from deploy.cli.registration import in_transaction
    from services.registration.administration import create_organization

    chosen = organization_id or uuid4()
    in_transaction(data_dir, lambda connection: create_organization(connection, chosen, name))
    typer.echo(chosen)

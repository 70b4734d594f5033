"""`taquilla admin`: who may sign in first."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from deploy.cli.places import DataDirectory

app = typer.Typer(help="Administrators of the console.", no_args_is_help=True)


@app.callback()
def administrators() -> None:
    """Administrators of the console."""


@app.command()
def create(
    organization: Annotated[UUID, typer.Option("--organization", help="The organization's id.")],
    email: Annotated[str, typer.Argument(help="The address that the person signs in with.")],
    data_dir: DataDirectory = Path(".taquilla"),
) -> None:
    """Print a link to choose a password and administer; it works once, for a day."""
    from deploy.cli.places import environment_of, fail
    from deploy.cli.registration import in_transaction
    from services.registration.administration import invite_first_admin

    token = in_transaction(
        data_dir, lambda connection: invite_first_admin(connection, organization, email)
    )
    public_url = environment_of("registration", data_dir).get("REGISTRATION_PUBLIC_URL", "")
    if not public_url:
        fail("REGISTRATION_PUBLIC_URL is not set: without it the link has no beginning.")
    typer.echo(f"{public_url.rstrip('/')}/welcome/{token}")

"""`taquilla token`: what programs use to speak for an organization."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from deploy.cli.places import DataDirectory

app = typer.Typer(help="API tokens.", no_args_is_help=True)

Organization = Annotated[UUID, typer.Option("--organization", help="The organization's id.")]


@app.command()
def create(
    organization: Organization,
    name: Annotated[str, typer.Option(help="Who uses it, so that you know it again.")],
    scope: Annotated[
        list[str],
        typer.Option(help="read, write, register, refund, charge, admin; may be repeated."),
    ],
    data_dir: DataDirectory = Path(".taquilla"),
) -> None:
    """Make a token and print it. It is shown this once and stored as a hash."""
    from deploy.cli.registration import in_transaction
    from services.registration.administration import create_token

    token = in_transaction(
        data_dir, lambda connection: create_token(connection, organization, name, scope)
    )
    typer.echo(token)


@app.command("list")
def list_all(organization: Organization, data_dir: DataDirectory = Path(".taquilla")) -> None:
    """Show an organization's tokens, never the tokens themselves."""
    from deploy.cli.registration import in_transaction
    from services.registration.administration import list_tokens

    tokens = in_transaction(data_dir, lambda connection: list_tokens(connection, organization))
    for token in tokens:
        state = "revoked" if token["revoked_at"] else "valid"
        made = f"{token['created_at']:%Y-%m-%d}"
        scopes = " ".join(token["scopes"])
        typer.echo(f"{token['id']}  {state}, made {made}, {token['name']}: {scopes}")
    if not tokens:
        typer.echo("None.")


@app.command()
def revoke(
    organization: Organization,
    token_id: Annotated[str, typer.Argument(help="As `taquilla token list` shows it.")],
    data_dir: DataDirectory = Path(".taquilla"),
) -> None:
    """End a token at once; may be repeated."""
    from deploy.cli.registration import in_transaction
    from services.registration.administration import revoke_token

    in_transaction(data_dir, lambda connection: revoke_token(connection, organization, token_id))

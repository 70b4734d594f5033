"""`taquilla`: the command line for people who run it. Each group of commands has its own file.

Those files import what they need when a command is called, so that `--help` answers at once.
"""

import typer

from deploy.cli import (
    admin,
    bench,
    dead_letters,
    doctor,
    migrate,
    organization,
    stripe,
    token,
    up,
)

app = typer.Typer(
    name="taquilla",
    help="The box office for paid webinars.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # they hold secrets
)
app.command("up")(up.up)
app.command("migrate")(migrate.migrate)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.add_typer(organization.app, name="organization")
app.add_typer(admin.app, name="admin")
app.add_typer(token.app, name="token")
app.add_typer(stripe.app, name="stripe")
app.add_typer(dead_letters.app, name="dead-letters")


def main() -> None:
    """The entry point of the package."""
    app()

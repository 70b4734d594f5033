"""`taquilla up`: everything on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.places import DataDirectory


def up(
    data_dir: DataDirectory = Path(".taquilla"),
    port_base: Annotated[
        int,
        typer.Option(
            help="Moves all ports: registration N+80, payments N+81, notifications N+82, "
            "sandbox N+90, mailbox N+25 and N+26.",
            min=1000,
            max=65000,
        ),
    ] = 8000,
    scale: Annotated[
        list[str] | None,
        typer.Option(help="Several processes of one service: --scale payments=3."),
    ] = None,
) -> None:
    """Start Taquilla on this machine, with PostgreSQL, NATS, a Stripe sandbox and a mailbox.

    Ctrl-C stops everything; the data stays. TAQUILLA_POSTGRES_URL and TAQUILLA_NATS_URL name
    servers to use instead of embedded ones.
    """
    scales = dict(_scale(setting) for setting in scale or ())

    import os

    from rich.console import Console

    from deploy.local.supervisor import run
    from deploy.local.system import Options

    options = Options(
        directory=data_dir,
        port_base=port_base,
        scale=scales,
        postgres_url=os.environ.get("TAQUILLA_POSTGRES_URL") or None,
        nats_url=os.environ.get("TAQUILLA_NATS_URL") or None,
        nats_prefix=os.environ.get("TAQUILLA_NATS_PREFIX", ""),
    )
    raise typer.Exit(run(options, Console(highlight=False)))


def _scale(setting: str) -> tuple[str, int]:
    service, _, number = setting.partition("=")
    if service not in ("registration", "payments", "notifications"):
        raise typer.BadParameter(
            f"{service!r} is no service: registration, payments or notifications.",
            param_hint="--scale",
        )
    if not number.isdecimal() or not 1 <= int(number) <= 16:
        raise typer.BadParameter(
            f"{setting!r}: a number of processes from 1 to 16 belongs after the =.",
            param_hint="--scale",
        )
    return service, int(number)

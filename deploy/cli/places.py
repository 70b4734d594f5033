"""Where a command finds the installation: in the environment, else in a local run's directory."""

import json
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

DataDirectory = Annotated[
    Path, typer.Option("--data-dir", help="The local run's directory.", file_okay=False)
]


def environment_of(service: str, data_dir: Path) -> dict[str, str]:
    """The variables of one service; ends the command where there are none."""
    if f"{service.upper()}_POSTGRES_URL" in os.environ:
        return dict(os.environ)
    file = data_dir / "environment.json"
    if not file.exists():
        fail(
            f"{service.upper()}_POSTGRES_URL is not set, and no local run is at work in "
            f"{data_dir}. Set the service's variables (.env.example lists them), or name the "
            f"directory of a running `taquilla up` with --data-dir."
        )
    environments: dict[str, dict[str, str]] = json.loads(file.read_text())
    return {**os.environ, **environments[service]}


def enter(service: str, data_dir: Path) -> None:
    """Make the service's variables this process's own, where its settings are read from."""
    os.environ.update(environment_of(service, data_dir))


def fail(sentence: str) -> NoReturn:
    """End the command with a sentence that says what to do."""
    from rich.console import Console
    from rich.markup import escape

    Console(stderr=True).print(f"[red]{escape(sentence)}[/red]", soft_wrap=True)
    raise typer.Exit(1)

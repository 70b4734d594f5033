"""`taquilla migrate`: roles, schemas and tables, before the services start."""

from typing import Annotated

import typer

from deploy.cli.places import fail

SERVICES = ("registration", "payments", "notifications")


def migrate(
    services: Annotated[
        list[str] | None, typer.Argument(help="All three when none is named.")
    ] = None,
) -> None:
    """Bring each service's role, schema and tables to this version. May be repeated.

    Reads <SERVICE>_MIGRATE_POSTGRES_URL, the URL of an owner of the database, and
    <SERVICE>_POSTGRES_URL, whose user and password become the service's own role.
    """
    import asyncio
    import os

    import asyncpg
    from rich.console import Console

    from deploy.databases import prepare_service

    named = services or list(SERVICES)
    for service in named:
        if service not in SERVICES:
            fail(f"{service!r} is no service: {', '.join(SERVICES)}.")
        for variable in (
            f"{service.upper()}_MIGRATE_POSTGRES_URL",
            f"{service.upper()}_POSTGRES_URL",
        ):
            if not os.environ.get(variable):
                fail(f"{variable} is not set; .env.example describes it.")
    console = Console()
    for service in named:
        try:
            applied = asyncio.run(
                prepare_service(
                    service,
                    os.environ[f"{service.upper()}_MIGRATE_POSTGRES_URL"],
                    os.environ[f"{service.upper()}_POSTGRES_URL"],
                )
            )
        except (OSError, asyncpg.PostgresError) as failure:
            fail(f"{service} could not be migrated: {type(failure).__name__}: {failure}")
        for name in applied:
            console.print(f"{service}: applied {name}")
        if not applied:
            console.print(f"{service}: up to date")

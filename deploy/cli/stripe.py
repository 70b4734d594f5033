"""`taquilla stripe`: Stripe's side of an installation."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.places import DataDirectory, enter, fail

app = typer.Typer(help="Stripe's side of an installation.", no_args_is_help=True)


@app.callback()
def stripe() -> None:
    """Stripe's side of an installation."""


@app.command()
def provision(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make new endpoints, and so new secrets.")
    ] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="Remove all but the newest endpoints.")
    ] = False,
    data_dir: DataDirectory = Path(".taquilla"),
) -> None:
    """Make or repair the webhook endpoints at Stripe, and print the secrets of new ones.

    Reads PAYMENTS_STRIPE_SECRET_KEY, PAYMENTS_PUBLIC_URL and, to take connected accounts' events
    too, PAYMENTS_STRIPE_CLIENT_ID. The secrets belong into PAYMENTS_STRIPE_WEBHOOK_SECRETS.
    """
    import asyncio
    import os

    from rich.console import Console
    from rich.markup import escape

    from services.payments.doctor import WEBHOOK_PATH
    from services.payments.provision import provision_endpoints
    from services.payments.stripe_gateway import StripeFailure

    enter("payments", data_dir)
    for variable in ("PAYMENTS_STRIPE_SECRET_KEY", "PAYMENTS_PUBLIC_URL"):
        if not os.environ.get(variable):
            fail(f"{variable} is not set; .env.example describes it.")
    try:
        provisioned = asyncio.run(
            provision_endpoints(
                secret_key=os.environ["PAYMENTS_STRIPE_SECRET_KEY"],
                api_url=os.environ.get("PAYMENTS_STRIPE_API_URL") or "https://api.stripe.com",
                webhook_url=os.environ["PAYMENTS_PUBLIC_URL"].rstrip("/") + WEBHOOK_PATH,
                connect=bool(os.environ.get("PAYMENTS_STRIPE_CLIENT_ID")),
                rotate=rotate,
                retire=retire,
            )
        )
    except StripeFailure as failure:
        fail(f"Stripe refused: {failure}")
    console = Console(stderr=True)
    for each in provisioned:
        console.print(escape(each.says), soft_wrap=True)
    secrets = [each.secret for each in provisioned if each.secret is not None]
    if secrets:
        console.print("Shown this once. Put this line beside the service's other variables:")
        typer.echo(f"PAYMENTS_STRIPE_WEBHOOK_SECRETS={','.join(secrets)}")

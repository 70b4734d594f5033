"""Starts the payments service: `python -m services.payments`."""

import sys

from pydantic import ValidationError

from services.payments.app import create_app
from services.payments.settings import PaymentsSettings
from shared.service import serve
from shared.telemetry import configure_logging


def main() -> None:
    """Read the environment, or say what is wrong with it and refuse to start."""
    configure_logging("payments")
    try:
        settings = PaymentsSettings()
    except ValidationError as failure:
        for error in failure.errors(include_url=False, include_input=False):
            name = ".".join(map(str, error["loc"])).upper()
            prefix = "" if name.startswith("TAQUILLA") or not name else "PAYMENTS_"
            print(f"{prefix}{name}: {error['msg']}", file=sys.stderr)
        raise SystemExit(2) from None
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()

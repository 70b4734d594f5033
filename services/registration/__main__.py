"""Run the registration service: `python -m services.registration`."""

import gc

from services.registration.app import create_app
from services.registration.settings import RegistrationSettings
from shared.service import serve
from shared.telemetry import configure_logging

GARBAGE_THRESHOLD = 10_000  # Objects; Python's own 700 takes about a twentieth of a rush.


def main() -> None:
    """Answer until told to stop."""
    settings = RegistrationSettings()
    configure_logging("registration")
    app = create_app(settings)
    # What was made so far stays for good; a rush makes many short-lived objects and no cycles.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    serve(app, settings)


if __name__ == "__main__":
    main()

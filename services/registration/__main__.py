"""Run the registration service: `python -m services.registration`."""

from services.registration.app import create_app
from services.registration.settings import RegistrationSettings
from shared.service import serve
from shared.telemetry import configure_logging


def main() -> None:
    """Answer until told to stop."""
    settings = RegistrationSettings()
    configure_logging("registration")
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()

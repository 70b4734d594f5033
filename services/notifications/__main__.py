"""Starts the service: `python -m services.notifications`."""

from services.notifications.app import create_app
from services.notifications.settings import Settings
from shared.service import serve
from shared.telemetry import configure_logging


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    settings = Settings()
    configure_logging("notifications")
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()

"""Starts the notifications service: `python -m services.notifications`."""

from services.notifications.app import create_app
from services.notifications.settings import Settings
from shared.service import start

if __name__ == "__main__":
    start("notifications", Settings, create_app)

"""Starts the payments service: `python -m services.payments`."""

from services.payments.app import create_app
from services.payments.settings import PaymentsSettings
from shared.service import start

if __name__ == "__main__":
    start("payments", PaymentsSettings, create_app)

"""Starts the registration service: `python -m services.registration`."""

from services.registration.app import create_app
from services.registration.settings import RegistrationSettings
from shared.service import start

if __name__ == "__main__":
    start("registration", RegistrationSettings, create_app)

"""Browsers at the console of a fresh office."""

from collections.abc import AsyncIterator

import pytest

from tests.registration.console.browser import Browser, open_browser, open_console
from tests.registration.office import Office


@pytest.fixture
async def browser(office: Office) -> AsyncIterator[Browser]:
    """Nobody is signed in."""
    async with open_browser(office) as browser:
        yield browser


@pytest.fixture
async def organizer(office: Office) -> AsyncIterator[Browser]:
    """organizer@example.org is signed in."""
    async with open_console(office, "organizer") as browser:
        yield browser


@pytest.fixture
async def admin(office: Office) -> AsyncIterator[Browser]:
    """admin@example.org is signed in."""
    async with open_console(office, "admin") as browser:
        yield browser

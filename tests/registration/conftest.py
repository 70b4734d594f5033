"""The registration service for one test."""

from collections.abc import AsyncIterator

import pytest

from tests.registration.office import Office, open_office


@pytest.fixture
async def office(postgres_url: str) -> AsyncIterator[Office]:
    """A fresh database, one organization that may take payments, its doors open."""
    async with open_office(postgres_url) as office:
        yield office

"""A visitor in front of the pages."""

from collections.abc import AsyncIterator

import pytest

from tests.registration.office import Office
from tests.registration.pages.counter import Counter, open_counter


@pytest.fixture
async def counter(office: Office) -> AsyncIterator[Counter]:
    """The pages of a fresh office."""
    async with open_counter(office) as counter:
        yield counter

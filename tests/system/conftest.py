"""One system for all tests of this folder: each has webinars and addresses of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.system.box import Box, Running, box_office, running_taquilla


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """`taquilla up` with two registration processes."""
    with running_taquilla("--scale", "registration=2") as running:
        yield running


@pytest.fixture
async def box(running: Running) -> AsyncIterator[Box]:
    async with box_office(running) as box:
        yield box

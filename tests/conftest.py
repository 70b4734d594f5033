"""What every test may ask for: the session's PostgreSQL and NATS, and a whole running system."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers import fresh_prefix, session_nats, session_postgres
from tests.system.box import Box, Running, box_office, running_taquilla


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the running system go to one process, which starts it once."""
    for item in items:
        if "running" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("running"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The superuser's URL; `tests.servers.fresh_database` makes a database from it."""
    with session_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """One server for all tests, which keep apart by `nats_prefix`."""
    with session_nats() as url:
        yield url


@pytest.fixture
def nats_prefix() -> str:
    """TAQUILLA_NATS_PREFIX for one test: its streams are nobody else's."""
    return fresh_prefix()


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """`taquilla up` with two registration processes, shared: tests bring their own webinars."""
    with running_taquilla("--scale", "registration=2") as running:
        yield running


@pytest.fixture
async def box(running: Running) -> AsyncIterator[Box]:
    """The hands of the people who use the running system."""
    async with box_office(running) as box:
        yield box

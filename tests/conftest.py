"""What every test may ask for: the session's PostgreSQL and NATS."""

from collections.abc import Iterator

import pytest

from tests.servers import fresh_prefix, session_nats, session_postgres


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

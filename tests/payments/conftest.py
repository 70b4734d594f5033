"""A payments service, shared by the tests of a module that leave it as they found it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from services.payments.desk import PATIENCE_SECONDS
from tests.payments.box_office import BoxOffice, box_office


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_office(postgres_url: str, nats_url: str) -> AsyncIterator[BoxOffice]:
    async with box_office(postgres_url, nats_url) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def office(shared_office: BoxOffice) -> AsyncIterator[BoxOffice]:
    """With webhooks, as most installations run; each test brings its own registrants.

    Modules that use it run in one loop: `pytestmark = pytest.mark.asyncio(loop_scope="module")`.
    """
    yield shared_office
    await shared_office.stripe.heal()
    shared_office.desk.patience_seconds = PATIENCE_SECONDS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_deaf_office(postgres_url: str, nats_url: str) -> AsyncIterator[BoxOffice]:
    async with box_office(postgres_url, nats_url, webhooks=False) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def deaf_office(shared_deaf_office: BoxOffice) -> AsyncIterator[BoxOffice]:
    """Without any webhook: whatever happens at Stripe is learnt by asking."""
    yield shared_deaf_office
    await shared_deaf_office.stripe.heal()
    shared_deaf_office.desk.patience_seconds = PATIENCE_SECONDS

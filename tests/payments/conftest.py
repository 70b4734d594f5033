"""A payments service for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.payments.box_office import BoxOffice, box_office


@pytest.fixture
async def office(postgres_url: str, nats_url: str) -> AsyncIterator[BoxOffice]:
    """With webhooks, as most installations run."""
    async with box_office(postgres_url, nats_url) as running:
        yield running


@pytest.fixture
async def deaf_office(postgres_url: str, nats_url: str) -> AsyncIterator[BoxOffice]:
    """Without any webhook."""
    async with box_office(postgres_url, nats_url, webhooks=False) as running:
        yield running

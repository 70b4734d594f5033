"""A fresh sandbox for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.deploy.local.sandbox.bench import Bench, running_bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with running_bench() as running:
        yield running

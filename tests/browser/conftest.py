"""A browser for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import is_left_out, launched


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """TEST_BROWSER=none deselects the tests of this folder, loudly."""
    if not is_left_out():
        return
    here = Path(__file__).parent
    left_out = [item for item in items if here in item.path.parents]
    items[:] = [item for item in items if here not in item.path.parents]
    config.hook.pytest_deselected(items=left_out)
    config.get_terminal_writer().line(
        f"TEST_BROWSER=none: {len(left_out)} browser tests are left out", red=True, bold=True
    )


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser

"""Finding and starting a browser."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, async_playwright

CANDIDATES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# Without these a headless browser talks to its maker's servers and wants a sandbox and a GPU.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
NONE = "none"
HELP = (
    "No browser was found for the browser tests: apt install chromium, or "
    ".venv/bin/playwright install chromium, or TEST_BROWSER=none to leave them out."
)


def is_left_out() -> bool:
    """TEST_BROWSER=none leaves the browser tests out; never in CI."""
    return os.environ.get("TEST_BROWSER") == NONE and not os.environ.get("CI")


def find_browser() -> str | None:
    """The program of TEST_BROWSER or a known place; None leaves it to Playwright's own."""
    chosen = os.environ.get("TEST_BROWSER")
    if chosen and chosen != NONE:
        return chosen
    for candidate in CANDIDATES:
        found = shutil.which(candidate) or (candidate if Path(candidate).exists() else None)
        if found:
            return found
    return None


@contextlib.asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A headless browser; raises RuntimeError with what to do where there is none."""
    async with async_playwright() as playwright:
        program = find_browser()
        if program is None and not os.path.exists(playwright.chromium.executable_path):  # noqa: ASYNC240 # Once, before anything runs.
            raise RuntimeError(HELP)
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()

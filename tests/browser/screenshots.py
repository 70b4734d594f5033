"""`make screenshots`: every main page at two widths, light and dark, into the folder screenshots/.

Starts a local run of its own, sells, refunds and cancels until there is something to see.
"""

import asyncio
import shutil
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ViewportSize

from tests.browser.chromium import launched
from tests.browser.test_every_page import is_page
from tests.browser.world import World, build_world, sign_in
from tests.system.box import Box, box_office, running_taquilla

FOLDER = Path("screenshots")
Scheme = Literal["light", "dark"]
SHOTS: list[tuple[ViewportSize, Scheme, str]] = [
    ({"width": 390, "height": 844}, "light", "es"),
    ({"width": 390, "height": 844}, "dark", "en"),
    ({"width": 1280, "height": 900}, "light", "en"),
    ({"width": 1280, "height": 900}, "dark", "de"),
]


async def shoot(browser: Browser, box: Box, world: World) -> int:
    """Write a picture of every page for each of SHOTS; how many."""
    count = 0
    for viewport, scheme, language in SHOTS:
        context = await browser.new_context(viewport=viewport, color_scheme=scheme)
        await sign_in(context, box)
        page = await context.new_page()
        for place in world.places:
            if not await is_page(page, world.base_url + place.path):
                continue
            await page.goto(f"{world.base_url}{place.path}?locale={language}")
            name = f"{place.name}-{viewport['width']}-{scheme}-{language}.png"
            await page.screenshot(path=FOLDER / name, full_page=True)
            count += 1
        await context.close()
    return count


async def main() -> None:
    """Fill the folder."""
    with running_taquilla() as running:
        async with box_office(running) as box, launched() as browser:
            count = await shoot(browser, box, await build_world(box))
    print(f"{count} pictures in {FOLDER}/")


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    asyncio.run(main())

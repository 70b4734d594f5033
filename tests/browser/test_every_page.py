"""Every page there is: no barrier that axe knows of, nothing from elsewhere, nothing cut off."""

import json
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.browser.world import Place, build_world, sign_in
from tests.system.box import Box

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
NARROWEST = 320
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = (
    "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map("
    "rule => rule.id + ': ' + rule.nodes.slice(0, 3).map(node => node.html).join(' | '))"
)


async def barriers(page: Page) -> list[str]:
    await page.evaluate(AXE)
    found: list[str] = await page.evaluate(RUN_AXE)
    return found


async def is_page(page: Page, url: str) -> bool:
    """Whether a door leads to a page, not to a file, a redirection or a stream."""
    if url.endswith("/events"):
        return False
    answer = await page.request.get(url, max_redirects=0)
    return "text/html" in answer.headers.get("content-type", "") and answer.status in (200, 404)


def missing_headers(headers: dict[str, str]) -> list[str]:
    policy = headers.get("content-security-policy", "")
    wanted = {
        "policy": "default-src 'none'" in policy and "unsafe" not in policy,
        "frames": "frame-ancestors" in policy,
        "types": headers.get("x-content-type-options") == "nosniff",
        "referrer": headers.get("referrer-policy") in ("no-referrer", "same-origin"),
        "opener": headers.get("cross-origin-opener-policy") == "same-origin",
        "caches": headers.get("cache-control") in ("no-store", "private, no-cache"),
    }
    return [f"header: {name}" for name, is_there in wanted.items() if not is_there]


async def faults_of(page: Page, place: Place, base_url: str, language: str) -> list[str]:
    said: list[str] = []
    origin = urlsplit(base_url).netloc

    def hear(message: Any) -> None:
        if message.type in ("error", "warning") and "404" not in message.text:
            said.append(f"console: {message.text}")

    def look(request: Any) -> None:
        if urlsplit(request.url).netloc != origin:
            said.append(f"asked {request.url}")

    page.on("console", hear)
    page.on("request", look)
    answer = await page.goto(f"{base_url}{place.path}?locale={language}", wait_until="load")
    assert answer is not None
    said.extend(missing_headers(answer.headers))
    said.extend(await barriers(page))
    viewport = page.viewport_size
    assert viewport is not None
    for width in dict.fromkeys((viewport["width"], NARROWEST)):
        await page.set_viewport_size({"width": width, "height": viewport["height"]})
        needed = await page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            said.append(f"{needed} px wide on {width}")
    await page.set_viewport_size(viewport)
    page.remove_listener("console", hear)
    page.remove_listener("request", look)
    return said


@pytest.mark.timeout(240)
async def test_every_page_is_whole_and_without_barriers(browser: Browser, box: Box) -> None:
    world = await build_world(box)
    faults: dict[str, list[str]] = {}
    for viewport, scheme, language in (
        (PHONE, "light", "de"),
        (DESK, "dark", "es"),
    ):
        context = await browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type] # Literals.
        await sign_in(context, box)
        page = await context.new_page()
        for place in world.places:
            if not await is_page(page, world.base_url + place.path):
                continue
            found = await faults_of(page, place, world.base_url, language)
            if found:
                faults[f"{place.name} {viewport['width']} {scheme} {language}"] = found
        await context.close()

    assert faults == {}, json.dumps(faults, indent=2)


async def test_the_public_page_is_small(browser: Browser, box: Box) -> None:
    webinar = await box.schedule()
    page = await browser.new_page(viewport=PHONE)
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))

    await page.goto(webinar["public_url"], wait_until="networkidle")

    assert len(received) >= 3
    assert sum(received) < 60_000

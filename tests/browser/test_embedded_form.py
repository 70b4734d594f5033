"""The form in a frame on the organization's own site: shown there only, paid in the window."""

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from tests.registration.office import FREE, open_office
from tests.registration.pages.counter import Counter, open_counter, path_of
from tests.waiting import eventually

pytestmark = pytest.mark.browser


@pytest.fixture
async def counter(postgres_url: str) -> AsyncIterator[Counter]:
    async with open_office(postgres_url) as office, open_counter(office) as counter:
        yield counter


@contextlib.asynccontextmanager
async def site(frame_url: str) -> AsyncIterator[str]:
    """A site of somebody's, whose page frames the form as it was pasted."""

    async def show(_request: web.Request) -> web.Response:
        html = f'<h1>Courses</h1><iframe src="{frame_url}" title="Bread" height="900"></iframe>'
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


def frame_url_of(counter: Counter, webinar: dict[str, Any]) -> str:
    return str(counter.client.make_url(f"{path_of(webinar['public_url'])}/embed"))


async def allow(counter: Counter, url: str) -> None:
    origins = [url.rstrip("/")]
    await counter.office.execute("UPDATE organizations SET allowed_origins = $1", origins)


async def test_the_form_is_shown_on_the_own_site_and_leaves_the_frame(
    browser: Browser, counter: Counter
) -> None:
    webinar = await counter.office.schedule(**FREE)
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    async with site(frame_url_of(counter, webinar)) as own:
        await allow(counter, own)
        await page.goto(own)
        form = page.frame_locator("iframe")
        await form.locator("input[name=name]").fill("Ana")
        # What is wrong comes back in the whole window, with what was typed.
        await form.locator("input[name=email]").fill("ana@nowhere")
        await form.locator("form button").click()

        await page.wait_for_url(re.compile(r"/w/[0-9a-f-]+$"))
        await expect(page.locator("input[name=name]")).to_have_value("Ana")
        email = page.locator("input[name=email][aria-invalid=true]")
        await expect(email).to_have_value("ana@nowhere")


async def test_no_other_site_shows_it(browser: Browser, counter: Counter) -> None:
    webinar = await counter.office.schedule()
    page = await browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    frame_url = frame_url_of(counter, webinar)
    async with site(frame_url) as own, site(frame_url) as other:
        await allow(counter, own)
        await page.goto(other)

        await eventually(lambda: any("frame-ancestors" in words for words in refused))
        assert await page.frame_locator("iframe").locator("form").count() == 0

"""An organizer looks on while people register, and goes through it all once before they do."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, ViewportSize, expect

from tests.browser.test_purchase import DESK, PHONE, pay
from tests.browser.world import sign_in
from tests.system.box import Box, Json

pytestmark = pytest.mark.browser


def own_url(box: Box, webinar: Json) -> str:
    base, organization_id = box.demo["registration_url"], box.demo["organization_id"]
    return f"{base}/console/{organization_id}/webinars/{webinar['id']}"


async def signed_in(browser: Browser, box: Box, viewport: ViewportSize) -> BrowserContext:
    context = await browser.new_context(viewport=viewport)
    await sign_in(context, box)
    return context


def seats(page: Page) -> Locator:
    return page.locator("[data-live] .stat:last-child dd")


async def test_numbers_move_while_people_register_and_nothing_else_does(
    browser: Browser, box: Box
) -> None:
    webinar = await box.schedule(capacity=80)
    await box.register(webinar)
    page = await (await signed_in(browser, box, DESK)).new_page()
    await page.goto(own_url(box, webinar))
    await expect(seats(page)).to_contain_text("1 of 80")
    await page.locator("#q").fill("half a na")

    await box.register(webinar)

    await expect(seats(page)).to_contain_text("2 of 80", timeout=10_000)
    await expect(page.locator("[data-live] figcaption .num").first).to_have_text("2")
    await expect(page.locator("#q")).to_be_focused()
    await expect(page.locator("#q")).to_have_value("half a na")


async def test_without_an_event_stream_numbers_are_asked_for(browser: Browser, box: Box) -> None:
    webinar = await box.schedule(capacity=80)
    page = await (await signed_in(browser, box, DESK)).new_page()

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503)

    await page.route(re.compile("/numbers/events"), refuse)
    await page.goto(own_url(box, webinar))
    await expect(seats(page)).to_contain_text("0 of 80")

    await box.register(webinar)

    await expect(seats(page)).to_contain_text("1 of 80", timeout=20_000)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_an_organizer_rehearses_pays_is_mailed_and_refunded(
    browser: Browser, box: Box, viewport: ViewportSize
) -> None:
    webinar = await box.schedule(capacity=80)
    page = await (await signed_in(browser, box, viewport)).new_page()
    await page.goto(f"{own_url(box, webinar)}/rehearsal")

    await page.get_by_role("button", name="Start a rehearsal").click()
    await page.wait_for_url(re.compile("/r/"))
    await expect(page.get_by_text("TEST: REHEARSAL")).to_be_visible()
    await page.get_by_role("link", name=re.compile("^Pay ")).click()
    await pay(page, "4242 4242 4242 4242")
    await expect(page.get_by_text("Confirmed and paid")).to_be_visible(timeout=15_000)
    await page.get_by_role("link", name="Back to the rehearsal").click()
    # Without a script this page is looked at again by whoever waits for it.
    for _ in range(60):
        if await page.get_by_text("The mail server took the confirmation").is_visible():
            break
        await page.reload()
    mails = await box.until_mails({"email": box.demo["admin_email"]}, 1)
    assert any(mail["subject"].startswith("TEST: You have a seat") for mail in mails)
    await page.get_by_role("button", name="Clean up").click()
    for _ in range(60):
        if await page.get_by_text("The money went back").is_visible():
            break
        await page.reload()

    await expect(page.get_by_text("The money went back")).to_be_visible()
    await page.goto(own_url(box, webinar))
    await expect(seats(page)).to_contain_text("0 of 80")
    await expect(page.get_by_text("Nobody has registered yet")).to_be_visible()

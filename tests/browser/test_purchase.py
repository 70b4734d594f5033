"""A person buys a seat: from the public page to the mail, with and without JavaScript."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.system.box import Box, Json

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}


async def fill_form(page: Page, box: Box, webinar: Json, email: str, locale: str = "en") -> None:
    await page.goto(f"{webinar['public_url']}?locale={locale}")
    await page.locator("input[name=name]").fill("Ana García")
    await page.locator("input[name=email]").fill(email)
    await page.locator("form button[type=submit]").first.click()


async def pay(page: Page, number: str) -> None:
    await page.wait_for_url(re.compile("/c/pay/"))
    await page.locator(f"input[name=card][value='{number.replace(' ', '')}']").check()
    await page.locator("form button.button--primary").click()


def address() -> str:
    return f"browser-{uuid4().hex[:10]}@example.org"


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_person_buys_a_seat(
    browser: Browser, box: Box, viewport: ViewportSize, javascript: bool
) -> None:
    webinar = await box.schedule()
    email = address()
    page = await browser.new_page(viewport=viewport, java_script_enabled=javascript)

    await fill_form(page, box, webinar, email)
    await pay(page, "4242 4242 4242 4242")

    await page.wait_for_url(re.compile("/r/"))
    await expect(page.locator("a[href*='/j/']").first).to_be_visible(timeout=15_000)
    [mail] = await box.until_mails({"email": email}, 1)
    assert "A price that" in mail["text"]


async def test_a_declined_card_says_so_and_another_one_works(browser: Browser, box: Box) -> None:
    webinar = await box.schedule()
    email = address()
    page = await browser.new_page(viewport=PHONE)

    await fill_form(page, box, webinar, email)
    await pay(page, "4000 0000 0000 0002")
    await expect(page.get_by_text(re.compile("declined", re.I)).first).to_be_visible()
    await pay(page, "4242 4242 4242 4242")

    await page.wait_for_url(re.compile("/r/"))
    await expect(page.locator("a[href*='/j/']").first).to_be_visible(timeout=15_000)


async def test_a_bank_s_challenge_is_passed(browser: Browser, box: Box) -> None:
    webinar = await box.schedule()
    page = await browser.new_page(viewport=DESK)

    await fill_form(page, box, webinar, address())
    await pay(page, "4000 0000 0000 3220")
    await page.get_by_role("button", name=re.compile("complete|authorize|approve", re.I)).click()

    await page.wait_for_url(re.compile("/r/"))
    await expect(page.locator("a[href*='/j/']").first).to_be_visible(timeout=15_000)


async def test_bad_input_comes_back_with_what_was_typed(browser: Browser, box: Box) -> None:
    webinar = await box.schedule()
    page = await browser.new_page(viewport=PHONE, java_script_enabled=False)

    await page.goto(webinar["public_url"])
    # The browser's own check is switched off: what counts is ours.
    await page.locator("input[name=name]").fill("Ana García")
    await page.locator("input[name=email]").fill("ana@nowhere")
    await page.evaluate("document.querySelectorAll('form').forEach(f => f.noValidate = true)")
    await page.locator("form button[type=submit]").first.click()

    await expect(page.locator("input[name=email][aria-invalid=true]")).to_have_value("ana@nowhere")
    await expect(page.locator("input[name=name]")).to_have_value("Ana García")


async def test_the_registrant_cancels_on_the_page(browser: Browser, box: Box) -> None:
    webinar = await box.schedule(price_minor=None, currency=None, refund_policy=None)
    registered = await box.register(webinar)
    page = await browser.new_page(viewport=PHONE)

    await page.goto(registered["manage_url"])
    await page.locator("a[href$='/cancel']").first.click()
    await page.locator("form[action$='/cancel'] button[type=submit]").click()

    await box.until_status(registered, "cancelled")


@pytest.mark.parametrize("colour", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "es"])
async def test_the_public_page_asks_nobody_else(
    browser: Browser, box: Box, colour: str, locale: str
) -> None:
    webinar = await box.schedule()
    page = await browser.new_page(viewport=PHONE, color_scheme=colour)  # type: ignore[arg-type] # One of two.
    asked: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: refused.append(message.text))

    await page.goto(f"{webinar['public_url']}?locale={locale}")

    origin = box.demo["registration_url"]
    assert all(url.startswith(origin) for url in asked), asked
    assert refused == []

"""An organizer's week: two webinars priced, people in two languages, one decline, money back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_purchase import DESK, PHONE, pay
from tests.browser.world import new_address, sign_in
from tests.system.box import Box

pytestmark = pytest.mark.browser


def console_of(box: Box) -> str:
    return f"{box.demo['registration_url']}/console/{box.demo['organization_id']}"


async def schedule(page: Page, box: Box, title: str, amount: str, currency: str) -> str:
    """Fill in both forms as an organizer does; the public page's address."""
    day = datetime.now(UTC).date() + timedelta(days=40)
    await page.goto(f"{console_of(box)}/webinars/new")
    await page.get_by_label("Title").fill(title)
    await page.get_by_label("Date", exact=True).fill(day.isoformat())
    await page.get_by_label("Start", exact=True).fill("18:00")
    await page.get_by_label("Time zone").fill("Europe/Madrid")
    await page.get_by_label("Everything back until the start").check()
    await page.get_by_role("button", name="Schedule it").click()
    await page.get_by_role("link", name="Add payment").click()
    await page.get_by_label("Amount", exact=True).fill(amount)
    await page.get_by_label("Currency").select_option(currency)
    await page.get_by_role("button", name="Save amount").click()
    await expect(page.locator("[role=status]")).to_be_visible()
    public = await page.get_by_role("link", name="Public page").get_attribute("href")
    assert public is not None
    return public


async def register(page: Page, url: str, name: str, email: str) -> None:
    await page.goto(url)
    await page.locator("input[name=name]").fill(name)
    await page.locator("input[name=email]").fill(email)
    await page.locator("form button[type=submit]").first.click()


@pytest.mark.timeout(120)
async def test_an_organizer_sells_in_two_currencies_refunds_and_moves_the_start(
    browser: Browser, box: Box
) -> None:
    desk = await browser.new_context(viewport=DESK, color_scheme="dark")
    await sign_in(desk, box)
    console = await desk.new_page()
    euros = await schedule(console, box, "Price your work", "49,00", "EUR")
    webinar_url = console.url
    yen = await schedule(console, box, "Prices in Tokyo", "5000", "JPY")

    phone = await browser.new_context(viewport=PHONE, locale="es-ES")
    buyer = await phone.new_page()
    lucia = new_address()
    await register(buyer, euros, "Lucía Prieto", lucia)
    await pay(buyer, "4000 0000 0000 0002")
    await expect(buyer.get_by_text(re.compile("declined", re.I)).first).to_be_visible()
    await pay(buyer, "4242 4242 4242 4242")
    await expect(buyer.locator("a[href*='/j/']").first).to_be_visible(timeout=15_000)
    await expect(buyer.locator("html")).to_have_attribute("lang", "es")

    tokyo = await (await browser.new_context(viewport=PHONE, locale="de-DE")).new_page()
    jonas = new_address()
    await register(tokyo, yen, "Jonas Weber", jonas)
    await pay(tokyo, "4242 4242 4242 4242")
    await expect(tokyo.locator("a[href*='/j/']").first).to_be_visible(timeout=15_000)
    await expect(tokyo.get_by_text("5.000").first).to_be_visible()

    await console.goto(webinar_url.removesuffix("/payment"))
    await console.get_by_role("link", name="Lucía Prieto").click()
    await console.get_by_role("link", name="Refund…").click()
    await console.get_by_label("A part", exact=True).check()
    await console.locator("#amount").fill("19")
    await console.get_by_label("Keep the seat").check()
    await console.get_by_role("button", name="Check the refund").click()
    await console.get_by_role("button", name="Refund €19.00").click()
    await expect(console.get_by_text("asked for by an organizer").first).to_be_visible()
    confirmed, refunded = await box.until_mails({"email": lucia}, 2)
    await console.reload()
    await expect(console.get_by_text("€19.00 refunded").first).to_be_visible()
    assert confirmed["subject"].startswith("Tienes plaza")
    assert "19,00" in refunded["text"]

    await console.goto(webinar_url.removesuffix("/payment") + "/edit")
    await console.get_by_label("Start", exact=True).fill("19:30")
    await console.get_by_role("button", name="Save changes").click()
    await expect(console.locator("[role=status]")).to_be_visible()
    moved = (await box.until_mails({"email": lucia}, 3))[-1]
    assert "18:00" in moved["text"]
    assert "19:30" in moved["text"]

    await tokyo.locator("a[href$='/cancel']").first.click()
    await tokyo.locator("main form button").last.click()
    gone = (await box.until_mails({"email": jonas}, 2))[-1]
    assert "5.000" in gone["text"]


async def test_the_keyboard_alone_registers_pays_signs_in_and_refunds(
    browser: Browser, box: Box
) -> None:
    webinar = await box.schedule()
    page = await browser.new_page(viewport=DESK)
    email = new_address()

    await page.goto(webinar["public_url"])
    await reach(page, "input[name=name]")
    await page.keyboard.type("Ana García")
    await page.keyboard.press("Tab")
    await page.keyboard.type(email)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/c/pay/"))
    await reach(page, "form button.button--primary")
    await page.keyboard.press("Enter")
    await expect(page.locator("a[href*='/j/']").first).to_be_visible(timeout=15_000)

    await page.goto(f"{console_of(box)}/webinars/{webinar['id']}")
    await reach(page, "#email")
    await page.keyboard.type(box.demo["admin_email"])
    await reach(page, "#password")
    await page.keyboard.type(box.demo["admin_password"])
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(webinar["id"]))
    await reach(page, "table a[href*='/registrants/']")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/registrants/"))
    await reach(page, "a[href$='/refund']")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/refund"))
    await reach(page, "form.dialog button.button--primary")
    await page.keyboard.press("Enter")
    await reach(page, "form.dialog button.button--danger")
    await page.keyboard.press("Enter")

    _, refunded = await box.until_mails({"email": email}, 2)
    assert "€49.00" in refunded["text"]


async def reach(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, as someone without a mouse does."""
    await page.locator(selector).first.wait_for()
    for _ in range(80):
        if await page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is out of reach")

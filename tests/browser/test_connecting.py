"""Connecting Stripe in a real browser, which checks where forms lead, hop by hop."""

from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from services.payments.pages import STYLE_URL
from tests.payments.account_world import ANNA
from tests.payments.connect_world import ConnectWorld, chosen_ticket, connect_world

pytestmark = pytest.mark.browser


async def choose(page: Page, world: ConnectWorld, way: str, **given: Any) -> None:
    """Arrive from the console, and press the button of one way."""
    home = world.doors.public_url + STYLE_URL.partition("?")[0]
    ticket = chosen_ticket(uuid4(), return_url=home, **given)
    await page.goto(f"{world.doors.public_url}/connect?ticket={ticket}")
    await page.click(f"button[value={way}]")


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_an_account_that_exists_is_connected(
    browser: Browser, postgres_url: str, has_scripts: bool
) -> None:
    async with connect_world(postgres_url) as world:
        page = await browser.new_page(java_script_enabled=has_scripts)

        await choose(page, world, "oauth")
        await page.check(f"input[value={ANNA}]")
        await page.click("button[value=approve]")

        await page.wait_for_url(f"{world.doors.public_url}/pay/payments.css?connected=1")


async def test_a_new_account_is_begun_left_gone_on_with_and_finished(
    browser: Browser, postgres_url: str
) -> None:
    async with connect_world(postgres_url) as world:
        page = await browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda fault: complaints.append(str(fault)))

        await choose(page, world, "onboarding")
        await page.fill("#iban", "")
        await page.click("button[value=later]")
        await expect(page.locator("h1")).to_have_text("Stripe still waits for you")
        await expect(page.locator("main li").nth(1)).to_have_text("A bank account for payouts")
        await page.click("main form button")
        await page.click("button[value=complete]")

        await page.wait_for_url(f"{world.doors.public_url}/pay/payments.css?connected=1")
        # Where the way ends here is a bare file, for which browsers want an icon that is not there.
        assert [said for said in complaints if "404 (Not Found)" not in said] == []


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "You said no at Stripe"),
        ("es", "Has dicho que no en Stripe"),
        ("de", "Du hast bei Stripe Nein gesagt"),
    ],
)
async def test_a_no_is_said_in_the_persons_language_and_the_keyboard_is_enough(
    browser: Browser, postgres_url: str, locale: str, words: str
) -> None:
    async with connect_world(postgres_url) as world:
        page = await browser.new_page(viewport={"width": 390, "height": 800})

        await choose(page, world, "oauth", locale=locale)
        await page.focus("button[value=deny]")
        await page.keyboard.press("Enter")

        await expect(page.locator("h1")).to_have_text(words)
        await expect(page.locator("html")).to_have_attribute("lang", locale)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390

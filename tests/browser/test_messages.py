"""An organizer's words and the mail beside them, in a browser that enforces every rule of ours."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_every_page import DESK, PHONE, barriers
from tests.registration.console.browser import PASSWORD, new_person, open_browser
from tests.registration.console.test_messages import at, with_notifications
from tests.registration.office import Office, open_office

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("has_script", [True, False])
async def test_the_mail_is_shown_with_the_words_as_they_are_typed(
    browser: Browser, postgres_url: str, nats_url: str, nats_prefix: str, has_script: bool
) -> None:
    async with (
        open_office(postgres_url) as office,
        open_browser(office) as console,
        with_notifications(console, nats_url, nats_prefix),
    ):
        base_url = str(console.client.make_url("")).rstrip("/")
        await _signable(office, base_url)
        page = await browser.new_page(
            viewport=PHONE if has_script else DESK, java_script_enabled=has_script, locale="de-DE"
        )
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        await page.goto(f"{base_url}/sign-in")
        await page.locator("#email").fill("organizer@example.org")
        await page.locator("#password").fill(PASSWORD)
        await page.locator("#password").press("Enter")
        await page.wait_for_url("**/console/**")

        await page.goto(base_url + at(office, "confirmation"))
        mail = page.frame_locator("iframe[name=mail]")
        await expect(mail.get_by_role("heading", level=1)).to_contain_text("You have a seat")
        await page.locator("#words").fill("Bring a pen, {name}.\n\n<script>alert(1)</script>")
        preview = page.locator("button[formtarget=mail]")
        await preview.first.click()

        await expect(mail.get_by_text("Bring a pen, Ana García.")).to_be_visible()
        # The mail's own styles are in force, as nowhere else here.
        card = mail.locator("td.card")
        assert await card.evaluate("card => getComputedStyle(card).borderRadius") == "14px"
        await preview.last.click()
        await expect(mail.get_by_text("<script>alert(1)</script>")).to_be_visible()
        assert refused == []
        if has_script:
            assert await barriers(page) == []
            width = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert width[0] <= width[1]


async def _signable(office: Office, base_url: str) -> None:
    """Somebody to sign in as, at the address where the console is."""
    object.__setattr__(office.links, "public_url", base_url)
    await new_person(office, "organizer@example.org")

"""An administrator's first day: an account, Stripe connected and left, an organizer invited."""

import asyncio
import re
import subprocess
import sys
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.system.box import Box
from tests.waiting import eventually

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}


async def on_the_command_line(box: Box, *arguments: str) -> str:
    """What `taquilla` prints."""
    command = (sys.executable, "-m", "deploy.cli", *arguments, "--data-dir")
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, str(box.running.directory)],
        check=True,
        capture_output=True,
        text=True,
    )
    return str(done.stdout).strip()


async def first_admin(page: Page, box: Box) -> tuple[str, str]:
    """An organization of its own, its administrator signed in; the console's URL, the address."""
    organization_id = await on_the_command_line(box, "organization", "create", "Faro Studio")
    email = f"ines-{uuid4().hex[:8]}@example.org"
    link = await on_the_command_line(
        box, "admin", "create", email, "--organization", organization_id
    )
    await page.goto(link)
    await page.get_by_label("Your name").fill("Inés Carvajal")
    await page.get_by_label("Password").fill("a long walk by the river")
    await page.get_by_role("button", name="Begin").click()
    await page.wait_for_url(re.compile("/webinars"))
    return f"{box.demo['registration_url']}/console/{organization_id}", email


async def mailed_link(box: Box, email: str, pattern: str) -> str:
    """The link that matches in the newest mail to an address."""
    mails = await box.until_mails({"email": email}, 1)
    found = re.search(pattern, mails[-1]["text"])
    assert found is not None, mails[-1]["text"]
    return found[0]


async def test_an_admin_connects_an_account_at_stripe_and_lets_it_go(
    browser: Browser, box: Box
) -> None:
    page = await browser.new_page(viewport=DESK)
    console, _ = await first_admin(page, box)

    await page.goto(f"{console}/administration")
    await page.get_by_role("button", name="Connect to Stripe").click()
    await page.get_by_role("button", name="Connect this account").click()
    await expect(page.get_by_text("is connected to Stripe.")).to_be_visible(timeout=30_000)
    await expect(page.get_by_text("Test: no card is charged")).to_be_visible()

    await page.get_by_role("link", name="Disconnect from Stripe…").click()
    await expect(page.get_by_text("Nobody who has paid loses a seat")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Disconnect")).click()
    await expect(page.get_by_text("The account is being disconnected.")).to_be_visible()

    async def is_gone() -> bool:
        await page.goto(f"{console}/settings/payments")
        return await page.get_by_text("Not connected").count() > 0

    await eventually(is_gone, timeout=20)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_an_admin_makes_an_account_at_stripe_and_reads_what_is_missing(
    browser: Browser, box: Box, javascript: bool
) -> None:
    page = await browser.new_page(viewport=PHONE, java_script_enabled=javascript)
    console, _ = await first_admin(page, box)

    await page.goto(f"{console}/settings")
    await page.get_by_role("button", name="Create an account at Stripe").click()
    await page.get_by_role("button", name="Give everything but an identity document").click()
    await page.wait_for_url(re.compile("/settings/payments"))

    async def is_told() -> bool:
        await page.goto(f"{console}/settings/payments")
        return await page.get_by_text("A photo of your identity document").count() > 0

    # Stripe tells of what it still wants some moments after the way back.
    await eventually(is_told, timeout=30)


async def test_a_no_at_stripe_changes_nothing(browser: Browser, box: Box) -> None:
    page = await browser.new_page(viewport=PHONE)
    console, _ = await first_admin(page, box)

    await page.goto(f"{console}/settings/payments")
    await page.get_by_role("button", name="Connect to Stripe").click()
    await page.get_by_role("button", name="Deny").click()
    await page.get_by_role("link", name=re.compile("payment settings")).click()

    await expect(page.get_by_text("Not connected")).to_be_visible()


async def test_an_invited_organizer_reads_whom_to_ask_for_stripe(
    browser: Browser, box: Box
) -> None:
    page = await browser.new_page(viewport=DESK)
    console, admin_email = await first_admin(page, box)
    email = f"bo-{uuid4().hex[:8]}@example.org"

    await page.goto(f"{console}/administration/members")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("button", name="Send invitation").click()
    await expect(page.get_by_text(f"The invitation to {email} is sent.")).to_be_visible()
    guest = await browser.new_page(viewport=PHONE)
    await guest.goto(await mailed_link(box, email, r"http\S+/welcome/[\w-]+"))
    await guest.get_by_label("Your name").fill("Bo")
    await guest.get_by_label("Password").fill("far away and windy")
    await guest.get_by_role("button", name="Begin").click()
    await guest.wait_for_url(re.compile("/webinars"))
    await guest.goto(f"{console}/settings/payments")

    await expect(guest.get_by_role("link", name=admin_email)).to_be_visible()
    await expect(guest.get_by_role("button", name="Connect to Stripe")).to_have_count(0)


async def test_a_forgotten_password_is_replaced_by_mail(browser: Browser, box: Box) -> None:
    page = await browser.new_page(viewport=PHONE)
    _, email = await first_admin(page, box)
    other = await browser.new_page(viewport=PHONE)

    await other.goto(f"{box.demo['registration_url']}/sign-in")
    await other.get_by_role("link", name="Forgot it?").click()
    await other.get_by_label("E-mail").fill(email)
    await other.get_by_role("button", name="Mail me a link").click()
    await expect(other.get_by_text("Check your mail.")).to_be_visible()
    await other.goto(await mailed_link(box, email, r"http\S+/password/reset/[\w-]+"))
    await other.get_by_label("New password").fill("the ferry leaves at dusk")
    await other.get_by_role("button", name="Save password").click()
    await other.wait_for_url(re.compile("/webinars"))
    await page.reload()

    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

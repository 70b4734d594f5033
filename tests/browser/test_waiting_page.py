"""The script of a registrant's page: it counts down, and sees a payment by itself."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.registration.office import open_office, payment_succeeded
from tests.registration.pages.counter import Counter, open_counter, path_of
from tests.waiting import eventually

pytestmark = pytest.mark.browser


@pytest.fixture
async def counter(postgres_url: str) -> AsyncIterator[Counter]:
    async with open_office(postgres_url) as office, open_counter(office) as counter:
        yield counter


async def test_a_waiting_page_counts_down_and_turns_into_a_ticket(
    browser: Browser, counter: Counter
) -> None:
    office = counter.office
    registrant = await office.admitted(await office.schedule())
    path = path_of(office.links.manage_url(registrant.id))
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))

    await page.goto(str(counter.client.make_url(path)))
    left = page.locator("[data-countdown]")
    await expect(left).to_have_text(re.compile(r"^1[45]:\d\d left\.$"))
    first = await left.text_content()
    await expect(left).not_to_have_text(first or "")
    await office.deliver(payment_succeeded(registrant))

    await expect(page.get_by_role("heading", level=1)).to_contain_text("You have a seat")
    assert refused == []


async def test_a_countdown_that_ends_shows_what_comes_next(
    browser: Browser, counter: Counter
) -> None:
    office = counter.office
    registrant = await office.admitted(await office.schedule())
    await office.execute(
        "UPDATE registrants SET pay_by = now() + interval '2 seconds' WHERE id = $1", registrant.id
    )
    page = await browser.new_page()

    await page.goto(str(counter.client.make_url(path_of(office.links.manage_url(registrant.id)))))

    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your time to pay is over", timeout=15_000
    )


async def test_a_refused_form_puts_the_reader_at_the_first_mistake(
    browser: Browser, counter: Counter
) -> None:
    webinar = await counter.office.schedule()
    page = await browser.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    await page.goto(str(counter.client.make_url(path_of(webinar["public_url"]))))
    await page.locator("input[name=name]").fill("Ana")
    await page.locator("input[name=email]").fill("ana@nowhere")

    await page.locator("form button[type=submit]").click()

    email = page.locator("input[name=email]")
    await expect(email).to_be_focused()
    await expect(email).to_be_in_viewport()
    await expect(email).to_have_value("ana@nowhere")


async def test_a_payment_turns_the_page_into_a_ticket_by_its_stream_without_a_reload(
    browser: Browser, counter: Counter
) -> None:
    office = counter.office
    registrant = await office.admitted(await office.schedule())
    path = path_of(office.links.manage_url(registrant.id))
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    async with page.expect_response(lambda answer: answer.url.endswith("/events")):
        await page.goto(str(counter.client.make_url(path)))
    await page.evaluate("window.sameDocument = true")
    await office.deliver(payment_succeeded(registrant))

    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_contain_text("You have a seat", timeout=3_000)
    await expect(page).to_have_title(re.compile("^Your seat:"))
    assert await page.evaluate("window.sameDocument")
    assert not any(url.endswith("/state") for url in asked)
    # Nothing more can happen by itself: nobody listens any more.
    await eventually(lambda: not office.watch.is_looking)


async def test_a_page_that_gets_no_stream_polls(browser: Browser, counter: Counter) -> None:
    office = counter.office
    registrant = await office.admitted(await office.schedule())
    office.watch.close()
    page = await browser.new_page()

    await page.goto(str(counter.client.make_url(path_of(office.links.manage_url(registrant.id)))))
    await office.deliver(payment_succeeded(registrant))

    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        "You have a seat", timeout=15_000
    )


async def test_without_script_the_waiting_page_comes_anew_by_itself(
    browser: Browser, counter: Counter
) -> None:
    office = counter.office
    registrant = await office.admitted(await office.schedule())
    page = await browser.new_page(java_script_enabled=False)

    await page.goto(str(counter.client.make_url(path_of(office.links.manage_url(registrant.id)))))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Waiting for your payment")
    await office.deliver(payment_succeeded(registrant))

    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        "You have a seat", timeout=15_000
    )


async def test_a_time_is_said_where_the_reader_is(browser: Browser, counter: Counter) -> None:
    webinar = await counter.office.schedule(starts_at="2027-01-14T18:00:00+01:00")
    url = str(counter.client.make_url(path_of(webinar["public_url"])))

    far = await browser.new_page(timezone_id="America/Lima")
    await far.goto(url)
    next_day = await browser.new_page(timezone_id="Asia/Tokyo")
    await next_day.goto(url)
    near = await browser.new_page(timezone_id="Europe/Paris")
    await near.goto(url)

    await expect(far.locator(".point").first).to_contain_text("12:00–13:30 where you are")
    await expect(next_day.locator(".point").first).to_contain_text(
        "Friday 15 January, 02:00–03:30 where you are"
    )
    await expect(near.locator(".point").first).to_contain_text("18:00")
    await expect(near.locator(".point").first).not_to_contain_text("where you are")

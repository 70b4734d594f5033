"""A webinar's numbers on its page: complete without scripts, followed as people register."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.registration.charts import bar_chart
from services.registration.console.numbers import bucket_label, numbers_view
from services.registration.live import version_of
from services.registration.numbers import Money, Totals
from services.registration.store import webinars
from services.registration.store.numbers import Series
from services.registration.webinars import Webinar
from tests.registration.console.browser import Browser
from tests.registration.office import FREE, Office, fee_settled, refunded


def path(office: Office, webinar: dict[str, Any], *parts: str) -> str:
    own = f"/console/{office.organization_id}/webinars/{webinar['id']}"
    return "/".join((own, *parts))


async def shown(browser: Browser, office: Office, webinar: dict[str, Any]) -> str:
    async with browser.client.get(path(office, webinar, "numbers")) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        body = await answer.json()
    assert body["version"] == version_of(body["html"])
    return str(body["html"])


async def stored(office: Office, webinar: dict[str, Any]) -> Webinar:
    async with office.database.connection() as connection:
        found = await webinars.find(connection, UUID(webinar["id"]))
    assert found is not None
    return found


async def test_before_anybody_registers_words_stand_where_the_charts_will_be(
    office: Office, organizer: Browser
) -> None:
    html = await shown(organizer, office, await office.schedule())

    assert "Charts begin with the first registration." in html
    assert "<svg" not in html


async def test_tiles_and_charts_say_what_has_come_in(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(capacity=80)
    first, second = [await office.paid(webinar) for _ in range(2)]
    await office.admitted(webinar)
    await office.deliver(fee_settled(first), fee_settled(second), refunded(second, 900))

    html = await shown(organizer, office, webinar)

    tiles = ("€94.56", "€98.00", "€9.00", "€3.44", "3 <small>of 80</small>")
    assert all(f"<dd>{amount}" in html for amount in tiles)
    assert 'aria-label="Registrations an hour, ' in html
    assert ": 3 altogether, most at " in html
    assert 'aria-label="Net revenue, ' in html
    assert "<span>€100</span><span>€50</span><span>€0</span>" in html
    assert "style=" not in html


async def test_a_free_webinar_shows_people_instead_of_money(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    await office.admitted(webinar)

    html = await shown(organizer, office, webinar)

    assert "Net" not in html
    assert "<dt>Confirmed</dt><dd>1</dd>" in html


async def test_the_page_is_told_of_each_change_and_of_nothing_else(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    before = await shown(organizer, office, webinar)
    url = f"{path(office, webinar, 'numbers', 'events')}?seen={version_of(before)}"

    async with organizer.client.get(url) as answer, asyncio.timeout(20):
        assert answer.content_type == "text/event-stream"
        await office.admitted(webinar)
        lines: list[str] = []
        while not lines or lines[-1]:
            line = (await answer.content.readline()).decode().rstrip("\n")
            if lines or line.startswith("id: "):
                lines.append(line)

    after = "\n".join(line.removeprefix("data: ") for line in lines[1:-1])
    assert lines[0] == f"id: {version_of(after)}"
    assert after == await shown(organizer, office, webinar) != before


async def test_newer_numbers_come_in_the_language_of_the_page(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    await office.admitted(webinar)

    page = await organizer.get(f"{path(office, webinar)}?locale=es")
    polled, followed = page.html.split('data-poll="')[1], page.html.split('data-live="')[1]

    for url in (polled, followed):
        assert url.split('"')[0].endswith("?locale=es")


async def test_nobody_else_follows_a_webinars_numbers(office: Office, browser: Browser) -> None:
    webinar = await office.schedule()

    page = await browser.get(path(office, webinar, "numbers", "events"))

    assert (page.status, page.headers["Location"].startswith("/sign-in")) == (303, True)


async def test_charts_end_with_the_webinar_unless_something_still_happens(office: Office) -> None:
    webinar = await stored(office, await office.schedule())
    webinar = replace(webinar, starts_at=datetime(2026, 12, 20, 18, tzinfo=UTC))
    end = webinar.starts_at + timedelta(minutes=90)
    sold_at = webinar.starts_at - timedelta(days=9)
    totals = Totals(1, 0, 1, 0, 0, 1, 10, (Money("EUR", 1, 4900, 0, 172, 4728),))
    later = end + timedelta(days=30)

    over = numbers_view(webinar, totals, Series([(sold_at, 1)], {}), later, "en")
    back = Series([(sold_at, 1)], {"EUR": [(sold_at, 4728), (end + timedelta(days=5), -4900)]})
    refunded_after = numbers_view(webinar, totals, back, later, "en")

    assert len(over["registrations"].bars) == 10
    assert len(refunded_after["registrations"].bars) == 15
    assert refunded_after["revenues"][0].chart.bars[-1].value == -172


async def test_net_in_two_currencies_is_drawn_twice(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    first, second = [await office.paid(webinar) for _ in range(2)]
    await office.deliver(
        fee_settled(first), fee_settled(second, net_minor=700_000, settlement_currency="JPY")
    )

    html = await shown(organizer, office, webinar)

    assert "Net revenue, EUR" in html
    assert "Net revenue, JPY" in html
    assert "<dd>€47.28</dd><dd>¥700,000</dd>" in html


def test_buckets_are_labelled_in_the_webinars_zone_and_the_readers_language() -> None:
    moment = datetime(2026, 10, 16, 22, 0, tzinfo=UTC)
    chart = bar_chart([(moment, 1)], moment, moment, "Europe/Madrid")
    at = chart.bars[-1].at

    def label(unit: Any, locale: str = "en") -> str:
        return bucket_label(unit, at, time_zone="Europe/Madrid", locale=locale)

    assert (label("hour"), label("day"), label("month")) == ("00:00", "17 Oct", "Oct 2026")
    assert label("day", "es") == "17 oct"

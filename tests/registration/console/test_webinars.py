"""The list of webinars: what comes, what is over, what each has brought in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.registration.console.webinars.listing import PAGE_ROWS
from tests.registration.console.browser import Browser, new_organization
from tests.registration.office import FREE, Office, account_connected, fee_settled, refunded


def webinars_path(office: Office, *parts: object) -> str:
    return "/".join(("/console", str(office.organization_id), "webinars", *map(str, parts)))


async def end(office: Office, webinar: dict[str, Any]) -> None:
    await office.execute(
        "UPDATE webinars SET starts_at = now() - interval '3 hours' WHERE id = $1",
        UUID(webinar["id"]),
    )


async def test_without_webinars_the_list_says_how_to_begin(
    office: Office, organizer: Browser
) -> None:
    page = await organizer.get(webinars_path(office))

    assert page.status == 200
    assert "No webinar is coming up" in page.text
    assert f'href="{webinars_path(office, "new")}"' in page.html


async def test_each_webinar_shows_seats_price_paid_and_net(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(title="Bread & salt", capacity=4)
    paid = await office.paid(webinar)
    await office.deliver(fee_settled(paid))
    await office.admitted(webinar)

    page = await organizer.get(webinars_path(office))

    assert "Bread & salt" in page.text
    for words in ("On sale", "2 of 4", "€49.00", "€47.28"):
        assert words in page.text
    assert f'href="{webinars_path(office, webinar["id"])}"' in page.html


async def test_a_start_is_short_in_the_list_and_keeps_its_zone(
    office: Office, organizer: Browser
) -> None:
    year = datetime.now(UTC).year + 1
    await office.schedule(starts_at=f"{year}-11-12T18:00:00+01:00")

    page = await organizer.get(webinars_path(office))

    assert f" 12 Nov {year}, 18:00 CET" in page.text


async def test_the_tiles_sum_every_currency_of_every_webinar(
    office: Office, organizer: Browser
) -> None:
    in_euro = await office.schedule()
    in_yen = await office.schedule(price_minor=5000, currency="JPY")
    over = await office.schedule()
    first, _, third = [await office.paid(one) for one in (in_euro, in_yen, over)]
    await office.deliver(fee_settled(first), refunded(third, 900))
    await end(office, over)

    page = await organizer.get(webinars_path(office))

    assert "Paid €98.00 ¥5,000" in page.text
    assert "Refunded €9.00 ¥0" in page.text
    assert "Stripe fees €1.72" in page.text
    assert "Registrations 3" in page.text


async def test_what_is_over_is_listed_apart(office: Office, organizer: Browser) -> None:
    await office.schedule(title="Comes")
    await end(office, await office.schedule(title="Was there"))

    upcoming = await organizer.get(webinars_path(office))
    past = await organizer.get(webinars_path(office) + "?when=past")

    assert "Comes" in upcoming.text
    assert "Was there" not in upcoming.text
    assert "Was there" in past.text
    assert "Over" in past.text
    assert "Upcoming 1 Past 1" in past.text


async def test_a_badge_says_how_each_one_stands(office: Office, organizer: Browser) -> None:
    full = await office.schedule(capacity=1)
    await office.admitted(full)
    cancelled = await office.schedule(**FREE)
    await office.organizer("POST", f"/api/v1/webinars/{cancelled['id']}/cancel")
    await office.schedule(**FREE)
    started = await office.schedule(duration_minutes=60)
    await office.start(started)

    page = await organizer.get(webinars_path(office))

    for words in ("Sold out", "Cancelled", "Open", "Live now"):
        assert words in page.text


async def test_a_paid_sale_pauses_while_stripe_is_not_ready(
    office: Office, organizer: Browser
) -> None:
    await office.schedule()
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))

    page = await organizer.get(webinars_path(office))

    assert "Sale paused" in page.text


async def test_a_long_list_is_read_page_by_page(office: Office, organizer: Browser) -> None:
    start = datetime.now(UTC) + timedelta(days=40)
    titles = [f"Number {count:02}" for count in range(PAGE_ROWS + 3)]
    for count, title in enumerate(titles):
        starts_at = (start + timedelta(hours=count // 2)).isoformat()
        await office.schedule(title=title, starts_at=starts_at)

    first = await organizer.get(webinars_path(office))
    more = first.html.split("after=")[1].split('"')[0]
    second = await organizer.get(f"{webinars_path(office)}?when=upcoming&after={more}")

    shown = [[title for title in titles if title in page.text] for page in (first, second)]
    assert len(shown[0]) == PAGE_ROWS
    assert sorted(shown[0] + shown[1]) == titles
    assert "Show more" not in second.text


async def test_an_odd_place_in_the_list_shows_no_webinar_of_others(
    office: Office, organizer: Browser
) -> None:
    await office.schedule(title="Ours")

    unknown = await organizer.get(f"{webinars_path(office)}?after={uuid4()}")
    no_id = await organizer.get(f"{webinars_path(office)}?after=1;DROP")

    assert unknown.status == no_id.status == 200
    assert "Ours" not in unknown.text
    assert "Ours" in no_id.text


async def test_another_organizations_list_is_not_found(office: Office, organizer: Browser) -> None:
    other = await new_organization(office)

    foreign = await organizer.get(f"/console/{other}/webinars")
    missing = await organizer.get(f"/console/{uuid4()}/webinars")

    assert foreign.status == missing.status == 404
    assert foreign.text == missing.text

"""The list of registrants: found, filtered, sorted and paged in both directions."""

import re
from typing import Any
from uuid import UUID

import pytest

from services.registration.console.registrants.listing import PAGE_ROWS
from tests.registration.console.browser import Browser, new_organization
from tests.registration.console.registrants.people import (
    mail_bounced,
    mail_failed,
    mail_sent,
    named,
    paying,
    webinar_path,
)
from tests.registration.office import FREE, Office, refunded
from tests.registration.pages.counter import Page


def names_on(page: Page) -> list[str]:
    return re.findall(r'scope="row"><a href="[^"]+"><bdi>([^<]+)</bdi>', page.html)


def link_on(page: Page, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.html)
    return found[1].replace("&amp;", "&") if found else None


async def crowd(office: Office, count: int) -> dict[str, Any]:
    """Many registrants, numbered as they came; every third one has paid, more and more."""
    webinar = await office.schedule(capacity=None)
    await office.execute(
        "INSERT INTO registrants (id, organization_id, webinar_id, status, holds_seat, name, "
        "email, email_key, locale, amount_minor, currency, description_version, starts_at, "
        "paid_minor, paid_at) "
        "SELECT gen_random_uuid(), $1, $2, CASE WHEN n % 3 = 0 THEN 'confirmed' ELSE 'released' "
        "END, n % 3 = 0, 'Guest ' || lpad(((n * 7) % $3)::text, 4, '0'), "
        "'g' || n || '@example.org', 'g' || n || '@example.org', 'en', 4900, 'EUR', 1, "
        "now() + interval '30 days', CASE WHEN n % 3 = 0 THEN n * 100 ELSE 0 END, "
        "CASE WHEN n % 3 = 0 THEN now() END FROM generate_series(1, $3::int) AS n",
        office.organization_id,
        UUID(webinar["id"]),
        count,
    )
    return webinar


async def test_the_list_shows_status_money_and_what_became_of_the_mail(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana, ben = await paying(office, webinar), await paying(office, webinar, "Ben Okri")
    await named(office, webinar, "Chloé Martin")
    await office.deliver(mail_sent(ana), mail_failed(ben), refunded(ana, 2000))

    page = await organizer.get(webinar_path(office, webinar))

    assert page.status == 200
    assert names_on(page) == ["Chloé Martin", "Ben Okri", "Ana Ruiz"]
    assert "Ana Ruiz ana" in page.text
    assert "€49.00 €20.00 €1.72 €47.28 Accepted" in page.text
    assert "€49.00 – €1.72 €47.28 Mail failed" in page.text
    assert "All 3 Confirmed 2 Awaiting payment 1 Cancelled 0 Released 0" in page.text
    assert "1–3 of 3" in page.text


async def test_a_name_is_shown_as_it_was_typed_and_never_run(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    await named(office, webinar, "<script>alert(1)</script>")

    page = await organizer.get(webinar_path(office, webinar))

    assert "<script>alert" not in page.html
    assert "<script>alert(1)</script>" in page.text


@pytest.mark.parametrize("sort", ["newest", "oldest", "name", "amount"])
@pytest.mark.parametrize("status", [None, "confirmed"])
async def test_pages_lead_through_everybody_once_and_back_again(
    office: Office, organizer: Browser, sort: str, status: str | None
) -> None:
    count = PAGE_ROWS * 6 + 30
    webinar = await crowd(office, count)
    asked = f"?sort={sort}" + (f"&status={status}" if status else "")
    page = await organizer.get(webinar_path(office, webinar) + asked)
    expected = await office.value(
        "SELECT array_agg(name ORDER BY "
        + {
            "newest": "number DESC",
            "oldest": "number",
            "name": "name, number",
            "amount": "paid_minor DESC, number DESC",
        }[sort]
        + ") FROM registrants WHERE $1::text IS NULL OR status = $1",
        status,
    )

    forth, back = [page], []
    while (onward := link_on(forth[-1], "next")) is not None:
        forth.append(await organizer.get(onward))
    back = [forth[-1]]
    while (onward := link_on(back[-1], "prev")) is not None:
        back.append(await organizer.get(onward))

    assert [name for shown in forth for name in names_on(shown)] == expected
    assert [names_on(shown) for shown in reversed(back)] == [names_on(shown) for shown in forth]
    total = len(expected)
    assert f"1–{PAGE_ROWS} of {total}" in forth[0].text
    assert f"–{total} of {total}" in forth[-1].text
    assert f"1–{PAGE_ROWS} of {total}" in back[-1].text


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ana", ["Ana Ruiz"]),
        ("RUIZ", ["Ana Ruiz"]),
        ("josé", ["José Ñandú"]),
        ("nandu", ["José Ñandú"]),
        ("José Ñ", ["José Ñandú"]),
        ("pepe@exam", ["José Ñandú"]),
        ("uiz", []),
        ("%", []),
    ],
)
async def test_people_are_found_by_the_beginning_of_name_surname_or_address(
    office: Office, organizer: Browser, search: str, found: list[str]
) -> None:
    webinar, other = await office.schedule(**FREE), await office.schedule(**FREE)
    await named(office, webinar, "Ana Ruiz", "a.r@example.org")
    await named(office, webinar, "José Ñandú", "Pepe@example.org")
    await named(office, other, "Ana Ruiz")

    page = await organizer.get(webinar_path(office, webinar) + f"?q={search}")

    assert names_on(page) == found


async def test_somebody_is_found_by_reference(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")
    await named(office, webinar, "Ben Okri")

    whole = await organizer.get(webinar_path(office, webinar) + f"?q={ana.id}")
    beginning = await organizer.get(webinar_path(office, webinar) + f"?q={str(ana.id)[:8]}")

    assert names_on(whole) == names_on(beginning) == ["Ana Ruiz"]


async def test_the_latest_mail_decides_who_is_shown_as_not_reached(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana, ben, eva = [await named(office, webinar, name) for name in ("Ana", "Ben", "Eva")]
    await office.deliver(mail_failed(ana), mail_sent(ana), mail_failed(ben), mail_sent(eva))

    failed = await organizer.get(webinar_path(office, webinar) + "?mail=failed")
    accepted = await organizer.get(webinar_path(office, webinar) + "?mail=sent&sort=name")

    assert names_on(failed) == ["Ben"]
    assert names_on(accepted) == ["Ana", "Eva"]


async def test_a_mail_that_came_back_is_shown_and_listed_apart(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana, ben, eva = [await named(office, webinar, name) for name in ("Ana", "Ben", "Eva")]
    sent, first = mail_sent(ana), mail_sent(eva)
    await office.deliver(sent, mail_bounced(sent), mail_failed(ben))
    await office.deliver(first, mail_bounced(first))
    await office.deliver(mail_sent(eva))

    whole = await organizer.get(webinar_path(office, webinar))
    bounced = await organizer.get(webinar_path(office, webinar) + "?mail=bounced")
    failed = await organizer.get(webinar_path(office, webinar) + "?mail=failed")
    accepted = await organizer.get(webinar_path(office, webinar) + "?mail=sent")

    assert '<span class="badge bad">Bounced</span>' in whole.html
    assert names_on(bounced) == ["Ana"]
    assert names_on(failed) == ["Ben"]
    assert names_on(accepted) == ["Eva"]
    assert '<option value="bounced" selected' in bounced.html


async def test_a_search_that_finds_too_many_says_so(office: Office, organizer: Browser) -> None:
    webinar = await crowd(office, 1_200)

    page = await organizer.get(webinar_path(office, webinar) + "?q=guest")

    assert len(names_on(page)) == PAGE_ROWS
    assert "More than 1,000 were found." in page.text


@pytest.mark.parametrize("query", ["after=0", "after=x", "before=99999999999999999999", "sort=?"])
async def test_an_address_that_makes_no_sense_shows_the_first_page(
    office: Office, organizer: Browser, query: str
) -> None:
    webinar = await office.schedule(**FREE)
    await named(office, webinar, "Ana Ruiz")

    page = await organizer.get(webinar_path(office, webinar) + f"?{query}")

    assert (page.status, names_on(page)) == (200, ["Ana Ruiz"])


async def test_another_organizations_webinar_answers_as_a_missing_one(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    stranger = await new_organization(office)
    await office.execute(
        "UPDATE webinars SET organization_id = $1 WHERE id = $2", stranger, UUID(webinar["id"])
    )

    foreign = await organizer.get(webinar_path(office, webinar))
    missing = await organizer.get(webinar_path(office, webinar | {"id": UUID(int=7)}))
    under_its_own = await organizer.get(f"/console/{stranger}/webinars/{webinar['id']}")

    assert foreign.status == missing.status == under_its_own.status == 404
    assert foreign.text == missing.text


async def test_an_empty_list_says_what_to_do(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()

    page = await organizer.get(webinar_path(office, webinar))

    assert "Nobody has registered yet" in page.text
    assert webinar["public_url"] in page.text

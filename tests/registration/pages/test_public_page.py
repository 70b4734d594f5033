"""What a visitor, a search engine and whoever shares the link find on a webinar's page."""

import re
from datetime import timedelta
from html import unescape

from services.registration.pages.webinar_page import GIST_LENGTH_MAX, gist
from tests.registration.office import FREE, account_connected
from tests.registration.pages.builders import DESCRIPTION
from tests.registration.pages.counter import Counter, Page, path_of, public_path

TRANSFER_BYTES_MAX = 60_000


def meta(page: Page, name: str) -> str:
    found = re.search(rf'<meta (?:name|property)="{name}" content="([^"]*)">', page.html)
    assert found is not None, name
    return unescape(found[1]).replace("\N{NO-BREAK SPACE}", " ")


def test_the_gist_is_short_plain_and_ends_with_a_whole_word() -> None:
    short = gist(DESCRIPTION)

    assert len(short) <= GIST_LENGTH_MAX
    assert short.startswith("Most consultants choose a day rate once")
    assert short.endswith("…")
    assert short[:-1].split()[-1] in DESCRIPTION.split()
    assert gist("**Bring** _flour_.") == "Bring flour."
    assert gist("  ") == ""


async def test_a_shared_link_says_what_when_and_how_much(counter: Counter) -> None:
    office = counter.office
    paid = await counter.get(
        public_path(
            await office.schedule(title='Bread "at home"', starts_at="2027-01-14T18:00:00+01:00")
        )
    )
    free = await counter.get(public_path(await office.schedule(**FREE)))

    assert meta(paid, "og:title") == 'Bread "at home"'
    assert meta(paid, "og:site_name") == "Escuela Norte"
    words = meta(paid, "og:description")
    for fact in ("14 January", "18:00", "€49.00", "Bring flour."):
        assert fact in words
    assert "Free" in meta(free, "og:description")
    assert "og:image" not in paid.html


async def test_the_payer_reads_what_the_statement_will_say(counter: Counter) -> None:
    office = counter.office
    await office.deliver(
        account_connected(office.organization_id, version=7, statement_descriptor="NORTE* CURSOS")
    )

    paid = await counter.get(public_path(await office.schedule()))
    free = await counter.get(public_path(await office.schedule(**FREE)))

    assert "On your card statement: NORTE* CURSOS" in paid.text
    assert "you need no Stripe account" in paid.text
    assert "Cards: Visa, Mastercard" in paid.text
    assert "statement" not in free.text


async def test_the_button_states_the_obligation(counter: Counter) -> None:
    webinar = await counter.office.schedule(price_minor=500, currency="JPY")

    page = await counter.get(public_path(webinar))

    assert re.search(r"<button[^>]*>Register and pay ¥500</button>", page.html)


async def test_a_sold_out_page_does_not_pretend_that_somebody_just_lost_a_seat(
    counter: Counter,
) -> None:
    office = counter.office
    webinar = await office.schedule(capacity=1)
    answer = await counter.register(webinar)
    await office.execute(
        "UPDATE registrants SET status = 'released', holds_seat = false, pay_by = NULL"
    )
    cookie = answer.headers["Set-Cookie"].split(";")[0]

    page = await counter.get(public_path(webinar), Cookie=cookie)

    assert "All seats are taken." in page.text
    assert "The last seat has just gone." not in page.text


async def test_the_page_is_light_and_all_of_it_is_ours(counter: Counter) -> None:
    webinar = await counter.office.schedule(description="Bread and more. " * 500)
    page = await counter.get(public_path(webinar))

    transferred = len(page.html.encode())
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.html)):
        async with counter.client.get(
            address, headers={"Accept-Encoding": "gzip"}, auto_decompress=False
        ) as answer:
            transferred += len(await answer.read())

    assert transferred < TRANSFER_BYTES_MAX
    loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', page.html)
    loaded += re.findall(r'<link rel="(?:stylesheet|icon)" href="([^"]+)"', page.html)
    assert [url for url in loaded if not url.startswith("/static/")] == []
    assert path_of(webinar["public_url"]) in page.html


async def test_the_times_of_start_and_end_are_there_for_programs(counter: Counter) -> None:
    webinar = await counter.office.schedule(
        starts_at="2027-01-14T18:00:00+01:00", duration_minutes=timedelta(hours=2).seconds // 60
    )

    page = await counter.get(public_path(webinar))

    assert 'datetime="2027-01-14T17:00:00+00:00"' in page.html
    assert 'data-ends="2027-01-14T19:00:00+00:00"' in page.html
    assert 'data-zone="Europe/Madrid"' in page.html

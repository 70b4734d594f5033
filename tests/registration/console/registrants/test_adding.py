"""Somebody added by hand: confirmed without a payment, under the same rules as everybody."""

from typing import Any

import pytest

from services.registration.registrants import Registrant
from shared.events import RegistrantConfirmed, RegistrantCreated
from tests.registration.console.browser import Browser
from tests.registration.console.registrants.people import named, person_path, webinar_path
from tests.registration.office import FREE, Office
from tests.registration.pages.counter import Page

ANA = {"name": "Ana Ruiz", "email": "ana@example.org", "locale": "es"}


async def add(office: Office, organizer: Browser, webinar: dict[str, Any], **typed: str) -> Page:
    return await organizer.post(webinar_path(office, webinar, "registrants", "add"), ANA | typed)


async def added(office: Office, page: Page) -> Registrant:
    assert page.status == 303, page.text
    return await office.registrant(page.location.rpartition("/")[2])


@pytest.mark.parametrize("added_as", ["guest", "paid_elsewhere"])
async def test_a_paid_webinar_has_seats_for_guests_and_invoices(
    office: Office, organizer: Browser, added_as: str
) -> None:
    webinar = await office.schedule()

    page = await add(office, organizer, webinar, added_as=added_as, note="Invoice 12")

    ana = await added(office, page)
    assert (ana.status, ana.amount_minor, ana.currency) == ("confirmed", 0, None)
    assert (ana.name, ana.email, ana.locale) == ("Ana Ruiz", "ana@example.org", "es")
    assert await office.seats_taken(webinar) == 1
    (created,) = await office.told(RegistrantCreated)
    (told,) = await office.told(RegistrantConfirmed)
    assert (created.registrant_id, created.amount_minor, created.version) == (ana.id, 0, 1)
    assert (told.registrant_id, told.version) == (ana.id, ana.version)
    assert (told.description, told.refund_policy_text) == ("Bring **flour**.", "")
    story = await organizer.get(page.location)
    words = {"guest": "Added as a guest", "paid_elsewhere": "Added, paid elsewhere"}[added_as]
    assert f"{words} by Inés Carvajal Invoice 12" in story.text
    assert "Ana Ruiz has a seat. The confirmation goes to ana@example.org." in story.text


async def test_a_free_webinar_asks_nothing_about_payment(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)

    form = await organizer.get(webinar_path(office, webinar, "registrants", "add"))
    page = await add(office, organizer, webinar)

    assert 'name="added_as"' not in form.html
    assert (await added(office, page)).status == "confirmed"


async def test_the_form_sent_twice_takes_one_seat(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    path = webinar_path(office, webinar, "registrants", "add")
    shown = await organizer.get(path)

    first = await organizer.post(path, ANA, shown=shown)
    second = await organizer.post(path, ANA, shown=shown)

    assert first.location == second.location
    assert await office.seats_taken(webinar) == 1
    assert len(await office.told(RegistrantConfirmed)) == 1


async def test_the_last_seat_is_not_sold_twice(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE, capacity=1)
    await named(office, webinar, "Ben Okri")

    page = await add(office, organizer, webinar)

    assert page.status == 409
    assert "All seats are taken." in page.text
    assert page.field("name") == "Ana Ruiz"
    assert await office.seats_taken(webinar) == 1


async def test_after_the_start_nobody_is_added(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    await office.start(webinar)

    page = await add(office, organizer, webinar)

    assert page.status == 409
    assert "Registration is closed" in page.text


async def test_a_known_address_is_added_once_more_only_on_purpose(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    await named(office, webinar, "Ana Ruiz", "ANA@example.org")

    asked = await add(office, organizer, webinar, added_as="guest")
    done = await add(office, organizer, webinar, added_as="guest", again="yes")

    assert asked.status == 422
    assert "This address is registered already." in asked.text
    assert "Add this address once more" in asked.text
    assert (await added(office, done)).status == "confirmed"


async def test_an_address_may_not_hoard_seats(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    for _ in range(2):
        await named(office, webinar, "Ana Ruiz", "ana@example.org")

    page = await add(office, organizer, webinar, again="yes")

    assert page.status == 409
    assert "This address has two seats already" in page.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "ana"}, "email"),
        ({"added_as": "stolen"}, "added_as"),
        ({"note": "x" * 501}, "note"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(
    office: Office, organizer: Browser, typed: dict[str, str], field: str
) -> None:
    webinar = await office.schedule()

    page = await add(office, organizer, webinar, **{"added_as": "guest"} | typed)

    assert page.status == 422
    assert f'href="#{field}"' in page.html
    assert await office.told(RegistrantConfirmed) == []


async def test_money_paid_elsewhere_cannot_be_refunded_here(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await added(office, await add(office, organizer, webinar, added_as="paid_elsewhere"))

    form = await organizer.get(person_path(office, ana, "refund"))

    assert 'name="money"' not in form.html
    assert "Cancel Ana Ruiz" in form.text

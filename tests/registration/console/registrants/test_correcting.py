"""A corrected name or address: old links die, new ones are mailed, and both stand in the story."""

import pytest

from services.registration.registrants import Registrant
from shared.events import RegistrantCorrected, RegistrantMailRequested
from tests.registration.console.browser import Browser
from tests.registration.console.registrants.people import named, paying, person_path
from tests.registration.office import FREE, Office
from tests.registration.pages.counter import Page, path_of


async def correct(office: Office, organizer: Browser, registrant: Registrant, **typed: str) -> Page:
    return await organizer.post(
        person_path(office, registrant, "correct"),
        {"name": registrant.name, "email": registrant.email} | typed,
    )


async def test_another_address_gets_new_links_and_the_old_ones_die(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    old_page, old_room = office.links.manage_url(ana.id), office.links.join_url(ana.id)
    before = [(await organizer.get(path_of(url))).status for url in (old_page, old_room)]

    page = await correct(office, organizer, ana, email="Ana.Ruiz@Example.ORG")

    after = await office.registrant(ana.id)
    assert (after.email, after.email_key) == ("Ana.Ruiz@example.org", "ana.ruiz@example.org")
    assert (after.status, after.link_version) == ("confirmed", 2)
    (told,) = await office.told(RegistrantMailRequested, ana.id)
    assert (told.mail, told.email) == ("confirmation", "Ana.Ruiz@example.org")
    assert told.manage_url == office.links.manage_url(ana.id, 2)
    assert told.version > ana.version
    (known,) = await office.told(RegistrantCorrected, ana.id)
    assert (known.email, known.manage_url) == (told.email, told.manage_url)
    assert (known.version, known.status) == (after.version, "confirmed")
    assert before == [200, 200]
    assert [(await organizer.get(path_of(url))).status for url in (old_page, old_room)] == [
        404,
        403,
    ]
    assert (await organizer.get(path_of(told.manage_url))).status == 200
    assert told.join_url is not None
    assert (await organizer.get(path_of(told.join_url))).status == 200
    story = await organizer.get(page.location)
    assert "Earlier links have stopped working; new ones go to Ana.Ruiz@example.org." in story.text
    assert f"Ana Ruiz <{ana.email}> → Ana Ruiz <Ana.Ruiz@example.org>" in story.text


async def test_the_corrected_name_is_found_and_the_old_one_is_not(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Riuz")

    await correct(office, organizer, ana, name="Ana Ruiz")

    path = f"/console/{office.organization_id}/webinars/{webinar['id']}?q="
    assert "Ana Ruiz" in (await organizer.get(path + "ruiz")).text
    assert "Nobody here" in (await organizer.get(path + "riuz")).text


async def test_the_form_sent_twice_corrects_once(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Riuz")
    shown = await organizer.get(person_path(office, ana, "correct"))
    path, typed = person_path(office, ana, "correct"), {"name": "Ana Ruiz", "email": ana.email}

    await organizer.post(path, typed, shown=shown)
    await organizer.post(path, typed, shown=shown)

    assert (await office.registrant(ana.id)).link_version == 2
    assert len(await office.told(RegistrantMailRequested)) == 1
    assert len(await office.told(RegistrantCorrected)) == 1


async def test_nothing_typed_anew_leaves_the_links_alone(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")

    page = await correct(office, organizer, ana)

    assert page.status == 303
    assert (await office.registrant(ana.id)).link_version == 1
    assert await office.told(RegistrantMailRequested) == []
    assert await office.told(RegistrantCorrected) == []


async def test_somebody_without_a_seat_is_corrected_without_a_mail(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Riuz")
    await office.organizer("POST", f"/api/v1/registrants/{ana.id}/cancel", {})

    form = await organizer.get(person_path(office, ana, "correct"))
    await correct(office, organizer, ana, name="Ana Ruiz")

    assert "No mail is sent: there is no seat to write about." in form.text
    assert (await office.registrant(ana.id)).name == "Ana Ruiz"
    assert await office.told(RegistrantMailRequested) == []
    (known,) = await office.told(RegistrantCorrected)
    assert (known.name, known.status) == ("Ana Ruiz", "cancelled")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "A\nB"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a b@example.org"}, "email"),
    ],
)
async def test_what_cannot_be_a_name_or_an_address_is_said(
    office: Office, organizer: Browser, typed: dict[str, str], field: str
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")

    page = await correct(office, organizer, ana, **typed)

    assert page.status == 422
    assert f'href="#{field}"' in page.html
    assert (await office.registrant(ana.id)).link_version == 1

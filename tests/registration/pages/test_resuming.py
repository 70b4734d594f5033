"""A browser finds what was registered in it, and registers again by one button."""

import re
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID, uuid4

from services.registration.pages.resuming import (
    COOKIE,
    REMEMBERED_MAX,
    earlier,
    remembered,
    with_another,
)
from services.registration.store import terms
from shared.events import RegistrantCreated
from tests.registration.office import FREE, Office, links_for_tests, payment_succeeded
from tests.registration.pages.builders import NOW, RELEASED, registrant
from tests.registration.pages.counter import Counter, Page, path_of, public_path

LINKS = links_for_tests()
WEBINAR = uuid4()
ASKED = [{"kind": "short_text", "label": "Company", "required": True}]


def morsel(page: Page) -> Any:
    return SimpleCookie(page.headers["Set-Cookie"])[COOKIE]


def carried(page: Page) -> Mapping[str, str]:
    return {"Cookie": f"{COOKIE}={morsel(page).value}"}


async def released(office: Office, webinar: dict[str, Any], **fields: Any) -> Any:
    """Somebody who did not pay in time; payments has answered."""
    reply = await office.register(webinar, "ana@example.org", **fields)
    await office.execute(
        "UPDATE registrants SET status = 'released', holds_seat = false, pay_by = NULL, "
        "hold_ended_at = now(), hold_end_reason = 'lapsed', released_at = now()"
    )
    await office.execute("UPDATE webinars SET seats_taken = 0")
    return await office.registrant(reply.body["id"])


def again_path(office: Office, registrant: Any) -> str:
    return path_of(office.links.manage_url(registrant.id)) + "/again"


def test_a_cookie_names_the_newest_registrations_first_and_no_more_than_a_few() -> None:
    ids = [uuid4() for _ in range(REMEMBERED_MAX + 2)]
    cookie = None
    for one in ids:
        cookie = with_another(LINKS, WEBINAR, cookie, (one, 1))

    assert remembered(LINKS, WEBINAR, cookie) == [(one, 1) for one in ids[::-1][:REMEMBERED_MAX]]


def test_a_cookie_of_another_webinar_or_of_another_hand_names_nothing() -> None:
    cookie = with_another(LINKS, WEBINAR, None, (uuid4(), 1))
    manage_token = LINKS.manage_url(uuid4()).rpartition("/")[2]

    assert remembered(LINKS, uuid4(), cookie) == []
    for strange in (None, "", "x", cookie[:-1] + "_", manage_token, "é" * 20, "a" * 5_000):
        assert remembered(LINKS, WEBINAR, strange) == []


def test_the_registration_that_matters_most_is_shown() -> None:
    lapsed = registrant(id=UUID(int=1), **RELEASED)
    waiting = registrant(id=UUID(int=2))
    known = [(lapsed.id, 1), (waiting.id, 1)]

    found = earlier(LINKS, known, [lapsed, waiting], NOW)

    assert found is not None
    assert (found.registrant.id, found.state) == (waiting.id, "awaiting")


def test_a_link_that_was_replaced_is_not_found() -> None:
    assert (
        earlier(LINKS, [(UUID(int=1), 1)], [registrant(id=UUID(int=1), link_version=2)], NOW)
        is None
    )


async def test_the_cookie_goes_to_this_webinars_pages_only(counter: Counter) -> None:
    webinar = await counter.office.schedule()

    cookie = morsel(await counter.register(webinar))

    assert cookie["path"] == public_path(webinar)
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) > 0


async def test_an_unpaid_registration_is_found_again_and_paid(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    answer = await counter.register(webinar)

    page = await counter.get(public_path(webinar), **carried(answer))
    stranger = await counter.get(public_path(webinar))

    (created,) = await office.told(RegistrantCreated)
    assert "You have a registration here. Your seat is held until" in page.text
    assert f'href="{office.links.pay_url(created.registrant_id)}">Pay €49.00' in page.html
    assert f'href="{office.links.manage_url(created.registrant_id)}">See it' in page.html
    assert "You have a registration here" not in stranger.text


async def test_a_paid_registration_is_found_again(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    answer = await counter.register(webinar)
    (created,) = await office.told(RegistrantCreated)
    await office.deliver(payment_succeeded(await office.registrant(created.registrant_id)))

    page = await counter.get(public_path(webinar), **carried(answer))

    assert "You have a registration here. Your seat is certain." in page.text
    assert "Pay €49.00" not in page.text
    assert page.field("name") == ""


async def test_the_page_of_another_webinar_shows_nothing(counter: Counter) -> None:
    answer = await counter.register(await counter.office.schedule())
    other = await counter.office.schedule()

    page = await counter.get(public_path(other), **carried(answer))

    assert page.status == 200
    assert "You have a registration here" not in page.text


async def test_after_a_lapsed_hold_the_form_is_filled_in(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule(questions=ASKED)
    answer = await counter.register(webinar, None, **{"answers.0": "Faro"})
    await office.execute(
        "UPDATE registrants SET status = 'released', holds_seat = false, pay_by = NULL"
    )
    await office.execute("UPDATE webinars SET seats_taken = 0")

    page = await counter.get(public_path(webinar), **carried(answer))
    again = await counter.register(
        webinar,
        page,
        name=page.field("name"),
        email=page.field("email"),
        **{"answers.0": page.field("answers.0")},
    )

    assert (page.field("name"), page.field("email")) == ("Ana Pérez", "ana@example.org")
    assert page.field("answers.0") == "Faro"
    assert again.status == 303
    assert len(await office.told(RegistrantCreated)) == 2


async def test_one_button_registers_again_with_what_was_answered(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule(questions=ASKED)
    before = await released(office, webinar, answers=["Faro"])

    page = await counter.get(path_of(office.links.manage_url(before.id)))
    answer = await counter.post(again_path(office, before), page.hidden_fields())
    twice = await counter.post(again_path(office, before), page.hidden_fields())

    assert "Register again and pay €49.00" in page.text
    assert answer.location == twice.location
    assert answer.location.startswith("https://pay.example.org/pay/")
    first, second = await office.told(RegistrantCreated)
    assert (second.name, second.email) == (first.name, first.email)
    seen = await office.organizer("GET", f"/api/v1/registrants/{second.registrant_id}")
    assert seen.body["answers"][0]["answer"] == "Faro"
    assert morsel(answer)["path"] == public_path(webinar)


async def test_a_free_seat_is_taken_again_too(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule(**FREE)
    before = await office.admitted(webinar)
    own = path_of(office.links.manage_url(before.id))
    await counter.post(f"{own}/cancel", (await counter.get(f"{own}/cancel")).hidden_fields())

    page = await counter.get(own)
    answer = await counter.post(f"{own}/again", page.hidden_fields())

    assert "Register again and pay" not in page.text
    assert "Register again" in page.text
    assert path_of(answer.location) != own
    assert len(await office.told(RegistrantCreated)) == 2


async def test_terms_are_accepted_anew(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    before = await released(office, webinar)
    async with office.database.transaction() as connection:
        await terms.add(connection, office.organization_id, text="Be on time.")

    page = await counter.get(path_of(office.links.manage_url(before.id)))
    without = await counter.post(again_path(office, before), page.hidden_fields())
    accepted = await counter.post(
        again_path(office, before), page.hidden_fields() | {"terms_version": "1"}
    )

    assert re.search(r'name="terms_version" value="1"[^>]* required', page.html)
    assert without.location == public_path(webinar)
    assert accepted.location.startswith("https://pay.example.org/pay/")


async def test_another_price_or_question_leads_to_the_form_with_all_filled_in(
    counter: Counter,
) -> None:
    office = counter.office
    webinar = await office.schedule()
    before = await released(office, webinar)
    page = await counter.get(path_of(office.links.manage_url(before.id)))
    for change in ({"price_minor": 5900}, {"questions": ASKED}):
        await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", change)

        answer = await counter.post(again_path(office, before), page.hidden_fields())
        form = await counter.get(answer.location, **carried(answer))

        assert answer.location == public_path(webinar)
        assert form.field("email") == "ana@example.org"
    assert len(await office.told(RegistrantCreated)) == 1


async def test_who_has_a_seat_does_not_register_again(counter: Counter) -> None:
    office = counter.office
    registered = await office.admitted(await office.schedule())

    answer = await counter.post(again_path(office, registered), {"nonce": "n" * 24})

    assert answer.location == path_of(office.links.manage_url(registered.id))
    assert len(await office.told(RegistrantCreated)) == 1


async def test_another_sites_form_registers_nobody_again(counter: Counter) -> None:
    office = counter.office
    before = await released(office, await office.schedule())

    refused = await counter.post(again_path(office, before), {}, Sec_Fetch_Site="cross-site")

    assert refused.status == 403
    assert len(await office.told(RegistrantCreated)) == 1

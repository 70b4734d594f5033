"""What an organization says of itself, and how it writes."""

from uuid import uuid4

import pytest

from shared.events import RegistrantCreated
from tests.registration.console.browser import Browser, new_organization
from tests.registration.office import Office
from tests.registration.pages.counter import Page


def room(office: Office, name: str) -> str:
    return f"/console/{office.organization_id}/settings/{name}"


async def save(office: Office, admin: Browser, **fields: str) -> Page:
    form = {
        "name": "Escuela Norte",
        "privacy_url": "",
        "imprint_url": "",
        "terms_url": "",
        "terms_text": "",
        "allowed_origins": "",
    } | fields
    return await admin.post(room(office, "organization"), form)


async def test_what_is_saved_is_shown_and_used(office: Office, admin: Browser) -> None:
    saved = await save(
        office,
        admin,
        name=" Escuela Sur ",
        privacy_url="https://sur.example/privacy",
        imprint_url="https://sur.example/imprint",
        terms_text="## Terms\r\nBe on time.",
        allowed_origins="https://www.sur.example\r\n\r\nhttp://localhost:3000/",
    )
    page = await admin.get(room(office, "organization"))
    webinar = await office.schedule()
    public = await admin.get(f"/w/{webinar['id']}")

    assert (saved.status, saved.location) == (303, room(office, "organization"))
    assert 'value="Escuela Sur"' in page.html
    assert "## Terms\nBe on time.</textarea>" in page.html
    assert "https://www.sur.example\nhttp://localhost:3000</textarea>" in page.html
    assert "https://sur.example/privacy" in public.html
    assert "https://sur.example/imprint" in public.html
    assert await office.value("SELECT act || ': ' || about FROM audit_entries") == (
        "settings_changed: name, privacy_url, imprint_url, allowed_origins, terms"
    )


async def test_other_terms_are_a_new_version_and_the_same_are_none(
    office: Office, admin: Browser
) -> None:
    await save(office, admin, terms_text="Be on time.")
    await save(office, admin, terms_text="Be on time.")
    await save(office, admin, terms_url="https://norte.example/terms")
    await save(office, admin)

    page = await admin.get(room(office, "organization"))
    assert await office.value("SELECT max(version) FROM organization_terms") == 3
    assert await office.value("SELECT count(*) FROM audit_entries") == 3
    assert "norte.example/terms" not in page.html


async def test_bad_fields_are_marked_said_and_kept(office: Office, admin: Browser) -> None:
    answer = await save(
        office,
        admin,
        name=" ",
        privacy_url="javascript:alert(1)",
        terms_url="https://norte.example/terms",
        terms_text="And a text.",
        allowed_origins="https://a.example/path",
    )

    assert answer.status == 422
    for field in ("name", "privacy_url", "terms_text", "allowed_origins"):
        assert f'id="{field}-error"' in answer.html
        assert f'href="#{field}"' in answer.html
    assert 'value="javascript:alert(1)"' in answer.html
    assert ">https://a.example/path</textarea>" in answer.html
    assert "“https://a.example/path” is not an address of a site" in answer.text
    assert await office.value("SELECT name FROM organizations") == "Escuela Norte"
    assert await office.value("SELECT count(*) FROM organization_terms") == 0


async def test_a_text_too_long_for_a_form_is_refused_in_words(
    office: Office, admin: Browser
) -> None:
    answer = await save(office, admin, terms_text="ñ" * 8_001)

    assert answer.status == 422
    assert "publish it on your site" in answer.text


async def test_sender_and_reply_to_reach_the_next_mails(office: Office, admin: Browser) -> None:
    webinar = await office.schedule()
    path = room(office, "mail")

    saved = await admin.post(path, {"sender_name": "Ana, Norte", "reply_to": "Hola@Norte.example"})
    await office.register(webinar)
    cleared = await admin.post(path, {"sender_name": "", "reply_to": ""})

    assert saved.status == cleared.status == 303
    (created,) = await office.told(RegistrantCreated)
    assert (created.sender_name, created.reply_to) == ("Ana, Norte", "Hola@norte.example")
    assert await office.value("SELECT reply_to FROM organizations") is None


async def test_an_address_nobody_can_answer_to_is_refused(office: Office, admin: Browser) -> None:
    answer = await admin.post(
        room(office, "mail"), {"sender_name": "Norte", "reply_to": "hola@\r\nBcc: x@example.org"}
    )

    assert answer.status == 422
    assert 'id="reply_to-error"' in answer.html
    assert 'value="Norte"' in answer.html


@pytest.mark.parametrize("name", ["organization", "mail"])
async def test_only_admins_of_the_organization_come_in(
    office: Office, organizer: Browser, name: str
) -> None:
    other_id = await new_organization(office)

    own = await organizer.get(room(office, name))
    posted = await organizer.post_raw(room(office, name), {"name": "Mine"})
    foreign = await organizer.get(f"/console/{other_id}/settings/{name}")
    missing = await organizer.get(f"/console/{uuid4()}/settings/{name}")

    assert own.status == posted.status == 403
    assert (foreign.status, foreign.text) == (missing.status, missing.text)
    assert foreign.status == 404
    assert await office.value(
        "SELECT name FROM organizations WHERE id = $1", office.organization_id
    ) == ("Escuela Norte")


async def test_a_form_without_our_token_changes_nothing(office: Office, admin: Browser) -> None:
    answer = await admin.post_raw(room(office, "organization"), {"name": "Mine"})

    assert answer.status == 403
    assert await office.value("SELECT name FROM organizations") == "Escuela Norte"

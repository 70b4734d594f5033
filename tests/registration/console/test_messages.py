"""The console's room of messages: own words, what may stand in them, the mail beside them."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from services.registration.console import messages as room
from services.registration.routes.table import DESK
from shared.own_words import OWN_MAILS, placeholders_of
from tests.registration.console.browser import Browser
from tests.registration.office import FREE, Office
from tests.registration.test_previews import connected


def at(office: Office, *parts: str) -> str:
    return "/".join(("/console", str(office.organization_id), "settings/messages", *parts))


@contextlib.asynccontextmanager
async def with_notifications(
    browser: Browser, nats_url: str, nats_prefix: str
) -> AsyncIterator[None]:
    """Notifications answers, and the console can ask it."""
    app = browser.client.app
    assert app is not None
    database = browser.office.database
    async with (
        connected("notifications", nats_url, nats_prefix, database),
        connected("registration", nats_url, nats_prefix, database) as bus,
    ):
        object.__setattr__(app[DESK], "bus", bus)
        yield


async def test_every_mail_and_every_placeholder_has_its_words() -> None:
    assert set(room.NAMES) == set(room.OCCASIONS) == set(OWN_MAILS)
    assert set(room.PLACEHOLDERS) == {name for mail in OWN_MAILS for name in placeholders_of(mail)}


async def test_words_are_kept_and_listed(office: Office, organizer: Browser) -> None:
    listed = await organizer.get(at(office))
    assert listed.text.count("None") == len(OWN_MAILS)

    saved = await organizer.post(
        at(office, "confirmation"), {"words": "  Hello {name},\r\n\r\nbring a pen.\n"}
    )

    assert (saved.status, saved.location) == (303, at(office, "confirmation"))
    page = await organizer.get(at(office, "confirmation"))
    assert "Hello {name},\n\nbring a pen.</textarea>" in page.html
    assert "The message is saved" in page.text
    listed = await organizer.get(at(office))
    assert listed.text.count("Added") == 1
    assert await office.value("SELECT words FROM messages") == "Hello {name},\n\nbring a pen."
    assert await office.value("SELECT about FROM audit_entries") == "confirmation"


async def test_the_same_words_again_are_no_change(office: Office, organizer: Browser) -> None:
    for _ in range(2):
        await organizer.post(at(office, "released"), {"words": "Bye"})

    assert await office.value("SELECT count(*) FROM audit_entries") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Hello {Name}, {pay_by}", "{Name}, {pay_by} stands for nothing here"),
        ("Hello {Name}", "You can write {name}, {title}"),
        ("x" * 4001, "Write up to 4000 characters; these are 4001."),
        ("Hello \0", "cannot be stored"),
    ],
)
async def test_words_that_cannot_be_kept_come_back_marked(
    office: Office, organizer: Browser, words: str, said: str
) -> None:
    page = await organizer.post(at(office, "confirmation"), {"words": words})

    assert page.status == 422
    assert said in page.text
    assert 'aria-invalid="true"' in page.html
    assert words.replace("\0", "")[:20] in page.html.replace("\0", "").replace("�", "")
    assert await office.value("SELECT count(*) FROM messages") == 0


async def test_only_reminders_can_be_switched_off(office: Office, organizer: Browser) -> None:
    await organizer.post(at(office, "starts_soon"), {"words": "See you"})
    await organizer.post(at(office, "payment_due"), {"words": "", "is_on": "yes"})
    await organizer.post(at(office, "cancelled"), {"words": "Bye"})

    off = await office.value("SELECT array_agg(mail) FROM messages WHERE is_off")
    assert off == ["starts_soon"]
    page = await organizer.get(at(office, "starts_soon"))
    assert 'value="yes">' in page.html
    assert 'name="is_on"' not in (await organizer.get(at(office, "cancelled"))).html


async def test_a_mail_that_there_is_not_is_not_found(office: Office, organizer: Browser) -> None:
    for name in ("refund", "no", "password_reset"):
        assert (await organizer.get(at(office, name))).status == 404
        assert (await organizer.get(at(office, name, "preview"))).status == 404


async def test_without_notifications_the_page_says_that_there_is_no_preview(
    office: Office, organizer: Browser
) -> None:
    page = await organizer.get(at(office, "confirmation"))
    framed = await organizer.get(at(office, "confirmation", "preview"))

    assert page.status == 200
    assert "The preview is not available now." in page.text
    assert 'src="/console' not in page.html
    assert framed.status == 503
    assert "The preview is not available now." in framed.text


async def test_the_mail_stands_beside_its_words(
    office: Office, organizer: Browser, nats_url: str, nats_prefix: str
) -> None:
    await office.schedule(**FREE | {"title": "Bread again"})
    async with with_notifications(organizer, nats_url, nats_prefix):
        await organizer.post(at(office, "confirmation"), {"words": "Hello {name}"})

        page = await organizer.get(at(office, "confirmation"))
        framed = await organizer.get(at(office, "confirmation", "preview"))

    assert "You have a seat: Bread again" in page.text
    assert "Hello Ana García" in page.text  # The text version.
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "Hello Ana García" in framed.html
    assert framed.headers["Content-Security-Policy"].endswith("; sandbox")
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"


async def test_typed_words_are_shown_and_not_kept(
    office: Office, organizer: Browser, nats_url: str, nats_prefix: str
) -> None:
    async with with_notifications(organizer, nats_url, nats_prefix):
        page = await organizer.get(at(office, "payment_due"))
        sent = {"words": "<b>{name}, {nothing}", "locale": "es"}
        path = at(office, "payment_due", "preview")
        html = await organizer.post(path, sent, shown=page)
        text = await organizer.post(path, sent | {"as": "text"}, shown=page)

    assert "&lt;b&gt;Ana García, {nothing}" in html.html
    assert 'lang="es"' in html.html
    assert "<b>Ana García, {nothing}" in text.html
    assert text.headers["Content-Type"].startswith("text/plain")
    assert await office.value("SELECT count(*) FROM messages") == 0


async def test_a_preview_is_only_shown_for_a_form_of_ours(
    office: Office, organizer: Browser
) -> None:
    path = at(office, "confirmation", "preview")

    assert (await organizer.post_raw(path, {"words": "x", "csrf": "no"})).status == 403

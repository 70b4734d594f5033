"""Forgotten passwords: who is mailed, what a link is good for, what ends with it."""

import asyncio
from datetime import timedelta

from services.registration.console import passwords
from services.registration.people import RESET_LIFETIME
from shared.events import AccountMailRequested
from tests.registration.console.browser import PASSWORD, Browser, new_person, open_browser
from tests.registration.office import PUBLIC_URL, Office
from tests.registration.pages.counter import Page

NEW_PASSWORD = "the ferry leaves at dusk"


async def ask(browser: Browser, email: str) -> Page:
    return await browser.post("/password/forgotten", {"email": email})


async def mails(office: Office, kind: str) -> list[AccountMailRequested]:
    return [mail for mail in await office.told(AccountMailRequested) if mail.kind == kind]


async def mailed_path(office: Office) -> str:
    mail = (await mails(office, "password_reset"))[-1]
    assert mail.link.startswith(PUBLIC_URL + "/password/reset/")
    return mail.link.removeprefix(PUBLIC_URL)


async def test_a_forgotten_password_is_replaced_by_a_mailed_link(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org", locale="es")

    asked = await ask(browser, " Ines@example.org ")
    path = await mailed_path(office)
    shown = await browser.get(path)
    chosen = await browser.post(path, {"password": NEW_PASSWORD}, shown=shown)
    home = await browser.get("/console")

    assert asked.status == 200
    assert "10 minutes" in asked.text
    (mail,) = await mails(office, "password_reset")
    assert (mail.email, mail.name, mail.locale) == ("ines@example.org", "Inés Carvajal", "es")
    assert mail.organization_name == "Escuela Norte"
    assert mail.expires_at is not None
    assert timedelta(minutes=9) < mail.expires_at - mail.occurred_at <= RESET_LIFETIME
    assert (chosen.status, chosen.location) == (303, "/console")
    assert home.status == 303, "signed in with the new password"
    async with open_browser(office) as other:
        assert (await other.sign_in("ines@example.org")).status == 422
        assert (await other.sign_in("ines@example.org", NEW_PASSWORD)).status == 303


async def test_unknown_accounts_are_answered_alike_and_as_slowly(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")
    clock = asyncio.get_running_loop().time

    starts_at = clock()
    known = await ask(browser, "ines@example.org")
    known_seconds = clock() - starts_at
    unknown = await ask(browser, "nobody@example.org")

    assert known_seconds >= passwords.ANSWER_SECONDS
    assert clock() - starts_at - known_seconds >= passwords.ANSWER_SECONDS
    assert known.status == unknown.status == 200
    assert known.text.replace("ines@", "nobody@") == unknown.text
    assert len(await mails(office, "password_reset")) == 1
    # Both did as much: a link each, of which only one was ever sent.
    assert await office.value("SELECT count(*) FROM person_links") == 2


async def test_a_link_works_once(office: Office, browser: Browser) -> None:
    await new_person(office, "ines@example.org")
    await ask(browser, "ines@example.org")
    path = await mailed_path(office)
    shown = await browser.get(path)
    await browser.post(path, {"password": NEW_PASSWORD}, shown=shown)

    again = await browser.get(path)

    assert again.status == 404
    assert "used already" in again.text
    assert 'href="/password/forgotten"' in again.html


async def test_a_link_is_over_after_ten_minutes(office: Office, browser: Browser) -> None:
    await new_person(office, "ines@example.org")
    await ask(browser, "ines@example.org")
    path = await mailed_path(office)
    shown = await browser.get(path)
    await office.execute("UPDATE person_links SET expires_at = now()")

    late = await browser.post(path, {"password": NEW_PASSWORD}, shown=shown)

    assert late.status == 404
    assert (await browser.sign_in("ines@example.org")).status == 303


async def test_only_the_hash_of_a_link_is_stored(office: Office, browser: Browser) -> None:
    await new_person(office, "ines@example.org")
    await ask(browser, "ines@example.org")
    token = (await mailed_path(office)).rpartition("/")[2]

    row = await office.value("SELECT person_links::text FROM person_links")

    assert token not in row
    assert len(token) >= 43


async def test_a_new_password_ends_every_session_and_every_other_link(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")
    async with open_browser(office) as other:
        await other.sign_in("ines@example.org")
        await ask(browser, "ines@example.org")
        older = await mailed_path(office)
        await ask(browser, "ines@example.org")
        path = await mailed_path(office)

        await browser.post(path, {"password": NEW_PASSWORD})

        assert (await other.get("/console")).location.startswith("/sign-in")
        assert (await browser.get(older)).status == 404
        (told,) = await mails(office, "password_changed")
        assert told.email == "ines@example.org"


async def test_a_weak_password_is_refused_and_the_link_stays(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")
    await ask(browser, "ines@example.org")
    path = await mailed_path(office)

    short = await browser.post(path, {"password": "short"})
    common = await browser.post(path, {"password": "password1"})
    own = await browser.post(path, {"password": "Carvajal1"})

    assert short.status == common.status == own.status == 422
    assert 'aria-invalid="true"' in short.html
    assert "8 or more" in short.text
    assert "tried first" in common.text
    assert "your name" in own.text
    assert (await browser.post(path, {"password": NEW_PASSWORD})).status == 303


async def test_one_address_gets_three_mails_an_hour_and_nobody_can_tell(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")

    answers = [await ask(browser, "ines@example.org") for _ in range(4)]

    assert {answer.status for answer in answers} == {200}
    assert answers[0].text == answers[3].text
    assert len(await mails(office, "password_reset")) == 3


async def test_a_network_cannot_have_half_the_world_mailed(
    office: Office, browser: Browser
) -> None:
    shown = await browser.get("/password/forgotten")
    network = await _counter_after_one(office, browser, shown)
    await office.execute(
        "INSERT INTO sign_in_failures (counted_by) SELECT $1 FROM generate_series(1, $2)",
        network,
        passwords.ASKED_BY_NETWORK,
    )

    refused = await ask(browser, "somebody@example.org")

    assert refused.status == 429
    assert await office.value("SELECT count(*) FROM person_links") == 1


async def _counter_after_one(office: Office, browser: Browser, shown: Page) -> str:
    await browser.post("/password/forgotten", {"email": "first@example.org"}, shown=shown)
    return str(await office.value("SELECT counted_by FROM sign_in_failures"))


async def test_what_is_no_address_is_said_and_kept(office: Office, browser: Browser) -> None:
    answer = await ask(browser, "ines@")

    assert answer.status == 422
    assert 'value="ines@"' in answer.html
    assert 'aria-invalid="true"' in answer.html


async def test_a_form_from_elsewhere_changes_nothing(office: Office, browser: Browser) -> None:
    await new_person(office, "ines@example.org")
    await ask(browser, "ines@example.org")
    path = await mailed_path(office)

    without = await browser.post_raw(path, {"password": NEW_PASSWORD})
    asked = await browser.post_raw("/password/forgotten", {"email": "ines@example.org"})

    assert without.status == asked.status == 403
    assert len(await mails(office, "password_reset")) == 1
    assert (await browser.sign_in("ines@example.org", PASSWORD)).status == 303

"""One's own account: name, language, password, signed-in browsers."""

from shared.events import AccountMailRequested
from tests.registration.console.browser import PASSWORD, Browser, new_person, open_browser
from tests.registration.office import Office

PATH = "/console/account"
NEW_PASSWORD = "the ferry leaves at dusk"


async def test_name_and_language_are_saved_and_spoken(office: Office, organizer: Browser) -> None:
    saved = await organizer.post(PATH, {"name": " Inés C. ", "locale": "es"})
    after = await organizer.get(PATH)

    assert (saved.status, saved.location) == (303, PATH)
    assert 'lang="es"' in after.html
    assert "Inés C." in after.text


async def test_a_name_is_needed_and_a_language_that_we_speak(
    office: Office, organizer: Browser
) -> None:
    answer = await organizer.post(PATH, {"name": " ", "locale": "xx"})

    assert answer.status == 422
    assert 'id="name-error"' in answer.html
    assert 'id="locale-error"' in answer.html
    assert await office.value("SELECT name FROM people") == "Inés Carvajal"


async def test_changing_the_password_needs_the_present_one(
    office: Office, organizer: Browser
) -> None:
    shown = await organizer.get(PATH)

    wrong = await organizer.post(
        f"{PATH}/password", {"present_password": "guess", "password": NEW_PASSWORD}, shown=shown
    )

    assert wrong.status == 422
    assert 'id="present_password-error"' in wrong.html
    async with open_browser(office) as other:
        assert (await other.sign_in("organizer@example.org")).status == 303


async def test_a_changed_password_signs_out_every_other_browser(
    office: Office, organizer: Browser
) -> None:
    async with open_browser(office) as other:
        await other.sign_in("organizer@example.org")
        shown = await organizer.get(PATH)

        changed = await organizer.post(
            f"{PATH}/password",
            {"present_password": PASSWORD, "password": NEW_PASSWORD},
            shown=shown,
        )

        assert (changed.status, changed.location) == (303, PATH)
        assert (await organizer.get(PATH)).status == 200
        assert (await other.get(PATH)).location.startswith("/sign-in")
        assert (await other.sign_in("organizer@example.org", NEW_PASSWORD)).status == 303
        (mail,) = await office.told(AccountMailRequested)
        assert (mail.kind, mail.email) == ("password_changed", "organizer@example.org")


async def test_the_same_or_a_weak_password_is_refused(office: Office, organizer: Browser) -> None:
    shown = await organizer.get(PATH)

    same = await organizer.post(
        f"{PATH}/password", {"present_password": PASSWORD, "password": PASSWORD}, shown=shown
    )
    weak = await organizer.post(
        f"{PATH}/password", {"present_password": PASSWORD, "password": "12341234"}, shown=shown
    )

    assert same.status == weak.status == 422
    assert 'id="password-error"' in same.html
    assert 'id="password-error"' in weak.html


async def test_guessing_the_present_password_is_slowed_down(
    office: Office, organizer: Browser
) -> None:
    shown = await organizer.get(PATH)
    form = {"present_password": "guess", "password": NEW_PASSWORD}

    answers = [await organizer.post(f"{PATH}/password", form, shown=shown) for _ in range(11)]

    assert "Too many tries" not in answers[9].text
    assert "Too many tries" in answers[10].text


async def test_the_page_lists_browsers_by_name_and_signs_all_of_them_out(
    office: Office, organizer: Browser
) -> None:
    async with open_browser(office) as other:
        shown = await other.get("/sign-in")
        await other.post(
            "/sign-in",
            {"email": "organizer@example.org", "password": PASSWORD},
            shown=shown,
            User_Agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        )
        listed = await organizer.get(PATH)

        out = await organizer.post(f"{PATH}/sign-out-everywhere", shown=listed)

        assert "Firefox, Linux" in listed.text
        assert "This browser" in listed.text
        assert (out.status, out.location) == (303, "/sign-in")
        assert (await organizer.get(PATH)).location.startswith("/sign-in")
        assert (await other.get(PATH)).location.startswith("/sign-in")


async def test_nobody_sees_an_account_without_signing_in(office: Office, browser: Browser) -> None:
    await new_person(office, "ines@example.org")

    assert (await browser.get(PATH)).location == "/sign-in?next=%2Fconsole%2Faccount"

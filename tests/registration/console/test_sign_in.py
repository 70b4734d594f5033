"""Who gets in, who does not, and what a browser keeps of it."""

import hashlib
from datetime import timedelta

import argon2
import pytest

from services.registration import passwords, signing_in
from services.registration.console import cookies
from services.registration.people import INVITATION_LIFETIME, SESSION_IDLE, SESSION_LIFETIME
from services.registration.store import people, sessions
from tests.registration.console.browser import (
    PASSWORD,
    Browser,
    hash_once,
    new_organization,
    new_person,
    open_browser,
)
from tests.registration.office import Office


def home(office: Office) -> str:
    return f"/console/{office.organization_id}/webinars"


async def session_count(office: Office) -> int:
    async with office.database.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM sessions"))


async def age_sessions(office: Office, column: str, age: timedelta) -> None:
    async with office.database.connection() as connection:
        await connection.execute(f"UPDATE sessions SET {column} = now() - $1::interval", age)


async def invited(office: Office, email: str, *, lifetime: timedelta = INVITATION_LIFETIME) -> str:
    token = cookies.new_token()
    async with office.database.transaction() as connection:
        await people.add_link(
            connection,
            token_hash=cookies.hash_of(token),
            purpose="invitation",
            email=email,
            lifetime=lifetime,
            organization_id=office.organization_id,
            role="organizer",
        )
    return f"/welcome/{token}"


async def test_the_right_password_lets_in_and_the_way_goes_on_to_the_page_asked_for(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")

    asked = await browser.get("/console")
    shown = await browser.get(asked.location)
    entered = await browser.post(
        "/sign-in", {"email": " Ines@Example.org", "password": PASSWORD}, shown=shown
    )
    home_page = await browser.get(entered.location)

    assert (asked.status, asked.location) == (303, "/sign-in?next=%2Fconsole")
    assert (entered.status, entered.location) == (303, "/console")
    assert (home_page.status, home_page.location) == (303, home(office))


async def test_the_session_cookie_is_bound_to_the_host_and_out_of_reach_for_scripts(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")

    entered = await browser.sign_in("ines@example.org")

    cookie = next(
        value
        for name, value in entered.headers.items()
        if name == "Set-Cookie" and value.startswith("__Host-taquilla=")
    )
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    async with office.database.connection() as connection:
        stored = await connection.fetchval("SELECT id_hash FROM sessions")
    assert stored == hashlib.sha256(token.encode()).digest()


async def test_signing_in_again_makes_a_new_session_of_the_old_one(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")
    await browser.sign_in("ines@example.org")
    async with office.database.connection() as connection:
        before = await connection.fetchval("SELECT id_hash FROM sessions")
    form = await browser.get("/console/confirm")

    again = await browser.post(
        "/sign-in", {"email": "ines@example.org", "password": PASSWORD}, shown=form
    )

    async with office.database.connection() as connection:
        after = await connection.fetchval("SELECT id_hash FROM sessions")
    assert again.status == 303
    assert before != after
    assert await session_count(office) == 1


async def test_unknown_accounts_and_wrong_passwords_are_answered_alike(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org")

    wrong = await browser.post("/sign-in", {"email": "ines@example.org", "password": "nonsense"})
    unknown = await browser.post(
        "/sign-in", {"email": "nobody@example.org", "password": "nonsense"}
    )

    assert wrong.status == unknown.status == 422
    assert "do not belong together" in wrong.text
    assert wrong.text == unknown.text
    assert wrong.field("email") == "ines@example.org"
    assert await session_count(office) == 0


async def test_what_cannot_be_stored_is_no_fault_of_ours(browser: Browser) -> None:
    page = await browser.post("/sign-in", {"email": "a\0b@example.org", "password": "x"})

    assert page.status == 400


async def test_a_form_that_is_not_ours_signs_nobody_in(office: Office, browser: Browser) -> None:
    await new_person(office, "ines@example.org")
    shown = await browser.get("/sign-in")
    fields = {"email": "ines@example.org", "password": PASSWORD}

    without = await browser.post_raw("/sign-in", fields)
    invented = await browser.post_raw("/sign-in", fields | {"csrf": "0" * 32})
    async with open_browser(office) as other:
        of_another_browser = await other.post_raw("/sign-in", fields | shown.hidden_fields())
    elsewhere = await browser.post("/sign-in", fields, shown=shown, Sec_Fetch_Site="cross-site")

    refused = (without, invented, of_another_browser, elsewhere)
    assert [page.status for page in refused] == [403] * 4
    assert await session_count(office) == 0


async def test_whoever_guesses_is_stopped_and_the_owner_still_gets_in(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "GUESSES_OF_PLACE", 2)
    await new_person(office, "ines@example.org")
    await browser.sign_in("ines@example.org")  # This browser is known from now on.
    await browser.post("/sign-out", shown=await browser.get("/console/confirm"))

    async with open_browser(office) as stranger:
        guesses = [(await stranger.sign_in("ines@example.org", "guess")).status for _ in range(3)]
        right_but_late = await stranger.sign_in("ines@example.org")
    owner = await browser.sign_in("ines@example.org")

    assert guesses == [422, 422, 429]
    assert right_but_late.status == 429
    assert owner.status == 303


async def test_a_right_password_is_not_counted_as_a_guess(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "GUESSES_OF_NETWORK", 2)
    await new_person(office, "ines@example.org")

    for _ in range(4):
        async with open_browser(office) as another:
            assert (await another.sign_in("ines@example.org")).status == 303


async def test_a_hash_of_weaker_parameters_is_renewed_at_sign_in(
    office: Office, browser: Browser
) -> None:
    person_id = await new_person(office, "ines@example.org")
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with office.database.connection() as connection:
        await people.set_password(connection, person_id, weak)

    entered = await browser.sign_in("ines@example.org")

    async with office.database.connection() as connection:
        person = await people.find(connection, person_id)
    assert person is not None
    assert entered.status == 303
    assert person.password_hash is not None
    assert not passwords.is_outdated(person.password_hash)
    assert await passwords.is_right(person.password_hash, PASSWORD)


async def test_a_password_that_changed_while_it_was_judged_lets_nobody_in(
    office: Office, browser: Browser
) -> None:
    person_id = await new_person(office, "ines@example.org")
    async with office.database.connection() as connection:
        judged = await people.find(connection, person_id)
        assert judged is not None
        await people.set_password(connection, person_id, await hash_once("another long password"))

    with pytest.raises(signing_in.WrongPassword):
        async with office.database.transaction() as connection:
            await signing_in.locked_with(connection, judged)


@pytest.mark.parametrize(
    ("column", "age"),
    [("seen_at", SESSION_IDLE), ("created_at", SESSION_LIFETIME)],
)
async def test_a_session_ends_when_left_alone_and_when_old(
    office: Office, organizer: Browser, column: str, age: timedelta
) -> None:
    await age_sessions(office, column, age - timedelta(minutes=5))
    before = await organizer.get("/console")
    await age_sessions(office, column, age + timedelta(seconds=1))

    after = await organizer.get("/console")

    assert before.location == home(office)
    assert after.location == "/sign-in?next=%2Fconsole"


async def test_signing_out_ends_the_session_at_the_server(
    office: Office, organizer: Browser
) -> None:
    out = await organizer.post("/sign-out", shown=await organizer.get("/console/confirm"))

    assert out.location == "/sign-in"
    assert await session_count(office) == 0
    assert (await organizer.get("/console")).location.startswith("/sign-in")


async def test_a_foreign_organization_answers_as_a_missing_one(
    office: Office, organizer: Browser
) -> None:
    foreign_id = await new_organization(office)

    foreign = await organizer.get(f"/console/{foreign_id}/webinars")
    missing = await organizer.get("/console/7a0cbb51-6f19-4d1c-8a3c-2e6f3f3b6b10/webinars")
    nonsense = await organizer.get("/console/nonsense/webinars")

    assert [page.status for page in (foreign, missing, nonsense)] == [404] * 3
    assert foreign.html == missing.html


@pytest.mark.parametrize(
    "onward",
    ["https://example.com", "//example.com", "/console//x", "/\\example.com", "/console\\x"],
)
async def test_nobody_is_sent_to_another_site(
    office: Office, browser: Browser, onward: str
) -> None:
    await new_person(office, "ines@example.org")

    entered = await browser.post(
        "/sign-in", {"email": "ines@example.org", "password": PASSWORD, "next": onward}
    )

    assert entered.location == "/console"


async def test_the_password_is_asked_for_again_and_guesses_count(
    office: Office, organizer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await age_sessions(office, "confirmed_at", timedelta(hours=1))
    monkeypatch.setattr(signing_in, "GUESSES_OF_PLACE", 1)

    wrong = await organizer.post("/console/confirm", {"password": "guess"})
    again = await organizer.post("/console/confirm", {"password": "guess"})
    async with office.database.connection() as connection:
        await connection.execute("DELETE FROM sign_in_failures")
    right = await organizer.post("/console/confirm", {"password": PASSWORD, "next": home(office)})

    assert (wrong.status, again.status) == (422, 429)
    assert (right.status, right.location) == (303, home(office))
    async with office.database.connection() as connection:
        assert await connection.fetchval(
            "SELECT now() - confirmed_at < interval '1 minute' FROM sessions"
        )


async def test_an_invitation_makes_an_account_once(office: Office, browser: Browser) -> None:
    path = await invited(office, "new@example.org")

    joined = await browser.post(path, {"name": "Nele Neu", "password": "nine wide rivers"})
    again = await browser.get(path)
    async with open_browser(office) as another:
        later = await another.sign_in("new@example.org", "nine wide rivers")

    assert (joined.status, joined.location) == (303, home(office))
    assert (await browser.get("/console")).location == home(office)
    assert again.status == 404
    assert later.status == 303


async def test_a_bad_name_or_password_comes_back_with_what_was_typed(
    office: Office, browser: Browser
) -> None:
    path = await invited(office, "new@example.org")

    back = await browser.post(path, {"name": "Nele Neu", "password": "short"})

    assert back.status == 422
    assert back.field("name") == "Nele Neu"
    assert 'id="password-error"' in back.html
    assert 'aria-invalid="true"' in back.html


async def test_an_invitation_that_is_too_old_is_no_invitation(
    office: Office, browser: Browser
) -> None:
    path = await invited(office, "new@example.org", lifetime=timedelta(seconds=-1))

    assert (await browser.get(path)).status == 404


async def test_someone_with_an_account_joins_by_signing_in(
    office: Office, browser: Browser
) -> None:
    await new_person(office, "ines@example.org", role=None)
    path = await invited(office, "ines@example.org")

    shown = await browser.get(path)
    refused = await browser.post(
        path, {"name": "X", "password": "another password"}, shown=await browser.get("/sign-in")
    )
    await browser.sign_in("ines@example.org")
    joined = await browser.post(path)

    assert "Sign in" in shown.text
    assert (refused.status, refused.text) == (200, shown.text)
    assert (joined.status, joined.location) == (303, home(office))


async def test_old_sessions_failures_and_links_are_removed(
    office: Office, organizer: Browser
) -> None:
    async with office.database.connection() as connection:
        await sessions.add_failure(connection, ["network:x"])
        await connection.execute("UPDATE sign_in_failures SET failed_at = now() - interval '2 d'")
    await age_sessions(office, "seen_at", SESSION_IDLE * 2)
    await invited(office, "new@example.org", lifetime=timedelta(days=-40))

    assert await sessions.prune(office.database) == 3

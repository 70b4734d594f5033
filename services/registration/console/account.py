"""One's own account: name, language, password, and the browsers that are signed in."""

from typing import Any

from aiohttp import web

from services.registration import password_rules, passwords
from services.registration.catalogues import msgid
from services.registration.console import cookies
from services.registration.console.browsers import browser_name
from services.registration.console.sign_in import checked_name, place_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.pages.rendering import see_other
from services.registration.pages.wording import LANGUAGE_NAMES, spoken_locale
from services.registration.resetting import change_password
from services.registration.signing_in import WrongPassword, locked_with, sign_in
from services.registration.store import people, sessions
from shared.refusals import Refusal

BAD_LANGUAGE = msgid("Choose a language of the list.")
WRONG_PRESENT_PASSWORD = msgid("This is not your present password.")
SAME_PASSWORD = msgid("This is the password that you have. Choose another one.")

BROWSERS_SHOWN = 8


async def show_account(visit: Visit) -> web.Response:
    """GET /console/account."""
    return await _account(visit)


async def save_account(visit: Visit) -> web.Response:
    """POST /console/account: name and language."""
    name, errors = checked_name(visit.fields.get("name", ""))
    locale = spoken_locale(visit.fields.get("locale", ""))
    if locale is None:
        errors["locale"] = BAD_LANGUAGE
    if errors or locale is None:
        return await _account(visit, errors=errors, typed_name=name)
    async with visit.database.transaction() as connection:
        await people.rename(connection, visit.person.id, name=name, locale=locale)
    return visit.go("/console/account", msgid("Your name and language are saved."))


async def save_password(visit: Visit) -> web.Response:
    """POST /console/account/password: guesses of the present one count as at sign-in."""
    person = visit.person
    errors: dict[str, str] = {}
    password = visit.fields.get("password", "")
    present = visit.fields.get("present_password", "")
    try:
        person = await sign_in(
            visit.database, visit.links.signer, person.email, present, place_of(visit)
        )
    except WrongPassword:
        errors["present_password"] = WRONG_PRESENT_PASSWORD
    except Refusal as refusal:
        errors["present_password"] = refusal.detail
    problem = password_rules.problem_with(password, name=person.name, email=person.email)
    if problem is None and password == present:
        problem = SAME_PASSWORD
    if problem is not None:
        errors["password"] = problem
    if errors:
        return await _account(visit, errors=errors)
    password_hash = await passwords.hash_of(password)
    try:
        async with visit.database.transaction() as connection:
            await locked_with(connection, person)
            await change_password(
                connection, visit.links, person, password_hash, keep=visit.session.id_hash
            )
    except WrongPassword:
        return await _account(visit, errors={"present_password": WRONG_PRESENT_PASSWORD})
    return visit.go(
        "/console/account", msgid("Your password is changed. Every other browser is signed out.")
    )


async def sign_out_everywhere(visit: Visit) -> web.Response:
    """POST /console/account/sign-out-everywhere: this browser too."""
    async with visit.database.transaction() as connection:
        await sessions.remove_all_of(connection, visit.person.id)
    visit.session_or_none = None
    answer = see_other("/sign-in")
    cookies.end_session(answer)
    return answer


async def _account(
    visit: Visit, *, errors: dict[str, str] | None = None, typed_name: str | None = None
) -> web.Response:
    async with visit.database.connection() as connection:
        signed_in = await sessions.list_of(connection, visit.person.id)
        now = await connection.fetchval("SELECT now()")
    shown: list[dict[str, Any]] = [
        {
            "browser": browser_name(session.browser),
            "seen_at": session.seen_at,
            "created_at": session.created_at,
            "is_own": session.id_hash == visit.session.id_hash,
        }
        for session in sorted(signed_in, key=lambda one: one.id_hash != visit.session.id_hash)
        if not session.is_over(now)
    ]
    return visit.page(
        "console/account.html",
        status=422 if errors else 200,
        errors=errors or {},
        typed_name=visit.person.name if typed_name is None else typed_name,
        languages=LANGUAGE_NAMES,
        own_language=visit.person.locale.partition("-")[0],
        sessions=shown[:BROWSERS_SHOWN],
        more=max(0, len(shown) - BROWSERS_SHOWN),
        now=now,
    )


ROUTES = [
    ConsoleRoute("GET", "/console/account", show_account, "signed_in"),
    ConsoleRoute("POST", "/console/account", save_account, "signed_in"),
    ConsoleRoute("POST", "/console/account/password", save_password, "signed_in"),
    ConsoleRoute("POST", "/console/account/sign-out-everywhere", sign_out_everywhere, "signed_in"),
]

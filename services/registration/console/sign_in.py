"""Signing in and out, giving the password once more, and following an invitation."""

from typing import Any

import asyncpg
from aiohttp import web

from services.registration import password_rules, passwords
from services.registration.catalogues import msgid
from services.registration.console import cookies
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit, asking, local_path
from services.registration.pages.rendering import see_other
from services.registration.people import Person
from services.registration.signing_in import Place, known_browser_of, locked_with, sign_in
from services.registration.store import people, sessions
from shared.refusals import Invalid, Refusal
from shared.web import one_line

NAME_LENGTH_MAX = 200
_BROWSER_LENGTH_MAX = 200


async def show_sign_in(visit: Visit) -> web.Response:
    """GET /sign-in."""
    onward = local_path(visit.query.get("next"))
    if visit.person_or_none is not None:
        return see_other(onward)
    return visit.page("console/sign_in.html", email="", onward=onward, refusal=None)


async def do_sign_in(visit: Visit) -> web.Response:
    """POST /sign-in: a new session, whatever the browser had before."""
    email, onward = visit.fields.get("email", "")[:254], local_path(visit.fields.get("next"))
    try:
        person = await sign_in(
            visit.database,
            visit.links.signer,
            email,
            visit.fields.get("password", ""),
            place_of(visit),
        )
        return await start_session(visit, person, onward)
    except Refusal as refusal:
        return visit.page(
            "console/sign_in.html",
            status=refusal.status,
            email="".join(filter(str.isprintable, email)),
            onward=onward,
            refusal=refusal.detail,
        )


async def start_session(visit: Visit, person: Person, onward: str) -> web.Response:
    """Sign the browser in as this person, with a token that nobody has seen before.

    Raises WrongPassword if the person's password was changed since it was looked at.
    """
    token = cookies.new_token()
    browser = visit.request.headers.get("User-Agent", "")
    async with visit.database.transaction() as connection:
        await locked_with(connection, person)
        if visit.session_or_none is not None:
            await sessions.remove(connection, visit.session.id_hash)
        await sessions.add(
            connection,
            cookies.hash_of(token),
            person.id,
            "".join(filter(str.isprintable, browser))[:_BROWSER_LENGTH_MAX],
        )
    visit.session_or_none = None  # Nothing more is said to the browser's former session.
    answer = see_other(onward)
    cookies.set_session(answer, token)
    cookies.set_known_browser(answer, known_browser_of(visit.links.signer, person))
    return answer


async def sign_out(visit: Visit) -> web.Response:
    """POST /sign-out: this browser only."""
    async with visit.database.transaction() as connection:
        await sessions.remove(connection, visit.session.id_hash)
    visit.session_or_none = None
    answer = see_other("/sign-in")
    cookies.end_session(answer)
    return answer


async def show_confirm(visit: Visit) -> web.Response:
    """GET /console/confirm: the password once more."""
    onward = local_path(visit.query.get("next"))
    return visit.page("console/confirm.html", onward=onward, refusal=None)


async def confirm(visit: Visit) -> web.Response:
    """POST /console/confirm: guesses count here as they do at sign-in."""
    onward = local_path(visit.fields.get("next"))
    try:
        await sign_in(
            visit.database,
            visit.links.signer,
            visit.person.email,
            visit.fields.get("password", ""),
            place_of(visit),
        )
    except Refusal as refusal:
        return visit.page(
            "console/confirm.html", status=refusal.status, onward=onward, refusal=refusal.detail
        )
    async with visit.database.transaction() as connection:
        await sessions.confirm(connection, visit.session.id_hash)
    return see_other(onward)


async def show_home(visit: Visit) -> web.Response:
    """GET /console: on to one's organization, or the choice of them."""
    if len(visit.memberships) == 1:
        return see_other(f"/console/{visit.memberships[0].organization_id}/webinars")
    return visit.page("console/organizations.html")


async def show_welcome(visit: Visit) -> web.Response:
    """GET /welcome/{token}: an invitation, or the first administrator's link."""
    token_hash = cookies.hash_of(visit.request.match_info["token"])
    async with visit.database.connection() as connection:
        invitation = await people.find_link(connection, token_hash, "invitation")
        if invitation is None:
            return _invitation_over(visit)
        known = await people.find_by_email(connection, invitation["email"])
    return _welcome(visit, invitation, known)


async def accept(visit: Visit) -> web.Response:
    """POST /welcome/{token}: become a member, with a new account or the one that one has."""
    token_hash = cookies.hash_of(visit.request.match_info["token"])
    async with visit.database.connection() as connection:
        invitation = await people.find_link(connection, token_hash, "invitation")
        if invitation is None:
            return _invitation_over(visit)
        known = await people.find_by_email(connection, invitation["email"])
    if known is not None and known.password_hash is not None:
        if visit.person_or_none is None or visit.person.id != known.id:
            return _welcome(visit, invitation, known)
        person: Person | None = known
        name = password_hash = ""
    else:
        person = None
        name, errors = checked_name(visit.fields.get("name", ""))
        password = visit.fields.get("password", "")
        problem = password_rules.problem_with(password, name=name, email=invitation["email"])
        if problem is not None:
            errors["password"] = problem
        if errors:
            return _welcome(visit, invitation, None, errors=errors, typed_name=name)
        password_hash = await passwords.hash_of(password)
    try:
        async with visit.database.transaction() as connection:
            if not await people.use_link(connection, token_hash, "invitation"):
                return _invitation_over(visit)
            if person is None:
                await people.add(
                    connection,
                    email=invitation["email"],
                    name=name,
                    locale=visit.locale,
                    password_hash=password_hash,
                )
                person = await people.find_by_email(connection, invitation["email"])
                assert person is not None
            await people.put_membership(
                connection, person.id, invitation["organization_id"], invitation["role"]
            )
    except asyncpg.UniqueViolationError:  # Two browsers at once: the other one has the account.
        return see_other(visit.request.path)
    onward = f"/console/{invitation['organization_id']}/webinars"
    if visit.person_or_none is not None and visit.person.id == person.id:
        return see_other(onward)
    return await start_session(visit, person, onward)


INVITATION_OVER = msgid("It was used already, or is too old. Ask for a new invitation.")


def _invitation_over(visit: Visit) -> web.Response:
    return visit.page(
        "console/link_over.html",
        status=404,
        words=INVITATION_OVER,
        onward="/sign-in",
        onward_words=msgid("Sign in"),
    )


def _welcome(
    visit: Visit,
    invitation: dict[str, Any],
    known: Person | None,
    *,
    errors: dict[str, str] | None = None,
    typed_name: str = "",
) -> web.Response:
    has_account = known is not None and known.password_hash is not None
    return visit.page(
        "console/welcome.html",
        status=422 if errors else 200,
        invitation=invitation,
        is_known=has_account,
        is_invited=known is not None
        and visit.person_or_none is not None
        and visit.person.id == known.id,
        sign_in_url=asking("/sign-in", visit.request.path),
        errors=errors or {},
        typed_name=typed_name,
    )


BAD_NAME = msgid("Type your name, up to 200 characters.")


def checked_name(typed: str) -> tuple[str, dict[str, str]]:
    """A person's name as it is stored, or as it is shown again with what to correct."""
    shown = "".join(filter(str.isprintable, typed)).strip()[:NAME_LENGTH_MAX]
    try:
        name = one_line(typed)
        if not 0 < len(name) <= NAME_LENGTH_MAX:
            raise Invalid(field="name")
    except (ValueError, Invalid):
        return shown, {"name": BAD_NAME}
    return name, {}


def place_of(visit: Visit) -> Place:
    """Where a password is given."""
    return Place(
        network=visit.desk.network_of(visit.request),
        known_browser=cookies.read(visit.request, cookies.KNOWN_BROWSER),
    )


ROUTES = [
    ConsoleRoute("GET", "/sign-in", show_sign_in, "anyone"),
    ConsoleRoute("POST", "/sign-in", do_sign_in, "anyone"),
    ConsoleRoute("POST", "/sign-out", sign_out, "signed_in"),
    ConsoleRoute("GET", "/console", show_home, "signed_in"),
    ConsoleRoute("GET", "/console/confirm", show_confirm, "signed_in"),
    ConsoleRoute("POST", "/console/confirm", confirm, "signed_in"),
    ConsoleRoute("GET", "/welcome/{token}", show_welcome, "anyone"),
    ConsoleRoute("POST", "/welcome/{token}", accept, "anyone"),
]

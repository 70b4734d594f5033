"""Forgotten passwords: asking for a link, and choosing a new password with it."""

import asyncio
from datetime import timedelta

from aiohttp import web

from services.registration import password_rules
from services.registration.applications import email_address
from services.registration.catalogues import msgid
from services.registration.console.sign_in import start_session
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.members import BAD_ADDRESS
from services.registration.resetting import (
    ResetOver,
    ask_for_reset,
    choose_password,
    person_behind,
)
from services.registration.store import sessions
from shared.refusals import TooMany

ANSWER_SECONDS = 0.3  # Every answer takes so long: an account is not known by its delay.
ASKED_WITHIN = timedelta(minutes=15)
ASKED_BY_NETWORK = 20


class AskedTooOften(TooMany):
    """Too many requests from your network. Wait 15 minutes."""


async def show_forgotten(visit: Visit) -> web.Response:
    """GET /password/forgotten."""
    return visit.page("console/password_forgotten.html", email="", errors={}, is_asked=False)


async def ask(visit: Visit) -> web.Response:
    """POST /password/forgotten: says the same, after the same time, of every address."""
    ends_at = asyncio.get_running_loop().time() + ANSWER_SECONDS
    typed = visit.fields.get("email", "")[:320]
    try:
        email = email_address(typed)
    except ValueError:
        return visit.page(
            "console/password_forgotten.html",
            status=422,
            email="".join(filter(str.isprintable, typed)),
            errors={"email": BAD_ADDRESS},
            is_asked=False,
        )
    await _count(visit)
    await ask_for_reset(visit.database, visit.links, email)
    await asyncio.sleep(ends_at - asyncio.get_running_loop().time())
    return visit.page("console/password_forgotten.html", email=email, errors={}, is_asked=True)


async def show_reset(visit: Visit) -> web.Response:
    """GET /password/reset/{token}: the link is used by choosing, not by looking."""
    try:
        async with visit.database.connection() as connection:
            person = await person_behind(connection, visit.request.match_info["token"])
    except ResetOver as over:
        return _over(visit, over)
    return visit.page("console/password_reset.html", email=person.email, errors={})


async def reset(visit: Visit) -> web.Response:
    """POST /password/reset/{token}: a new password, and signed in with it."""
    try:
        return await _reset(visit, visit.request.match_info["token"])
    except ResetOver as over:
        return _over(visit, over)


async def _reset(visit: Visit, token: str) -> web.Response:
    async with visit.database.connection() as connection:
        person = await person_behind(connection, token)
    password = visit.fields.get("password", "")
    problem = password_rules.problem_with(password, name=person.name, email=person.email)
    if problem is not None:
        return visit.page(
            "console/password_reset.html",
            status=422,
            email=person.email,
            errors={"password": problem},
        )
    person = await choose_password(visit.database, visit.links, person, password, token=token)
    return await start_session(visit, person, "/console")


def _over(visit: Visit, over: ResetOver) -> web.Response:
    return visit.page(
        "console/link_over.html",
        status=404,
        words=over.detail,
        onward="/password/forgotten",
        onward_words=msgid("Ask again"),
    )


async def _count(visit: Visit) -> None:
    """Raises AskedTooOften: a network may not use us to mail half the world."""
    counter = f"reset:{visit.desk.network_of(visit.request)}"
    async with visit.database.transaction() as connection:
        await sessions.add_failure(connection, [counter])
        asked = await sessions.count_failures(connection, [counter], ASKED_WITHIN)
    if asked.get(counter, 0) > ASKED_BY_NETWORK:
        raise AskedTooOften


ROUTES = [
    ConsoleRoute("GET", "/password/forgotten", show_forgotten, "anyone"),
    ConsoleRoute("POST", "/password/forgotten", ask, "anyone"),
    ConsoleRoute("GET", "/password/reset/{token}", show_reset, "anyone"),
    ConsoleRoute("POST", "/password/reset/{token}", reset, "anyone"),
]

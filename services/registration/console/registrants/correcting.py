"""Correcting a name or an address: the old links die, and the mail goes out again."""

from aiohttp import web

from services.registration import back_office
from services.registration.catalogues import msgid
from services.registration.console.message import Words
from services.registration.console.registrants.identity import read_identity, shown
from services.registration.console.registrants.person import by_hand, find_person, new_key
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.corrections import may_be_mailed


async def show_form(visit: Visit) -> web.StreamResponse:
    """GET …/correct."""
    return await _form(visit)


async def correct(visit: Visit) -> web.StreamResponse:
    """POST …/correct."""
    async with visit.database.connection() as connection:
        await find_person(visit, connection)
    name, email, errors = read_identity(visit.fields)
    if errors:
        return await _form(visit, errors)
    async with visit.database.transaction() as connection:
        after = await back_office.correct_registrant(
            connection, visit.links, visit.id("registrant_id"), name, email, by_hand(visit)
        )
    note = (
        msgid("Corrected. Earlier links have stopped working; new ones go to %(email)s.")
        if may_be_mailed(after)
        else msgid("Corrected. Earlier links have stopped working.")
    )
    return visit.go(visit.path("registrants", after.id), note, {"email": after.email})


async def _form(visit: Visit, errors: dict[str, Words] | None = None) -> web.Response:
    async with visit.database.connection() as connection:
        found = await find_person(visit, connection)
    registrant = found.registrant
    return visit.page(
        "console/correct.html",
        status=422 if errors else 200,
        registrant=registrant,
        webinar=found.webinar,
        typed={
            "name": shown(visit.fields.get("name", registrant.name)),
            "email": shown(visit.fields.get("email", registrant.email)),
        },
        errors=errors or {},
        may_be_mailed=may_be_mailed(registrant),
        key=visit.fields.get("key") or new_key(),
        own_path=visit.path("registrants", registrant.id),
        webinar_path=visit.path("webinars", found.webinar.id),
    )


_PATH = "/console/{organization_id}/registrants/{registrant_id}/correct"
ROUTES = [
    ConsoleRoute("GET", _PATH, show_form, "organizer"),
    ConsoleRoute("POST", _PATH, correct, "organizer"),
]

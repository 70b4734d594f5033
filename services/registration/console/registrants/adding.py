"""Adding somebody by hand: a guest, or somebody who paid elsewhere."""

from typing import cast, get_args
from uuid import uuid4

from aiohttp import web

from services.registration import back_office
from services.registration.back_office import AddedAs, AlreadyRegistered
from services.registration.catalogues import msgid
from services.registration.console.finding import webinar_of
from services.registration.console.message import Words
from services.registration.console.registrants.identity import read_identity, shown
from services.registration.console.registrants.person import LANGUAGE_NAMES, by_hand, new_key
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinar_header import webinar_header
from services.registration.verdicts import (
    Application,
    Closed,
    KeyReused,
    SoldOut,
    TooManyRegistrations,
)
from services.registration.webinars import Webinar
from shared.localized import language_of
from shared.text import one_line

NOTE_LENGTH_MAX = 500
ADDED_AS_MISSING = msgid("Choose how the seat is paid for.")
NOTE_BAD = msgid("Shorten the note to 500 characters on one line.")

_REFUSED: dict[str, str] = {
    Closed.code: msgid("Registration is closed: it has started or was cancelled."),
    SoldOut.code: msgid("All seats are taken. Raise the capacity or free a seat first."),
    TooManyRegistrations.code: msgid("This address has two seats already; more are not possible."),
}


async def show_form(visit: Visit) -> web.StreamResponse:
    """GET …/registrants/add."""
    return await _form(visit, {})


async def add(visit: Visit) -> web.StreamResponse:
    """POST …/registrants/add: a seat is taken under the webinar's lock, as at admission."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
    name, email, errors = read_identity(visit.fields)
    added_as = visit.fields.get("added_as") if webinar.price_minor else "guest"
    if added_as not in get_args(AddedAs):
        errors["added_as"] = ADDED_AS_MISSING
    try:
        note = one_line(visit.fields.get("note", ""))
        if len(note) > NOTE_LENGTH_MAX:
            raise ValueError(NOTE_BAD)
    except ValueError:
        errors["note"], note = NOTE_BAD, ""
    if errors:
        return await _form(visit, errors)
    by, registrant_id = by_hand(visit), uuid4()
    application = Application(
        registrant_id=registrant_id,
        name=name,
        email=email,
        email_key=email.lower(),
        locale=language_of(visit.fields.get("locale", "")),
        manage_url=visit.links.manage_url(registrant_id),
        idempotency_key=f"console-{by.key}",
        body_sha256=by.key.encode().ljust(32)[:32],
        caller_organization_id=visit.organization.id,
        is_own_only=True,
    )
    try:
        async with visit.database.transaction() as connection:
            added_id = await back_office.add_registrant(
                connection,
                visit.links,
                webinar.id,
                application,
                by,
                added_as=cast(AddedAs, added_as),
                note=note,
                is_again=visit.fields.get("again") == "yes",
            )
    except (Closed, SoldOut, TooManyRegistrations) as refusal:
        return await _form(visit, {}, refusal=_REFUSED[refusal.code], status=409)
    except AlreadyRegistered as refusal:
        return await _form(visit, {"email": refusal.detail}, may_be_added_again=True)
    except KeyReused:
        return await _form(visit, {}, status=409)
    return visit.go(
        visit.path("registrants", added_id),
        msgid("%(name)s has a seat. The confirmation goes to %(email)s."),
        {"name": name, "email": email},
    )


async def _form(
    visit: Visit,
    errors: dict[str, Words],
    *,
    refusal: str = "",
    status: int = 200,
    may_be_added_again: bool = False,
) -> web.Response:
    async with visit.database.connection() as connection:
        webinar: Webinar = await webinar_of(visit, connection)
        now = await connection.fetchval("SELECT now()")
    start = {"locale": language_of(visit.locale), "added_as": "", "name": "", "email": ""}
    fields = start | {name: shown(value) for name, value in visit.fields.items()}
    return visit.page(
        "console/add_registrant.html",
        status=422 if errors else status,
        header=webinar_header(
            webinar,
            path=visit.path,
            links=visit.links,
            is_ready=visit.organization.is_ready,
            now=now,
        ),
        webinar=webinar,
        typed={name: fields.get(name, "") for name in ("name", "email", "note", "again")}
        | {"locale": fields["locale"], "added_as": fields["added_as"]},
        errors=errors,
        refusal=refusal,
        may_be_added_again=may_be_added_again or fields.get("again") == "yes",
        languages=LANGUAGE_NAMES,
        key=visit.fields.get("key") or new_key(),
        form_path=visit.path("webinars", webinar.id, "registrants", "add"),
        webinar_path=visit.path("webinars", webinar.id),
    )


_PATH = "/console/{organization_id}/webinars/{webinar_id}/registrants/add"
ROUTES = [
    ConsoleRoute("GET", _PATH, show_form, "organizer"),
    ConsoleRoute("POST", _PATH, add, "organizer"),
]

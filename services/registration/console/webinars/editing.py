"""Scheduling and editing a webinar, with previews of what people will see."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from services.registration import box_office
from services.registration.catalogues import msgid
from services.registration.console.finding import webinar_of
from services.registration.console.message import Message, Words
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinars.finding import (
    description_of,
    header_of,
    original_of,
    price_of,
)
from services.registration.console.webinars.forms import (
    Errors,
    Read,
    Typed,
    changes,
    read_known,
    read_webinar,
    time_zones,
    typed_anew,
    typed_in,
    typed_of,
)
from services.registration.console.webinars.policy_form import rows_shown
from services.registration.console.webinars.preview import draft_of, summary, unsaved
from services.registration.console.webinars.question_form import QUESTION_KINDS, ROWS
from services.registration.store import numbers, webinar_lists, webinars
from services.registration.webinars import (
    AlreadyCancelled,
    CapacityBelowSeats,
    PolicyStricter,
    Webinar,
)
from shared.postgres import Connection
from shared.refusals import Invalid, Refusal

_FIELDS_OF = {
    "starts_at": "date",
    "refund_policy": "policy",
    "capacity": "seats",
    "refund_until": "refund_date",
    "price_minor": "title",
    "currency": "title",
}
"""Where the form shows what a rule says of a webinar's field."""


class ChangedMeanwhile(Refusal):
    """Somebody else has changed this meanwhile."""

    code = "changed_meanwhile"


async def show_new(visit: Visit) -> web.Response:
    """GET …/webinars/new: free, in the time zone of the newest one."""
    async with visit.database.connection() as connection:
        zone = await webinar_lists.newest_time_zone(connection, visit.organization.id)
        now = await connection.fetchval("SELECT now()")
    typed = typed_anew(zone or "UTC")
    return _form(visit, typed, Read(), now, guesses_zone=zone is None)


async def schedule(visit: Visit) -> web.Response:
    """POST …/webinars/new: on sale at once, without a price."""
    typed = typed_in(visit.fields)
    async with visit.database.transaction() as connection:
        now = await connection.fetchval("SELECT now()")
        original = await original_of(visit, connection)
        read = read_webinar(typed, now)
        if read.errors or visit.fields.get("do") == "preview":
            return _form(visit, typed, read, now, original=original)
        fields = price_of(visit, original) | read.values
        try:
            webinar = await box_office.schedule_webinar(connection, visit.organization.id, fields)
        except Invalid as refusal:
            return _form(visit, typed, _refused(read, refusal), now, original=original)
    onward = visit.path("webinars", webinar.id)
    if webinar.price_minor:
        return visit.go(onward, msgid("“%(title)s” is scheduled."), {"title": webinar.title})
    words = msgid("“%(title)s” is scheduled. It is free until you add a payment.")
    return visit.go(onward, words, {"title": webinar.title})


async def show_copy(visit: Visit) -> web.Response:
    """GET …/webinars/{webinar_id}/copy: the form for a new one, all but its date filled in."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        description = await description_of(connection, webinar)
        now = await connection.fetchval("SELECT now()")
    typed = typed_of(webinar, description) | {"version": "", "date": ""}
    return _form(visit, typed, read_known(typed, now), now, original=webinar)


async def show_edit(visit: Visit) -> web.Response:
    """GET …/webinars/{webinar_id}/edit."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        description = await description_of(connection, webinar)
        facts = await _standing(connection, webinar)
    typed = typed_of(webinar, description)
    return _form(visit, typed, Read(), facts["now"], webinar, description, facts)


async def save(visit: Visit) -> web.Response:
    """POST …/webinars/{webinar_id}/edit: only what was changed is changed."""
    typed = typed_in(visit.fields)
    async with visit.database.transaction() as connection:
        webinar = await webinar_of(visit, connection, is_locked=True)
        description = await description_of(connection, webinar)
        facts = await _standing(connection, webinar)
        read = read_webinar(typed, facts["now"], webinar)
        refusal: Refusal | None = None
        if typed["version"] != str(webinar.version):
            refusal = ChangedMeanwhile()
        elif not read.errors and visit.fields.get("do") != "preview":
            changed = changes(read, webinar, description)
            try:
                if changed:
                    await box_office.change_webinar(
                        connection, visit.organization.id, webinar.id, dict(changed)
                    )
            except (AlreadyCancelled, CapacityBelowSeats, PolicyStricter, Invalid) as refused:
                refusal = refused
            else:
                return visit.go(visit.path("webinars", webinar.id), _note(changed, facts))
        if refusal is not None:
            read = _refused(read, refusal)
    return _form(visit, typed, read, facts["now"], webinar, description, facts, refusal)


def _note(changed: dict[str, Any], facts: dict[str, Any]) -> str:
    if not changed:
        return msgid("Nothing was changed.")
    if "starts_at" in changed and facts["active"]:
        return msgid("Saved. Registrants are mailed the old and the new time.")
    return msgid("Saved.")


def _form(
    visit: Visit,
    typed: Typed,
    read: Read,
    now: datetime,
    webinar: Webinar | None = None,
    description: str = "",
    facts: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
    *,
    guesses_zone: bool = False,
    original: Webinar | None = None,
) -> web.Response:
    """The form as it was typed, what is wrong, and the preview of what could be read."""
    shown = webinar or replace(unsaved(visit.organization.id, now), **price_of(visit, original))
    shown = draft_of(shown, read.values)
    header = None if webinar is None else header_of(visit, webinar, now, "edit")
    return visit.page(
        "console/edit.html",
        status=_status(visit, read.errors, refusal),
        webinar=webinar,
        header=header,
        original=original,
        own_path=visit.path(*_own_parts(webinar)),
        preview_path=visit.path(*_own_parts(webinar), "preview"),
        typed=typed,
        errors=read.errors,
        is_changed_meanwhile=isinstance(refusal, ChangedMeanwhile),
        policy_rows=rows_shown(typed),
        question_rows=ROWS,
        question_kinds=QUESTION_KINDS,
        time_zones=time_zones(),
        guesses_zone=guesses_zone,
        has_sold=bool(facts and facts["has_sold"]),
        active=facts["active"] if facts else 0,
        has_mail_preview=visit.desk.bus is not None,
        preview=summary(
            shown,
            now,
            visit.locale,
            has_start=webinar is not None or "starts_at" in read.values,
        ),
    )


def _own_parts(webinar: Webinar | None) -> tuple[object, ...]:
    return ("webinars", "new") if webinar is None else ("webinars", webinar.id, "edit")


def _status(visit: Visit, errors: Errors, refusal: Refusal | None) -> int:
    if refusal is not None:
        return refusal.status
    is_preview = visit.fields.get("do") == "preview"
    return 422 if errors and not is_preview else 200


def _refused(read: Read, refusal: Refusal) -> Read:
    """What a rule refused, at the field that it is about and in the reader's words."""
    words: Words
    match refusal:
        case ChangedMeanwhile():
            return read
        case PolicyStricter(promised=promised) if promised.hours_before:
            words = Message(
                msgid(
                    "Seats are sold, so the policy can only become more generous: until "
                    "%(hours)s hours before the start at least %(percent)s %% must go back."
                ),
                {"hours": promised.hours_before, "percent": promised.percent},
            )
        case PolicyStricter(promised=promised):
            words = Message(
                msgid(
                    "Seats are sold, so the policy can only become more generous: until the "
                    "start at least %(percent)s %% must go back."
                ),
                {"percent": promised.percent},
            )
        case CapacityBelowSeats():
            words = msgid("More seats are taken already: cancel registrations first.")
        case AlreadyCancelled():
            words = msgid("This was cancelled and cannot be changed any more.")
        case Invalid(field="price_minor" | "currency"):
            words = msgid(
                "Stripe does not take the price of the original any more. Change it there first."
            )
        case _:
            # The form has checked the rest already. A class's own words are in the catalogues.
            words = (type(refusal).__doc__ or "").strip()
    name = _FIELDS_OF.get(refusal.field or "", refusal.field or "title")
    return Read(read.values, read.errors | {name: words})


async def _standing(connection: Connection, webinar: Webinar) -> dict[str, Any]:
    """What decides which changes are possible, and whom they reach."""
    totals = await numbers.totals_of_webinars(connection, webinar.organization_id, [webinar.id])
    own = totals[webinar.id]
    return {
        "now": await connection.fetchval("SELECT now()"),
        "has_sold": await webinars.has_sold(connection, webinar.id),
        "active": own.confirmed + own.awaiting_payment,
    }


ROUTES = [
    ConsoleRoute("GET", "/console/{organization_id}/webinars/new", show_new, "organizer"),
    ConsoleRoute("POST", "/console/{organization_id}/webinars/new", schedule, "organizer"),
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}/copy", show_copy, "organizer"
    ),
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}/edit", show_edit, "organizer"
    ),
    ConsoleRoute(
        "POST", "/console/{organization_id}/webinars/{webinar_id}/edit", save, "organizer"
    ),
]

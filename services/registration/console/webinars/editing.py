"""Scheduling and editing a webinar, with previews of what people will see."""

from datetime import datetime
from typing import Any

from aiohttp import web

from services.registration import box_office
from services.registration.catalogues import msgid
from services.registration.console.message import Message, Words
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinar_header import webinar_header
from services.registration.console.webinars.forms import (
    Errors,
    Read,
    Typed,
    changes,
    read_webinar,
    time_zones,
    typed_anew,
    typed_in,
    typed_of,
)
from services.registration.console.webinars.policy_form import rows_shown
from services.registration.console.webinars.preview import draft_of, summary, unsaved
from services.registration.console.webinars.question_form import QUESTION_KINDS, ROWS
from services.registration.pages.facts import WebinarFacts
from services.registration.pages.webinar_page import Typed as Visitor
from services.registration.pages.webinar_page import webinar_view
from services.registration.store import numbers, terms, webinar_lists, webinars
from services.registration.webinars import (
    AlreadyCancelled,
    CapacityBelowSeats,
    PolicyStricter,
    Webinar,
)
from shared.postgres import Connection
from shared.refusals import Invalid, NotFound, Refusal

_FIELDS_OF = {
    "starts_at": "date",
    "refund_policy": "policy",
    "capacity": "seats",
    "refund_until": "refund_date",
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
        read = read_webinar(typed, now)
        if read.errors or visit.fields.get("do") == "preview":
            return _form(visit, typed, read, now)
        fields = {"price_minor": 0, "currency": None} | read.values
        try:
            webinar = await box_office.schedule_webinar(connection, visit.organization.id, fields)
        except Invalid as refusal:
            return _form(visit, typed, _refused(read, refusal), now)
    return visit.go(
        visit.path("webinars", webinar.id),
        msgid("“%(title)s” is scheduled. It is free until you add a payment."),
        {"title": webinar.title},
    )


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
) -> web.Response:
    """The form as it was typed, what is wrong, and the preview of what could be read."""
    shown = draft_of(webinar or unsaved(visit.organization.id, now), read.values)
    header = None
    if webinar is not None:
        header = webinar_header(
            webinar,
            path=visit.path,
            links=visit.links,
            is_ready=visit.organization.is_ready,
            now=now,
            here="edit",
        )
    return visit.page(
        "console/edit.html",
        status=_status(visit, read.errors, refusal),
        webinar=webinar,
        header=header,
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
        has_mail_preview=False,
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
        case _:
            words = refusal.detail
    name = _FIELDS_OF.get(refusal.field or "", refusal.field or "title")
    return Read(read.values, read.errors | {name: words})


async def show_preview(visit: Visit) -> web.Response:
    """POST …/preview, of a new webinar or of one that is edited: the public page as it would be."""
    typed = typed_in(visit.fields)
    async with visit.database.connection() as connection:
        before, description = None, ""
        if "webinar_id" in visit.request.match_info:
            before = await webinar_of(visit, connection)
            description = await description_of(connection, before)
        now = await connection.fetchval("SELECT now()")
        agreed = await terms.current(connection, visit.organization.id)
    read = read_webinar(typed, now, before)
    draft = draft_of(before or unsaved(visit.organization.id, now), read.values)
    facts = WebinarFacts(
        webinar=draft,
        organization=visit.organization,
        description=read.values.get("description", description),
        next_hold_ends_at=None,
        now=now,
        terms_version=agreed.version if agreed else None,
        terms_address=agreed.url if agreed else None,
    )
    shown = webinar_view(facts, visit.links, visit.locale, nonce="", typed=Visitor(), errors={})
    return visit.renderer.page(
        visit.request,
        "console/preview_page.html",
        visit.locale,
        is_personal=True,
        form_url="",
        self_url="",
        other_languages={},
        has_mistakes=bool(read.errors),
        **shown,
    )


async def webinar_of(visit: Visit, connection: Connection, *, is_locked: bool = False) -> Webinar:
    """The path's webinar; raises NotFound for another organization's."""
    find = webinars.lock if is_locked else webinars.find
    webinar = await find(connection, visit.id("webinar_id"))
    if webinar is None or webinar.organization_id != visit.organization.id:
        raise NotFound
    return webinar


async def description_of(connection: Connection, webinar: Webinar) -> str:
    """What is said of it now."""
    return (await webinars.descriptions(connection, [webinar.id])).get(webinar.id, "")


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
        "POST", "/console/{organization_id}/webinars/new/preview", show_preview, "organizer"
    ),
    ConsoleRoute(
        "POST",
        "/console/{organization_id}/webinars/{webinar_id}/edit/preview",
        show_preview,
        "organizer",
    ),
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}/edit", show_edit, "organizer"
    ),
    ConsoleRoute(
        "POST", "/console/{organization_id}/webinars/{webinar_id}/edit", save, "organizer"
    ),
]

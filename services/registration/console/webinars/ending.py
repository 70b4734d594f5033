"""Cancelling a webinar for good, once its title was typed."""

from typing import Any

from aiohttp import web

from services.registration import box_office
from services.registration.catalogues import msgid
from services.registration.console.finding import webinar_of
from services.registration.console.message import Words
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinars.finding import header_of
from services.registration.store import numbers, registrants
from services.registration.webinars import AlreadyCancelled, HasPaidRegistrants, Webinar
from shared.postgres import Connection

TYPED_LENGTH_MAX = 400


async def show_cancel(visit: Visit) -> web.Response:
    """GET …/webinars/{webinar_id}/cancel: what it means, or what has to be done first."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        facts = await _facts(connection, webinar)
    return _page(visit, webinar, facts)


async def cancel(visit: Visit) -> web.Response:
    """POST …/webinars/{webinar_id}/cancel: off sale; its registrants are told one by one."""
    typed = visit.fields.get("title", "")[:TYPED_LENGTH_MAX]
    async with visit.database.transaction() as connection:
        webinar = await webinar_of(visit, connection, is_locked=True)
        facts = await _facts(connection, webinar)
        errors: dict[str, Words] = {}
        if _folded(typed) != _folded(webinar.title):
            errors["title"] = msgid("Type the title as it stands above.")
        else:
            try:
                await box_office.cancel_webinar(connection, visit.organization.id, webinar.id)
            except (AlreadyCancelled, HasPaidRegistrants) as refusal:
                return _page(visit, webinar, facts, typed, status=refusal.status)
    if errors:
        return _page(visit, webinar, facts, typed, errors, status=422)
    visit.desk.webinar_cancelled.set()
    note = msgid("Cancelled.")
    if facts["active"]:
        note = msgid("Cancelled. Its registrants are mailed in the next moments.")
    return visit.go(visit.path("webinars", webinar.id), note)


async def _facts(connection: Connection, webinar: Webinar) -> dict[str, Any]:
    totals = await numbers.totals_of_webinars(connection, webinar.organization_id, [webinar.id])
    own = totals[webinar.id]
    return {
        "now": await connection.fetchval("SELECT now()"),
        "active": own.confirmed + own.awaiting_payment,
        "has_paid": await registrants.has_paid(connection, webinar.id),
    }


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()


def _page(
    visit: Visit,
    webinar: Webinar,
    facts: dict[str, Any],
    typed: str = "",
    errors: dict[str, Words] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    return visit.page(
        "console/webinar_cancel.html",
        status=status,
        header=header_of(visit, webinar, facts["now"], "cancel"),
        webinar=webinar,
        own_path=visit.path("webinars", webinar.id, "cancel"),
        typed=typed,
        errors=errors or {},
        active=facts["active"],
        has_paid=facts["has_paid"],
    )


ROUTES = [
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}/cancel", show_cancel, "organizer"
    ),
    ConsoleRoute(
        "POST", "/console/{organization_id}/webinars/{webinar_id}/cancel", cancel, "organizer"
    ),
]

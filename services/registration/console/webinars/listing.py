"""The list of an organization's webinars, with what each has brought in."""

from typing import Any
from uuid import UUID

from aiohttp import web

from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinar_header import webinar_badge
from services.registration.numbers import Money, Totals
from services.registration.store import numbers, webinar_lists
from services.registration.store.webinar_lists import When
from services.registration.webinars import Webinar

PAGE_ROWS = 25


async def show_list(visit: Visit) -> web.Response:
    """GET …/webinars: what comes, or with `when=past` what is over."""
    organization_id = visit.organization.id
    when: When = "past" if visit.query.get("when") == "past" else "upcoming"
    after = _id_or_none(visit.query.get("after", ""))
    async with visit.database.connection() as connection:
        counts = await webinar_lists.count(connection, organization_id)
        found = await webinar_lists.page(
            connection, organization_id, when, after=after, limit=PAGE_ROWS + 1
        )
        shown = found[:PAGE_ROWS]
        totals = await numbers.totals_of_webinars(
            connection, organization_id, [webinar.id for webinar in shown]
        )
        money = await webinar_lists.money(connection, organization_id)
        registered = await webinar_lists.count_registered(connection, organization_id)
        now = await connection.fetchval("SELECT now()")
    has_more = len(found) > PAGE_ROWS
    return visit.page(
        "console/webinars.html",
        when=when,
        now=now,
        counts=counts,
        is_first_page=after is None,
        rows=[
            {
                "webinar": webinar,
                "badge": webinar_badge(webinar, is_ready=visit.organization.is_ready, now=now),
                "totals": totals[webinar.id],
                "seats_percent": _percent_taken(webinar),
            }
            for webinar in shown
        ],
        next_after=shown[-1].id if has_more else None,
        tiles=_tiles(money) if money else None,
        registered=registered,
    )


def _tiles(money: tuple[Money, ...]) -> dict[str, Any]:
    """All webinars together, in the same way as one."""
    whole = Totals(0, 0, 0, 0, 0, 0, None, money)
    return {"net": whole.net, "paid": whole.paid, "refunded": whole.refunded, "fees": whole.fees}


def _percent_taken(webinar: Webinar) -> int | None:
    """How much of the capacity is taken; None without a limit."""
    if webinar.capacity is None:
        return None
    return 100 * webinar.seats_taken // webinar.capacity


def _id_or_none(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


ROUTES = [
    ConsoleRoute("GET", "/console/{organization_id}/webinars", show_list, "organizer"),
]

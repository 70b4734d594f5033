"""A webinar's numbers while people register: the part of its page that follows them.

Tiles and charts are written here, also for a browser without scripts. A script puts newer ones in
their place as they come over an event stream, or asks every ten seconds where it gets none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from services.registration.charts import BarChart, LineChart, Unit, bar_chart, line_chart
from services.registration.console.finding import webinar_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.live import STREAMS, version_of
from services.registration.numbers import Totals
from services.registration.store import numbers, webinars
from services.registration.store.numbers import Series
from services.registration.webinars import Webinar
from shared import localized
from shared.postgres import Connection
from shared.refusals import NotFound
from shared.web import json_answer

FRAGMENT = "console/numbers_shown.html"
REVENUES_MAX = 3


@dataclass(frozen=True)
class LiveNumbers:
    """What `console/numbers.html` shows, and where it hears of newer ones."""

    html: Markup
    version: str
    fragment_url: str
    events_url: str


@dataclass(frozen=True)
class Revenue:
    """Net in one settlement currency."""

    currency: str
    net_minor: int
    chart: LineChart


async def live_numbers(visit: Visit, webinar: Webinar) -> LiveNumbers:
    """The numbers of a webinar of the visit's organization, for its page as `live`."""
    html = await _shown(visit, webinar)
    url = visit.path("webinars", webinar.id, "numbers")
    # In the language of the page, which may have been chosen for it alone.
    language = f"?locale={localized.language_of(visit.locale)}"
    # Rendered by our own template, so it is markup already.
    return LiveNumbers(Markup(html), version_of(html), url + language, f"{url}/events{language}")


async def show_numbers(visit: Visit) -> web.StreamResponse:
    """GET …/numbers: the part alone, for browsers that get no event stream."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
    html = await _shown(visit, webinar)
    return json_answer(
        {"html": html, "version": version_of(html)}, headers={"Cache-Control": "no-store"}
    )


async def follow_numbers(visit: Visit) -> web.StreamResponse:
    """GET …/numbers/events: the part again, at most once a second, whenever it has changed."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
    look = _Look(visit, webinar.id)
    return await visit.request.app[STREAMS].stream(
        visit.request,
        look,
        topic=("numbers", webinar.id, visit.locale),
        whose=f"person {visit.person.id}",
    )


class _Look:
    """What there is to see now; drawn again only when the totals have changed."""

    def __init__(self, visit: Visit, webinar_id: UUID) -> None:
        self._visit = visit
        self._webinar_id = webinar_id
        self._known: tuple[Webinar, Totals, datetime] | None = None
        self._html = ""

    async def __call__(self) -> str:
        async with self._visit.database.connection() as connection:
            webinar = await webinars.find(connection, self._webinar_id)
            if webinar is None:
                raise NotFound
            totals = await _totals_of(connection, webinar)
            now = await connection.fetchval("SELECT now()")
            # A new hour has a new bar, whether somebody registers in it or not.
            known = (webinar, totals, now.replace(minute=0, second=0, microsecond=0))
            if known == self._known:
                return self._html
            series = await numbers.series_of(connection, webinar.id)
        self._html = _render(self._visit, webinar, totals, series, now)
        self._known = known
        return self._html


async def _shown(visit: Visit, webinar: Webinar) -> str:
    async with visit.database.connection() as connection:
        totals = await _totals_of(connection, webinar)
        series = await numbers.series_of(connection, webinar.id)
        now = await connection.fetchval("SELECT now()")
    return _render(visit, webinar, totals, series, now)


async def _totals_of(connection: Connection, webinar: Webinar) -> Totals:
    found = await numbers.totals_of_webinars(connection, webinar.organization_id, [webinar.id])
    return found[webinar.id]


def _render(visit: Visit, webinar: Webinar, totals: Totals, series: Series, now: datetime) -> str:
    return visit.renderer.fragment(
        FRAGMENT, visit.locale, **numbers_view(webinar, totals, series, now, visit.locale)
    )


def numbers_view(
    webinar: Webinar, totals: Totals, series: Series, now: datetime, locale: str
) -> dict[str, Any]:
    """What the template shows; no chart before there is something to draw."""
    registrations: BarChart | None = None
    revenues: list[Revenue] = []
    changes = [at for at, _ in series.registered]
    changes += [at for of_currency in series.net.values() for at, _ in of_currency]
    if changes:
        # After the webinar the time goes on only as far as something still happens.
        end = webinar.starts_at + timedelta(minutes=webinar.duration_minutes)
        first, last = min(changes), max(min(now, end), *changes)
        registrations = bar_chart(series.registered, first, last, webinar.time_zone)
        revenues = [
            Revenue(currency, net, line_chart(series.net[currency], first, last, webinar.time_zone))
            for net, currency in totals.net
            if currency in series.net
        ]
    return {
        "webinar": webinar,
        "totals": totals,
        "is_paid": webinar.price_minor > 0 or bool(totals.money),
        "registrations": registrations,
        "revenues": revenues[:REVENUES_MAX],
        "label": partial(bucket_label, time_zone=webinar.time_zone, locale=locale),
    }


def bucket_label(unit: Unit, at: datetime, *, time_zone: str, locale: str) -> str:
    """What is written below a bucket: "18:00", "16 Oct", "Oct 2026"."""
    if unit == "hour":
        return localized.format_time(at, time_zone, locale)
    if unit == "month":
        return f"{localized.format_month(at, time_zone, locale)} {at.year}"
    return localized.format_short_day(at, time_zone, locale)


ROUTES = [
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}/numbers", show_numbers, "organizer"
    ),
    ConsoleRoute(
        "GET",
        "/console/{organization_id}/webinars/{webinar_id}/numbers/events",
        follow_numbers,
        "organizer",
    ),
]

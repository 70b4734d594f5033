"""A webinar's page: what it is, its numbers, and the list of its registrants."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from services.registration.catalogues import msgid
from services.registration.console.finding import webinar_of
from services.registration.console.numbers import live_numbers
from services.registration.console.registrants.wording import badge_of, currency_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinar_header import webinar_header
from services.registration.numbers import Totals
from services.registration.registrants import Registrant, Status
from services.registration.store import numbers, registrant_lists
from services.registration.store.registrant_lists import (
    STATUSES,
    ListedPage,
    Listing,
    MailState,
    Sort,
)
from services.registration.webinars import Webinar

PAGE_ROWS = 50
SEARCH_LENGTH_MAX = 100
NUMBER_LENGTH_MAX = 18

_TABS: tuple[tuple[Status, str], ...] = (
    ("confirmed", msgid("Confirmed")),
    ("awaiting_payment", msgid("Awaiting payment")),
    ("cancelled", msgid("Cancelled")),
    ("released", msgid("Released")),
)
_SORTS: dict[Sort, str] = {
    "newest": msgid("Newest first"),
    "oldest": msgid("Oldest first"),
    "name": msgid("Name"),
    "amount": msgid("Amount paid"),
}
_MAILS: dict[MailState, str] = {
    "sent": msgid("Mail accepted"),
    "failed": msgid("Mail failed"),
    "bounced": msgid("Mail bounced"),
}
# What leads to the rows before and to those behind.
_STEPS: dict[Sort, tuple[str, str]] = {
    "newest": (msgid("Newer"), msgid("Older")),
    "oldest": (msgid("Older"), msgid("Newer")),
    "name": (msgid("Previous"), msgid("Next")),
    "amount": (msgid("Previous"), msgid("Next")),
}


@dataclass(frozen=True)
class Asked:
    """A listing as its address asks for it; what makes no sense counts as left out."""

    listing: Listing
    after: int | None = None
    before: int | None = None
    position: int = 1  # Of the page's first row, for display.

    def query(self, **changes: Any) -> str:
        """The address's parameters for the same listing, changed; from its beginning."""
        listing = replace(self.listing, **changes)
        parameters = {
            "status": listing.status,
            "mail": listing.mail,
            "q": listing.search,
            "sort": None if listing.sort == "newest" else listing.sort,
        }
        return urlencode({name: value for name, value in parameters.items() if value})


def read_listing(query: Mapping[str, str], webinar: Webinar) -> Asked:
    """What to list, from an address."""
    search = "".join(filter(str.isprintable, query.get("q", ""))).strip()[:SEARCH_LENGTH_MAX]
    listing = Listing(
        webinar_id=webinar.id,
        organization_id=webinar.organization_id,
        status=cast(Status | None, _one_of(query.get("status"), STATUSES)),
        mail=cast(MailState | None, _one_of(query.get("mail"), get_args(MailState))),
        search=search,
        sort=cast(Sort, _one_of(query.get("sort"), get_args(Sort)) or "newest"),
    )
    return Asked(
        listing,
        after=_number(query.get("after")),
        before=_number(query.get("before")),
        position=_number(query.get("from")) or 1,
    )


async def show_webinar(visit: Visit) -> web.StreamResponse:
    """GET …/webinars/{webinar_id}."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        now = await connection.fetchval("SELECT now()")
        asked = read_listing(visit.query, webinar)
        totals = await numbers.totals_of_webinars(connection, webinar.organization_id, [webinar.id])
        page = await registrant_lists.page(
            connection, asked.listing, after=asked.after, before=asked.before, limit=PAGE_ROWS
        )
        ids = [registrant.id for registrant in page.rows]
        mails = await registrant_lists.mail_states(connection, ids)
        on_their_way = await registrant_lists.money_on_its_way(connection, ids)
    return visit.page(
        "console/webinar.html",
        header=webinar_header(
            webinar,
            path=visit.path,
            links=visit.links,
            is_ready=visit.organization.is_ready,
            now=now,
        ),
        webinar=webinar,
        totals=totals[webinar.id],
        live=await live_numbers(visit, webinar),
        rows=[_row(one, mails, on_their_way) for one in page.rows],
        list=_list_view(visit, asked, page, totals[webinar.id]),
    )


def _row(
    registrant: Registrant, mails: Mapping[UUID, MailState], on_their_way: Mapping[UUID, int]
) -> dict[str, Any]:
    return {
        "registrant": registrant,
        "badge": badge_of(registrant),
        "currency": currency_of(registrant),
        "mail": mails.get(registrant.id),
        "on_its_way_minor": on_their_way.get(registrant.id, 0),
        "may_refund": registrant.paid_minor
        > registrant.refunded_minor + on_their_way.get(registrant.id, 0),
    }


def _list_view(visit: Visit, asked: Asked, page: ListedPage, totals: Totals) -> dict[str, Any]:
    """Everything around the rows: tabs, form, steps."""
    listing = asked.listing
    own_path = visit.path("webinars", listing.webinar_id)
    is_narrowed = bool(listing.search or listing.mail)
    total = totals.registered if listing.status is None else getattr(totals, listing.status)
    first = asked.position if page.has_earlier else 1

    def path(query: str) -> str:
        return f"{own_path}?{query}" if query else own_path

    def step(cursor: str, number: int, position: int) -> str:
        place = urlencode({cursor: number, "from": position})
        return path("&".join(filter(None, (asked.query(), place))))

    earlier, later = _STEPS[listing.sort]
    return {
        "asked": listing,
        "own_path": own_path,
        "tabs": [
            {
                "words": words,
                "count": count,
                "url": path(asked.query(status=status)),
                "is_current": listing.status == status,
            }
            for status, words, count in (
                (None, msgid("All"), totals.registered),
                *((status, words, getattr(totals, status)) for status, words in _TABS),
            )
        ],
        "sorts": _SORTS,
        "mails": _MAILS,
        "sort_urls": {sort: path(asked.query(sort=sort)) for sort in _SORTS},
        "first": first,
        "last": first + len(page.rows) - 1,
        "total": None if is_narrowed else total,
        "is_empty": not totals.registered,
        "is_narrowed": is_narrowed,
        "is_cut": page.is_cut,
        "clear_url": path(asked.query(search="", mail=None)),
        "earlier": earlier,
        "later": later,
        "earlier_url": step("before", page.rows[0].number, max(1, first - PAGE_ROWS))
        if page.rows and page.has_earlier
        else "",
        "later_url": step("after", page.rows[-1].number, first + len(page.rows))
        if page.rows and page.has_later
        else "",
        "add_url": visit.path("webinars", listing.webinar_id, "registrants", "add"),
        "export_url": f"{own_path}/registrants.csv?{asked.query()}".removesuffix("?"),
    }


def _one_of(value: str | None, allowed: tuple[str, ...]) -> str | None:
    return value if value in allowed else None


def _number(value: str | None) -> int | None:
    if value is None or not value.isascii() or not value.isdigit():
        return None
    return int(value) if len(value) <= NUMBER_LENGTH_MAX else None


ROUTES = [
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}", show_webinar, "organizer"
    ),
]

"""The list as a file for spreadsheets: streamed, all rows of the filter, no cell is a formula."""

import io
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from defusedcsv import csv  # type: ignore[import-untyped] # It ships no types.

from services.registration.catalogues import msgid, speech
from services.registration.console.finding import webinar_of
from services.registration.console.registrants.listing import read_listing
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.registrants import Registrant
from services.registration.store import registrant_lists
from services.registration.store.registrant_lists import Listing
from services.registration.webinars import Webinar
from shared.money import major_units
from shared.postgres import Database

ROWS_AT_ONCE = 2_000

_COLUMNS = (
    msgid("Reference"),
    msgid("Name"),
    msgid("E-mail"),
    msgid("Language"),
    msgid("Status"),
    msgid("Registered"),
    msgid("Paid"),
    msgid("Refunded"),
    msgid("Currency"),
    msgid("Fee"),
    msgid("Net"),
    msgid("Settlement currency"),
    msgid("Mail"),
)
_STATUSES = {
    "awaiting_payment": msgid("Awaiting payment"),
    "confirmed": msgid("Confirmed"),
    "released": msgid("Released"),
    "cancelled": msgid("Cancelled"),
}
_MAILS = {"sent": msgid("Accepted"), "failed": msgid("Failed"), "bounced": msgid("Bounced")}
_ANSWERS = {True: msgid("Yes"), False: msgid("No")}


async def export(visit: Visit) -> web.StreamResponse:
    """GET …/registrants.csv: the list of the same address, whole."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        questions = await registrant_lists.questions_answered(connection, webinar.id)
    answer = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="registrants.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
    )
    await answer.prepare(visit.request)
    listing = read_listing(visit.query, webinar).listing
    async for part in _parts(visit.database, listing, webinar, questions, visit.locale):
        await answer.write(part)
    await answer.write_eof()
    return answer


async def _parts(
    database: Database,
    listing: Listing,
    webinar: Webinar,
    questions: Sequence[str],
    locale: str,
) -> AsyncIterator[bytes]:
    said = speech(locale).gettext
    # Spreadsheets know UTF-8 by the mark in front.
    yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
    yield _written([[*(said(column) for column in _COLUMNS), *questions]])
    after: int | None = None
    while True:
        # Each part is a connection of its own: a slow reader keeps none from others.
        async with database.connection() as connection:
            page = await registrant_lists.page(connection, listing, after=after, limit=ROWS_AT_ONCE)
            ids = [one.id for one in page.rows]
            mails = await registrant_lists.mail_states(connection, ids)
            answers = await registrant_lists.answers_of(connection, ids) if questions else {}
        yield _written(
            [
                *_cells(one, webinar.time_zone, said),
                said(_MAILS[mails[one.id]]) if one.id in mails else "",
                *_answer_cells(answers, one.id, questions, said),
            ]
            for one in page.rows
        )
        if not page.has_later:
            return
        after = page.rows[-1].number


def _cells(registrant: Registrant, time_zone: str, said: Any) -> list[Any]:
    registered = registrant.created_at.astimezone(ZoneInfo(time_zone))
    has_paid = registrant.paid_at is not None or registrant.paid_minor > 0
    return [
        registrant.id,
        registrant.name,
        registrant.email,
        registrant.locale,
        said(_STATUSES[registrant.status]),
        registered.isoformat(" ", "seconds"),
        _amount(registrant.paid_minor if has_paid else None, registrant.currency),
        _amount(registrant.refunded_minor if has_paid else None, registrant.currency),
        (registrant.currency or "") if has_paid else "",
        _amount(registrant.fee_minor, registrant.settlement_currency),
        _amount(registrant.net_minor, registrant.settlement_currency),
        registrant.settlement_currency or "",
    ]


def _answer_cells(
    answers: Mapping[UUID, Collection[Mapping[str, Any]]],
    registrant_id: UUID,
    questions: Sequence[str],
    said: Any,
) -> list[Any]:
    given = {one["question"]: one["answer"] for one in answers.get(registrant_id, ())}
    cells = (given.get(question) for question in questions)
    return [said(_ANSWERS[cell]) if isinstance(cell, bool) else cell or "" for cell in cells]


def _amount(minor: int | None, currency: str | None) -> Any:
    """A decimal number as programs read it; empty where there is none."""
    return "" if minor is None or currency is None else major_units(minor, currency)


def _written(rows: Any) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


ROUTES = [
    ConsoleRoute(
        "GET",
        "/console/{organization_id}/webinars/{webinar_id}/registrants.csv",
        export,
        "organizer",
    ),
]

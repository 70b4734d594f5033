"""The list as a file: every row of the filter, decimal amounts, nothing that a program runs."""

import csv
import io
from typing import Any

from services.registration.console.registrants import exporting
from tests.registration.console.browser import Browser
from tests.registration.console.registrants.people import named, paying, webinar_path
from tests.registration.console.registrants.test_listing import crowd
from tests.registration.office import FREE, Office, fee_settled, refunded


async def rows_of(
    office: Office, organizer: Browser, webinar: dict[str, Any], query: str = ""
) -> list[dict[str, str]]:
    page = await organizer.get(webinar_path(office, webinar, "registrants.csv") + query)
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.html.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    return list(csv.DictReader(io.StringIO(page.html[1:], newline="")))


async def test_amounts_are_decimal_numbers_beside_their_currency(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await named(office, webinar, "Ben Okri")
    await office.deliver(
        refunded(ana, 2050), fee_settled(ana, version=2, fee_minor=172, net_minor=-172)
    )

    ben, first = await rows_of(office, organizer, webinar)

    assert (first["Reference"], first["Name"], first["E-mail"]) == (
        str(ana.id),
        "Ana Ruiz",
        ana.email,
    )
    money = ("Paid", "Refunded", "Currency", "Fee", "Net", "Settlement currency")
    assert [first[column] for column in money] == ["49.00", "20.50", "EUR", "1.72", "-1.72", "EUR"]
    assert [ben[column] for column in money] == [""] * 6
    assert (ben["Status"], first["Status"]) == ("Awaiting payment", "Confirmed")


async def test_no_cell_is_a_formula(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    for name in ("=HYPERLINK(1)", "@SUM(1)", "+1+1", "-2+3", "|calc", "%x"):
        await named(office, webinar, name)

    rows = await rows_of(office, organizer, webinar)

    assert [row["Name"][0] for row in rows] == ["'"] * 6


async def test_the_file_has_every_row_of_the_filter_in_its_order(
    office: Office, organizer: Browser
) -> None:
    count = exporting.ROWS_AT_ONCE + 500
    webinar = await crowd(office, count)

    everybody = await rows_of(office, organizer, webinar, "?sort=amount")
    confirmed = await rows_of(office, organizer, webinar, "?status=confirmed&q=guest%200001")

    assert len({row["Reference"] for row in everybody}) == len(everybody) == count
    paid = [float(row["Paid"] or 0) for row in everybody]
    assert paid == sorted(paid, reverse=True)
    assert {row["Status"] for row in confirmed} <= {"Confirmed"}
    assert len(confirmed) <= 1


async def test_answers_are_columns_under_the_question_as_it_was_asked(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana, ben = await named(office, webinar, "Ana"), await named(office, webinar, "Ben")
    for who, answers in (
        (ana, [{"question": "Your city?", "kind": "short_text", "answer": "=Lugo"}]),
        (ben, [{"question": "Newsletter?", "kind": "checkbox", "answer": True}]),
    ):
        await office.execute("UPDATE registrants SET answers = $1 WHERE id = $2", answers, who.id)

    of_ben, of_ana = await rows_of(office, organizer, webinar)

    assert (of_ana["Your city?"], of_ana["Newsletter?"]) == ("'=Lugo", "")
    assert (of_ben["Your city?"], of_ben["Newsletter?"]) == ("", "Yes")

"""What the form of a webinar says: each mistake has its field and its words."""

from datetime import UTC, datetime

import pytest

from services.registration.console.message import Message
from services.registration.console.webinars.forms import read_webinar, typed_anew, typed_in
from tests.registration.console.forms import TYPED

NOW = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"title": " "}, "title", "Give it a title"),
        ({"title": "a" * 201}, "title", "Shorten the title"),
        ({"kind": "party"}, "kind", "Choose one of the two"),
        ({"date": ""}, "date", "Choose a date"),
        ({"date": "soon"}, "date", "Choose a date"),
        ({"date": "2020-01-01"}, "date", "in the future"),
        ({"date": "9999-12-31"}, "date", "before the year 2200"),
        ({"time": "25:00"}, "time", "Choose a time"),
        ({"date": "2027-03-28", "time": "02:30"}, "time", "skip this time"),
        ({"zone": "Mars/Olympus"}, "zone", "Choose a time zone"),
        ({"duration": "1.5"}, "duration", "whole minutes"),
        ({"duration": "0"}, "duration", "whole minutes"),
        ({"seats": "0"}, "seats", "leave this empty"),
        ({"seats": "٣"}, "seats", "leave this empty"),
        ({"hold_minutes": "4"}, "hold_minutes", "5 to 120"),
        ({"join_url": "javascript:alert(1)"}, "join_url", "https://"),
        ({"description": "é" * 8193}, "description", "16 KiB"),
        ({"policy": "brackets"}, "hours_1", "at least one step"),
        ({"policy": "brackets", "hours_1": "x", "percent_1": "5"}, "hours_1", "whole hours"),
        ({"policy": "brackets", "hours_2": "5"}, "percent_2", "percentage"),
        (
            {"policy": "brackets", "hours_1": "9", "percent_1": "50", "hours_2": "9",
             "percent_2": "20"},
            "hours_2",
            "change one",
        ),
        (
            {"policy": "brackets", "hours_1": "9", "percent_1": "50", "hours_2": "1",
             "percent_2": "60"},
            "percent_2",
            "less than 50 here",
        ),
        ({"policy": "maybe"}, "policy", "Choose what goes back"),
        ({"question_choices_1": "A"}, "question_label_1", "Type the question"),
        (
            {"question_label_3": "Size", "question_kind_3": "choice", "question_choices_3": "S"},
            "question_choices_3",
            "2 to 20",
        ),
        (
            {"question_label_1": "Size", "question_label_5": "Size"},
            "question_label_5",
            "are the same",
        ),
        ({"question_label_1": "a" * 201}, "question_label_1", "Shorten the question"),
        ({"question_label_1": "Why", "question_kind_1": "song"}, "question_kind_1", "answered"),
    ],
)  # fmt: skip
def test_each_mistake_is_explained_at_its_field(
    typed: dict[str, str], field: str, words: str
) -> None:
    read = read_webinar(typed_in(TYPED | typed), NOW)

    said = read.errors[field]
    text = said.text % said.values if isinstance(said, Message) else said
    assert words in text


def test_what_was_typed_well_is_read_beside_a_mistake() -> None:
    read = read_webinar(typed_in(TYPED | {"duration": "x", "seats": "40"}), NOW)

    assert list(read.errors) == ["duration"]
    assert (read.values["capacity"], read.values["title"]) == (40, "Bread at home")
    assert "duration_minutes" not in read.values


def test_a_time_that_comes_twice_is_the_first_of_both() -> None:
    read = read_webinar(typed_in(TYPED | {"date": "2027-10-31", "time": "02:30"}), NOW)

    assert read.errors == {}
    assert read.values["starts_at"] == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_new_form_lacks_its_title_and_date_only() -> None:
    read = read_webinar(typed_anew("UTC"), NOW)

    assert set(read.errors) == {"title", "date", "time"}

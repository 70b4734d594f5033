"""Calendar files, read back by a calendar library."""

from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar as CalendarFile

from services.notifications.calendar_file import Method, calendar
from tests.notifications.builders import REGISTRANT_ID, SENDER, STARTS_AT, confirmed

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def event_of(method: Method = "PUBLISH", sequence: int = 2, **facts: object) -> Any:
    event = confirmed(**facts)
    written = calendar(
        event, method=method, sequence=sequence, sender=SENDER, now=NOW, join_url=event.join_url
    )
    return CalendarFile.from_ical(written.content)


def test_times_are_absolute_and_the_event_is_the_registrants_own() -> None:
    file = event_of(time_zone="America/New_York")
    (event,) = file.walk("VEVENT")

    assert file["METHOD"] == "PUBLISH"
    assert event["DTSTART"].dt == STARTS_AT
    assert event["DTEND"].dt == STARTS_AT + timedelta(minutes=90)
    assert b"DTSTART:20261126T170000Z" in file.to_ical()
    assert event["UID"] == f"{REGISTRANT_ID}@taquilla"
    assert event["SEQUENCE"] == 2
    assert event["URL"] == event["LOCATION"] == "https://box.example.org/j/join-token"


def test_taking_it_out_again_names_the_same_event_and_a_later_sequence() -> None:
    (published,) = event_of().walk("VEVENT")
    file = event_of("CANCEL", sequence=3)
    (event,) = file.walk("VEVENT")

    assert file["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"
    assert event["UID"] == published["UID"]
    assert event["SEQUENCE"] > published["SEQUENCE"]


def test_hostile_words_add_no_line() -> None:
    title = "Prices\r\nATTACH:https://evil.example\n;,\\" + "ñ" * 100
    organization = 'Faro" : Studio\r\nX-EVIL:1'

    (event,) = event_of(webinar_title=title, organization_name=organization).walk("VEVENT")

    assert "ATTACH" not in event
    assert "X-EVIL" not in event
    assert event["SUMMARY"] == "Prices ATTACH:https://evil.example ;,\\" + "ñ" * 100
    assert event["ORGANIZER"] == "mailto:tickets@example.org"


def test_lines_are_short_enough_for_any_calendar() -> None:
    event = confirmed(webinar_title="Ñ" * 150, join_url="https://box.example.org/j/" + "a" * 300)
    written = calendar(
        event, method="PUBLISH", sequence=1, sender=SENDER, now=NOW, join_url=event.join_url
    )

    assert max(map(len, written.content.split(b"\r\n"))) <= 75

from datetime import timedelta

from icalendar import Calendar

from services.registration.pages.calendar_file import calendar_file
from tests.registration.pages.builders import CONFIRMED, LINKS, START, registrant_facts, webinar


def test_a_calendar_reads_the_event_as_it_is() -> None:
    title = "Café; one, two\\three \N{SNOWMAN}\r\nATTACH:https://evil.example " + "long " * 30
    facts = registrant_facts(**CONFIRMED, event=webinar(title=title, version=3))

    raw = calendar_file(facts, LINKS)

    [event] = Calendar.from_ical(raw).walk("VEVENT")
    assert event["SUMMARY"] == " ".join(title.split())
    assert event.decoded("DTSTART") == START
    assert event.decoded("DTEND") == START + timedelta(minutes=90)
    assert event["SEQUENCE"] == facts.registrant.version + 3  # As the mails count it.
    assert str(event["LOCATION"]).startswith("https://tickets.example/j/")
    assert "ATTACH" not in event
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))

"""Calendar files: an event that any calendar takes in, and takes out again. No I/O here."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from icalendar import Calendar as CalendarFile
from icalendar import Event, vCalAddress, vText, vUri
from icalendar.parser import Contentline, Parameters

from services.notifications.letter import Calendar
from services.notifications.plain_words import one_line
from services.notifications.rendering import Sender
from shared.events import RegistrantFacts

PRODUCT = "-//Taquilla//Taquilla//EN"

Method = Literal["PUBLISH", "CANCEL"]

_EVENT_END = b"END:VEVENT"


def calendar(
    facts: RegistrantFacts,
    *,
    method: Method,
    sequence: int,
    sender: Sender,
    now: datetime,
    join_url: str = "",
) -> Calendar:
    """The registrant's own event: a later version of it replaces an earlier one by its UID.

    Times are UTC, so that no calendar needs to know our time zones.
    """
    before, after = _frame(
        method,
        one_line(facts.webinar_title),
        facts.starts_at,
        facts.duration_minutes,
        one_line(facts.organization_name).replace('"', "'"),
        sender.address,
    )
    own = (
        # The same as on the registrant's page, or a calendar would show the event twice.
        f"UID:{facts.registrant_id}@taquilla\r\n"
        f"SEQUENCE:{sequence}\r\n"
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n"
    ).encode()
    if join_url:
        own += _line("URL", vUri(join_url)) + _line("LOCATION", vText(join_url))
        own += _line("DESCRIPTION", vText(f"{join_url}\n\n{facts.manage_url}"))
    return Calendar(method, before + own + after)


@lru_cache(maxsize=512)
def _frame(
    method: Method,
    title: str,
    starts_at: datetime,
    duration_minutes: int,
    organization: str,
    address: str,
) -> tuple[bytes, bytes]:
    """What all registrants of a webinar have in common, before and after what is their own."""
    event = Event()
    event.add("dtstart", starts_at.astimezone(UTC))
    event.add("dtend", starts_at.astimezone(UTC) + timedelta(minutes=duration_minutes))
    event.add("summary", title)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = vText(organization)
    event["organizer"] = organizer

    file = CalendarFile()
    file.add("prodid", PRODUCT)
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", method)
    file.add_component(event)
    before, end, after = file.to_ical().partition(_EVENT_END)
    return before, end + after


def _line(name: str, value: vUri | vText) -> bytes:
    return bytes(Contentline.from_parts(name, Parameters(), value).to_ical()) + b"\r\n"

"""Calendar files: an event that any calendar takes in, and takes out again. No I/O here."""

from datetime import datetime, timedelta
from typing import Literal

from icalendar import Calendar as CalendarFile
from icalendar import Event, vCalAddress, vText

from services.notifications.letter import Calendar
from services.notifications.plain_words import one_line
from services.notifications.rendering import Sender
from shared.events import RegistrantFacts

PRODUCT = "-//Taquilla//Taquilla//EN"


def calendar(
    facts: RegistrantFacts,
    *,
    method: Literal["PUBLISH", "CANCEL"],
    sequence: int,
    sender: Sender,
    now: datetime,
    join_url: str = "",
) -> Calendar:
    """The registrant's own event: a later version of it replaces an earlier one by its UID.

    Times are UTC, so that no calendar needs to know our time zones.
    """
    event = Event()
    event.add("uid", f"{facts.registrant_id}@{sender.domain}")
    event.add("sequence", sequence)
    event.add("dtstamp", now)
    event.add("dtstart", facts.starts_at)
    event.add("dtend", facts.starts_at + timedelta(minutes=facts.duration_minutes))
    event.add("summary", one_line(facts.webinar_title))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    organizer = vCalAddress(f"mailto:{sender.address}")
    organizer.params["CN"] = vText(one_line(facts.organization_name).replace('"', "'"))
    event["organizer"] = organizer
    if join_url:
        event.add("location", join_url)
        event.add("url", join_url)
        event.add("description", f"{join_url}\n\n{facts.manage_url}")

    file = CalendarFile()
    file.add("prodid", PRODUCT)
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", method)
    file.add_component(event)
    return Calendar(method, file.to_ical())

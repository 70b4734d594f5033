"""One event for the registrant's calendar (RFC 5545). No I/O here."""

from datetime import UTC, datetime, timedelta

from services.registration.links import Links
from services.registration.pages.facts import RegistrantFacts
from services.registration.registrants import calendar_sequence

LINE_BYTES_MAX = 75


def calendar_file(facts: RegistrantFacts, links: Links) -> bytes:
    """The event; its id stays the same when it moves, so that calendars follow."""
    registrant, webinar = facts.registrant, facts.webinar
    join_url = links.join_url(registrant.id, registrant.link_version)
    ends_at = webinar.starts_at + timedelta(minutes=webinar.duration_minutes)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Taquilla//Box office//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{registrant.id}@taquilla",
        f"SEQUENCE:{calendar_sequence(registrant.version, webinar)}",
        f"DTSTAMP:{_moment(facts.now)}",
        f"DTSTART:{_moment(webinar.starts_at)}",
        f"DTEND:{_moment(ends_at)}",
        f"SUMMARY:{_text(webinar.title)}",
        f"LOCATION:{_text(join_url)}",
        f"URL:{join_url}",
        f"DESCRIPTION:{_text(join_url)}",
        f"STATUS:{'CANCELLED' if webinar.status == 'cancelled' else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    for special in ("\\", ";", ","):
        value = value.replace(special, "\\" + special)
    return " ".join(value.split())


def _folded(line: str) -> bytes:
    """Lines of at most 75 bytes, broken between characters, joined again by the reader."""
    pieces: list[bytes] = [b""]
    for character in line:
        encoded = character.encode()
        if len(pieces[-1]) + len(encoded) > LINE_BYTES_MAX:
            pieces.append(b" ")
        pieces[-1] += encoded
    return b"\r\n".join(pieces) + b"\r\n"

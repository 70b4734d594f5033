"""The form that schedules and edits a webinar: read field by field, what is wrong in words.

What was typed is kept as it was typed, under the names of the form's fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import TypeAdapter, ValidationError

from services.registration.catalogues import msgid
from services.registration.console.message import Words
from services.registration.console.webinars.policy_form import (
    POLICY_FIELDS,
    read_policy,
    type_policy,
)
from services.registration.console.webinars.question_form import (
    QUESTION_FIELDS,
    read_own_questions,
    type_questions,
)
from services.registration.routes.webinar_bodies import (
    Capacity,
    Description,
    HoldMinutes,
    Minutes,
    Title,
    WebAddress,
)
from services.registration.webinars import DURATION_MINUTES, HOLD_MINUTES, LATEST_START, Webinar

KINDS = ("webinar", "virtual_event")
NUMBER_LENGTH_MAX = 9
_AREAS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
    "Indian", "Pacific",
)  # fmt: skip

_PLAIN_FIELDS = (
    "version", "title", "kind", "date", "time", "zone", "duration", "description", "seats",
    "hold_minutes", "join_url", "offer_refund", "refund_date", "refund_time",
)  # fmt: skip
FIELDS = (*_PLAIN_FIELDS, *POLICY_FIELDS, *QUESTION_FIELDS)

Typed = dict[str, str]
Errors = dict[str, Words]


@dataclass(frozen=True)
class Read:
    """The fields that could be read, by the names of a webinar's own; and what is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


class Wrong(ValueError):
    """What was typed into one field cannot be used; says what to do."""

    def __init__(self, words: Words) -> None:
        self.words = words
        super().__init__()


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The zones that people live in, by name."""
    known = available_timezones()
    return ("UTC", *sorted(zone for zone in known if zone.split("/")[0] in _AREAS))


def typed_in(fields: Mapping[str, str]) -> Typed:
    """What was typed, without characters that a page must not hold."""
    return {name: fields.get(name, "").replace("\0", "").replace("\r\n", "\n") for name in FIELDS}


def typed_anew(time_zone: str) -> Typed:
    """The form for a new webinar."""
    empty = dict.fromkeys(FIELDS, "")
    return empty | {
        "kind": "webinar",
        "zone": time_zone,
        "duration": str(DURATION_MINUTES),
        "hold_minutes": str(HOLD_MINUTES),
    }


def typed_of(webinar: Webinar, description: str) -> Typed:
    """The form as it would have been typed for this webinar."""
    day, clock, zone = _shown_start(webinar)
    return {
        **typed_anew(zone),
        "version": str(webinar.version),
        "title": webinar.title,
        "kind": webinar.kind,
        "date": day.isoformat(),
        "time": f"{clock:%H:%M}",
        "duration": str(webinar.duration_minutes),
        "description": description,
        "seats": "" if webinar.capacity is None else str(webinar.capacity),
        "hold_minutes": str(webinar.hold_minutes),
        "join_url": webinar.join_url or "",
        **type_policy(webinar.policy),
        **type_questions(webinar.questions),
    }


def read_webinar(typed: Typed, now: datetime, before: Webinar | None = None) -> Read:
    """Everything that the form says; `before` is the webinar that is edited."""
    values: dict[str, Any] = {}
    errors: Errors = {}

    def take(name: str, of_field: str, read: Callable[[], Any]) -> None:
        try:
            values[name] = read()
        except Wrong as wrong:
            errors[of_field] = wrong.words

    take("title", "title", lambda: _title(typed["title"]))
    take("kind", "kind", lambda: _kind(typed["kind"]))
    starts_at = _read_start(typed, values, errors, before)
    if starts_at is not None:
        is_moved = before is None or starts_at != before.starts_at
        if is_moved and starts_at <= now:
            errors["date"] = msgid("Choose a start in the future.")
        elif starts_at >= LATEST_START:
            errors["date"] = msgid("Choose a date before the year 2200.")
        else:
            values["starts_at"] = starts_at
    take("duration_minutes", "duration", lambda: _minutes(typed["duration"]))
    take("description", "description", lambda: _description(typed["description"]))
    take("capacity", "seats", lambda: _seats(typed["seats"]))
    take("hold_minutes", "hold_minutes", lambda: _hold_minutes(typed["hold_minutes"]))
    take("join_url", "join_url", lambda: _join_url(typed["join_url"]))
    policy, wrong = read_policy(typed)
    errors |= wrong
    if not wrong:
        values["refund_policy"] = None if policy is None else policy.as_json()
    questions, wrong = read_own_questions(typed)
    errors |= wrong
    if not wrong:
        values["questions"] = questions
    if before is not None and typed["offer_refund"] and "starts_at" in values:
        _read_offer(typed, now, before, values, errors)
    return Read(values, errors)


def read_known(typed: Typed, now: datetime) -> Read:
    """What a form that nobody has sent yet says: nothing is wrong with it so far."""
    return Read(read_webinar(typed, now).values)


def changes(read: Read, before: Webinar, description: str) -> dict[str, Any]:
    """What of it differs from the webinar as it is."""
    differing = {
        name: value
        for name, value in read.values.items()
        if name not in ("description", "refund_until") and value != getattr(before, name)
    }
    written = description.replace("\r\n", "\n")  # As a browser sends it back.
    for name, now in (("description", written), ("refund_until", None)):
        if read.values.get(name, now) != now:
            differing[name] = read.values[name]
    return differing


def _read_start(
    typed: Typed, values: dict[str, Any], errors: Errors, before: Webinar | None
) -> datetime | None:
    """Date, time and zone are three fields and one moment; untouched, it stays to the second."""
    day = clock = zone = None
    try:
        zone = values["time_zone"] = _zone(typed["zone"])
    except Wrong as wrong:
        errors["zone"] = wrong.words
    try:
        day = _day(typed["date"])
    except Wrong as wrong:
        errors["date"] = wrong.words
    try:
        clock = _clock(typed["time"])
    except Wrong as wrong:
        errors["time"] = wrong.words
    if day is None or clock is None or zone is None:
        return None
    if before is not None and (day, clock, zone) == _shown_start(before):
        return before.starts_at
    try:
        return _moment(day, clock, zone)
    except Wrong as wrong:
        errors["time"] = wrong.words
        return None


def _shown_start(webinar: Webinar) -> tuple[date, time, str]:
    local = webinar.starts_at.astimezone(ZoneInfo(webinar.time_zone))
    return local.date(), time(local.hour, local.minute), webinar.time_zone


def _read_offer(
    typed: Typed, now: datetime, before: Webinar, values: dict[str, Any], errors: Errors
) -> None:
    """Until when registrants may choose a refund; without a time, until the new start."""
    new_start: datetime = values["starts_at"]
    if new_start == before.starts_at:
        errors["offer_refund"] = msgid("Change the start as well, or offer no refund.")
        return
    if not typed["refund_date"] and not typed["refund_time"]:
        values["refund_until"] = new_start
        return
    try:
        day = _day(typed["refund_date"])
        clock = _clock(typed["refund_time"] or "23:59")
        until = _moment(day, clock, values["time_zone"])
    except Wrong as wrong:
        errors["refund_date"] = wrong.words
        return
    if not now < until <= new_start:
        errors["refund_date"] = msgid("Choose a time between now and the new start.")
        return
    values["refund_until"] = until


def _checked(kind: Any, value: Any, words: Words) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        raise Wrong(words) from None


def _whole(typed: str, kind: Any, words: Words) -> int:
    digits = typed.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > NUMBER_LENGTH_MAX:
        raise Wrong(words)
    found: int = _checked(kind, int(digits), words)
    return found


def _title(typed: str) -> str:
    if not typed.strip():
        raise Wrong(msgid("Give it a title."))
    title: str = _checked(
        Title, typed, msgid("Shorten the title to one line of at most 200 characters.")
    )
    return title


def _kind(typed: str) -> str:
    if typed not in KINDS:
        raise Wrong(msgid("Choose one of the two."))
    return typed


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Wrong(msgid("Choose a date, such as 2027-03-31.")) from None


def _clock(typed: str) -> time:
    try:
        clock = time.fromisoformat(typed.strip().zfill(5))
    except ValueError:
        raise Wrong(msgid("Choose a time, such as 18:00.")) from None
    return clock.replace(second=0, microsecond=0, tzinfo=None)


def _zone(typed: str) -> str:
    """A zone by its name, or by the city in it."""
    asked = typed.strip().replace(" ", "_").lower()
    for zone in time_zones():
        if asked in (zone.lower(), zone.lower().rsplit("/", 1)[-1]):
            return zone
    if typed.strip() in available_timezones():
        return typed.strip()
    raise Wrong(msgid("Choose a time zone from the list, such as Europe/Madrid."))


def _moment(day: date, clock: time, zone: str) -> datetime:
    local = datetime.combine(day, clock, ZoneInfo(zone))
    try:
        moment = local.astimezone(UTC)
    except OverflowError:
        raise Wrong(msgid("Choose a date, such as 2027-03-31.")) from None
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Wrong(
            msgid("The clocks go forward on that day and skip this time. Choose another one.")
        )
    return moment


def _minutes(typed: str) -> int:
    return _whole(typed, Minutes, msgid("Type the length in whole minutes, from 1 to 43,200."))


def _description(typed: str) -> str:
    description: str = _checked(
        Description, typed, msgid("Shorten the description: it may have 16 KiB.")
    )
    return description


def _seats(typed: str) -> int | None:
    if not typed.strip():
        return None
    words = msgid("Type a whole number up to 1,000,000, or leave this empty for no limit.")
    return _whole(typed, Capacity, words)


def _hold_minutes(typed: str) -> int:
    return _whole(typed, HoldMinutes, msgid("Type whole minutes, from 5 to 120."))


def _join_url(typed: str) -> str | None:
    if not typed.strip():
        return None
    words = msgid("Type a web address that begins with https:// or http://.")
    address: str = _checked(WebAddress, typed, words)
    return address

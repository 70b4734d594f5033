"""The head of every page about one webinar: what it is, how it stands, where to go. No I/O here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from services.registration.catalogues import msgid
from services.registration.links import Links
from services.registration.webinars import Webinar

Place = Literal["", "edit", "payment", "copy", "embed", "rehearsal", "cancel"]

_PLACES = ("edit", "payment", "copy", "embed", "rehearsal", "cancel")


@dataclass(frozen=True)
class Badge:
    """How a webinar stands, in a word; `words` is a message key."""

    tone: Literal["good", "warn", "bad", ""]
    words: str


def webinar_badge(webinar: Webinar, *, is_ready: bool, now: datetime) -> Badge:
    """The first that applies: an organizer needs to know the end before the sale."""
    if webinar.status == "cancelled":
        return Badge("bad", msgid("Cancelled", "a webinar"))
    if is_over(webinar, now):
        return Badge("", msgid("Over"))
    if now >= webinar.starts_at:
        return Badge("good", msgid("Live now"))
    if webinar.price_minor > 0 and not is_ready:
        return Badge("warn", msgid("Sale paused"))
    if not webinar.has_free_seat:
        return Badge("warn", msgid("Sold out") if webinar.price_minor else msgid("Full"))
    return Badge(
        "good", msgid("On sale") if webinar.price_minor else msgid("Open", "for registration")
    )


def is_over(webinar: Webinar, now: datetime) -> bool:
    """Whether it has ended."""
    return now >= webinar.starts_at + timedelta(minutes=webinar.duration_minutes)


def webinar_header(
    webinar: Webinar,
    *,
    path: Callable[..., str],
    links: Links,
    is_ready: bool,
    now: datetime,
    here: Place = "",
) -> dict[str, Any]:
    """What `console/webinar_header.html` shows as `header`; `path` is the visit's.

    `here` names the page below the webinar's own that is shown.
    """
    return {
        "webinar": webinar,
        "badge": webinar_badge(webinar, is_ready=is_ready, now=now),
        "may_change": webinar.status == "scheduled" and not is_over(webinar, now),
        "public_url": links.webinar_url(webinar.id),
        "list_path": path("webinars"),
        "paths": {"webinar": path("webinars", webinar.id)}
        | {place: path("webinars", webinar.id, place) for place in _PLACES}
        | {"messages": path("settings", "messages")},  # One set of words for all webinars.
        "here": here,
    }

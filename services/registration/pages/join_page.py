"""The way in: open to a confirmed registrant with the newest link, closed with a reason. No I/O."""

from typing import Any, Literal
from urllib.parse import urlsplit

from services.registration.links import Links
from services.registration.pages.facts import RegistrantFacts
from services.registration.pages.registrant_page import surroundings

Obstacle = Literal["event_cancelled", "replaced", "unpaid", "released", "cancelled", "no_room"]


def obstacle_of(facts: RegistrantFacts, link_version: int) -> Obstacle | None:
    """Why this link does not open the room; None if it does."""
    registrant, webinar = facts.registrant, facts.webinar
    if link_version != registrant.link_version:
        return "replaced"
    if webinar.status == "cancelled":
        return "event_cancelled"
    match registrant.status:
        case "awaiting_payment":
            return "unpaid"
        case "released" | "cancelled":
            return registrant.status
    has_room = webinar.join_url is not None and urlsplit(webinar.join_url).scheme in (
        "http",
        "https",
    )
    return None if has_room else "no_room"


def join_view(facts: RegistrantFacts, link_version: int, links: Links) -> dict[str, Any]:
    """All that the template shows; a forwarded join link never shows the way to cancel."""
    return {
        **surroundings(facts, links),
        "obstacle": obstacle_of(facts, link_version),
        "webinar_url": links.webinar_url(facts.webinar.id),
    }

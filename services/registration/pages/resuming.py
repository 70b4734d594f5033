"""A browser that has registered finds its registration again. No I/O here.

A signed cookie, sent to one webinar's pages only, names the registrations made in this browser.
It opens nothing by itself: the page behind it is the one that the mailed link opens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.registration.links import Links
from services.registration.pages.facts import State, standing
from services.registration.pages.webinar_page import Typed
from services.registration.questions import Question
from services.registration.registrants import Registrant
from shared.tokens import BadToken

COOKIE = "registrations"
REMEMBERED_MAX = 3
REMEMBERED_SECONDS = 90 * 24 * 3600
COOKIE_LENGTH_MAX = 1_000
_LIKED: tuple[State, ...] = ("confirmed", "awaiting", "declined", "lapsed", "released", "cancelled")

Known = tuple[UUID, int]
"""A registrant and the version of its link."""


@dataclass(frozen=True)
class Earlier:
    """The registration made here that matters most, and where it leads."""

    registrant: Registrant
    state: State
    manage_url: str
    pay_url: str

    @property
    def is_over(self) -> bool:
        """It ended; what was typed then is worth keeping."""
        return self.state in ("released", "cancelled")


def remembered(links: Links, webinar_id: UUID, cookie: str | None) -> list[Known]:
    """The registrations that a cookie of ours names; none for anything else."""
    if not cookie or len(cookie) > COOKIE_LENGTH_MAX:
        return []
    try:
        named = links.signer.verify(_purpose(webinar_id), cookie).split(" ")
    except BadToken:
        return []
    pairs = (one.partition(":") for one in named)
    return [(UUID(registrant_id), int(version)) for registrant_id, _, version in pairs]


def with_another(links: Links, webinar_id: UUID, cookie: str | None, newest: Known) -> str:
    """The cookie with one more registration, the newest first."""
    others = [one for one in remembered(links, webinar_id, cookie) if one[0] != newest[0]]
    named = [newest, *others][:REMEMBERED_MAX]
    written = " ".join(f"{registrant_id}:{version}" for registrant_id, version in named)
    return links.signer.sign(_purpose(webinar_id), written)


def earlier(
    links: Links, known: Sequence[Known], registrants: Sequence[Registrant], now: datetime
) -> Earlier | None:
    """The best of what was registered here; links that were replaced since open nothing."""
    own = [one for one in registrants if (one.id, one.link_version) in known]
    if not own:
        return None
    best = min(own, key=lambda one: (_LIKED.index(standing(one, now)), -one.number))
    return Earlier(
        best,
        standing(best, now),
        links.manage_url(best.id, best.link_version),
        links.pay_url(best.id),
    )


def typed_before(
    registrant: Registrant,
    answered: Sequence[Mapping[str, Any]] | None,
    questions: Sequence[Question],
) -> Typed:
    """The form as this person filled it in; answers only where the same is asked again."""
    before = {(one["question"], one["kind"]): one["answer"] for one in answered or ()}
    found = (before.get((question.label, question.kind)) for question in questions)
    return Typed(
        name=registrant.name,
        email=registrant.email,
        answers=tuple("yes" if answer is True else answer or "" for answer in found),
    )


def _purpose(webinar_id: UUID) -> str:
    return f"browser {webinar_id}"

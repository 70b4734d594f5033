"""The public page of a webinar: what it shows in which situation. No I/O here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import shorten
from typing import Any, Literal

from markupsafe import Markup

from services.registration.catalogues import msgid
from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.pages.facts import RegistrantFacts, WebinarFacts
from services.registration.questions import stored_questions, wording
from services.registration.refund_policy import Step, sentence, steps
from services.registration.webinars import Webinar, availability
from shared.markdown import render_html, render_text

GIST_LENGTH_MAX = 160

ClosedBecause = Literal["cancelled", "over", "started", "not_ready"]

CARDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "american_express": "American Express",
    "discover_global_network": "Discover",
}
"""How people call the card brands that can be left out."""


@dataclass(frozen=True)
class Typed:
    """What a visitor typed into the form so far."""

    name: str = ""
    email: str = ""
    answers: tuple[str, ...] = ()  # By the questions' positions.
    terms: str = ""  # The version whose box is checked.

    def answer(self, place: int) -> str:
        """What was typed or chosen there."""
        return self.answers[place] if place < len(self.answers) else ""


def closed_because(facts: WebinarFacts) -> ClosedBecause | None:
    """Why nobody can register, sold out apart; None if the window is open."""
    webinar, now = facts.webinar, facts.now
    if availability(webinar, is_ready=facts.organization.is_ready, now=now) != "closed":
        return None
    if webinar.status == "cancelled":
        return "cancelled"
    if now >= webinar.starts_at + timedelta(minutes=webinar.duration_minutes):
        return "over"
    return "started" if now >= webinar.starts_at else "not_ready"


def webinar_view(
    facts: WebinarFacts,
    links: Links,
    locale: str,
    *,
    nonce: str,
    typed: Typed,
    errors: dict[str, str],
    refusal: str | None = None,
    earlier: Any = None,
) -> dict[str, Any]:
    """All that the template shows."""
    webinar, organization = facts.webinar, facts.organization
    is_sold_out = (
        availability(webinar, is_ready=organization.is_ready, now=facts.now) == "sold_out"
        or refusal == "sold_out"
    )
    listed: tuple[Step, ...] = ()
    if webinar.price_minor > 0:
        listed = steps(
            webinar.policy, webinar.starts_at, facts.now, webinar.price_minor, webinar.currency
        )
    in_force = next((step for step in listed if step.is_current), None)
    return {
        "webinar": webinar,
        "organization": organization,
        "brand": organization.name,
        "contact": organization.reply_to,
        "is_test": webinar.price_minor > 0 and not organization.is_live,
        "legal": legal_links(organization),
        "canonical_url": links.webinar_url(webinar.id),
        "lit_window": lit_window(webinar),
        "seats_left": 0 if webinar.capacity is None else webinar.capacity - webinar.seats_taken,
        "is_sold_out": is_sold_out,
        "next_hold_ends_at": facts.next_hold_ends_at if is_sold_out else None,
        "closed_because": closed_because(facts),
        "now": facts.now,
        "offer": in_force if in_force and in_force.until else None,
        "policy_steps": listed,
        "policy_sentence": sentence(webinar.policy, locale) if listed else "",
        "questions": stored_questions(webinar.questions),
        "questions_shown": wording(webinar.questions),
        "terms": terms_link(facts, links),
        "cards": [CARDS[brand] for brand in organization.card_brands],
        "statement_name": organization.statement_descriptor or organization.stripe_display_name,
        "description": description(facts.description),
        "gist": gist(facts.description),
        "is_framed": False,
        "nonce": nonce,
        "typed": typed,
        "errors": errors,
        "first_error": next(iter(errors), ""),
        "refusal": refusal,
        "earlier": earlier,
    }


def terms_view(
    facts: WebinarFacts, text: str | None, url: str | None, since: datetime, links: Links
) -> dict[str, Any]:
    """The page that shows the terms, or says where they stand."""
    return {
        "webinar": facts.webinar,
        "organization": facts.organization,
        "brand": facts.organization.name,
        "brand_url": links.webinar_url(facts.webinar.id),
        "contact": facts.organization.reply_to,
        "legal": legal_links(facts.organization),
        "text": description(text or ""),
        "terms_url": url,
        "since": since,
    }


@dataclass(frozen=True)
class TermsLink:
    """The terms to accept, and where they are read."""

    version: int
    address: str


def terms_link(facts: WebinarFacts | RegistrantFacts, links: Links) -> TermsLink | None:
    """The terms that whoever registers now accepts; None if there are none."""
    if facts.terms_version is None:
        return None
    address = facts.terms_address or links.terms_url(facts.webinar.id)
    return TermsLink(facts.terms_version, address)


def legal_links(organization: Organization) -> dict[str, str]:
    """What an organization must show on each of its pages, by its name."""
    given = {
        msgid("Privacy"): organization.privacy_url,
        msgid("Legal notice"): organization.imprint_url,
    }
    return {name: url for name, url in given.items() if url is not None}


def description(markdown: str) -> Markup | None:
    """The organizer's words as sanitized HTML; None if there are none."""
    # The allow-list of shared.markdown has passed: the only markup that is not ours.
    return Markup(render_html(markdown)) if markdown.strip() else None


def gist(markdown: str) -> str:
    """How the organizer's words begin, for search engines and whoever shares the link."""
    words = " ".join(render_text(markdown).split())
    return shorten(words, GIST_LENGTH_MAX, placeholder="…")


def lit_window(webinar: Webinar) -> int:
    """Which of the cover's five windows is lit: the webinar's id decides."""
    return int(webinar.id) % 5

"""A registrant's own page: one state, what happened, where the money is. No I/O here."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.registration import refunds
from services.registration.cancellations import CancelAsked, amount_back, refund_choice_until
from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.pages.facts import RegistrantFacts, State, standing
from services.registration.pages.webinar_page import TermsLink, legal_links, lit_window, terms_link
from services.registration.refund_policy import Step, policy_start, sentence, steps
from services.registration.registrants import Occasion, Registrant
from services.registration.webinars import availability
from shared.localized import format_until

Tone = Literal["good", "warn", "bad", ""]

# Stripe's decline codes that tell the payer something: https://docs.stripe.com/declines/codes
_DECLINES = {
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card",
    "incorrect_cvc": "incorrect_cvc",
    "invalid_cvc": "incorrect_cvc",
    "authentication_required": "authentication",
    "authentication_not_handled": "authentication",
    "processing_error": "processing_error",
}


@dataclass(frozen=True)
class Moment:
    """One line of what happened."""

    at: datetime
    what: str
    tone: Tone = ""
    amount_minor: int = 0


@dataclass(frozen=True)
class MoneyBack:
    """Where money of a lost seat is."""

    state: Literal["under_way", "returned", "failed", "none"]
    tone: Tone
    symbol: str
    amount_minor: int


@dataclass(frozen=True)
class Again:
    """Registering once more: by one button if a seat is free."""

    is_open: bool
    terms: TermsLink | None


def state_of(facts: RegistrantFacts) -> State:
    """How the registration stands now."""
    return standing(facts.registrant, facts.now)


def fingerprint(facts: RegistrantFacts) -> str:
    """Changes whenever the page would show something else."""
    registrant = facts.registrant
    seen = (
        state_of(facts), registrant.version, registrant.pay_by, registrant.declined_at,
        registrant.paid_minor, registrant.refunded_minor, facts.webinar.version,
        [refund.status for refund in facts.refunds],
    )  # fmt: skip
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def is_watched(facts: RegistrantFacts) -> bool:
    """Whether something is about to change without the reader's doing."""
    is_waiting = state_of(facts) in ("awaiting", "declined", "lapsed")
    return is_waiting or facts.unsettled_minor > 0


def refund_now(facts: RegistrantFacts, links: Links) -> int:
    """What the policy would give back if they cancelled now, as the rule itself decides it."""
    registrant = facts.registrant
    if registrant.status != "confirmed":
        return 0
    left = refunds.left_of(registrant, facts.unsettled_minor)
    occasion = Occasion(facts.webinar, facts.organization, links, facts.now)
    return amount_back(registrant, CancelAsked(by="registrant"), left, occasion)


def registrant_view(facts: RegistrantFacts, links: Links, locale: str) -> dict[str, Any]:
    """All that the template shows, addresses of the page's own links apart."""
    registrant, webinar = facts.registrant, facts.webinar
    ends_at = webinar.starts_at + timedelta(minutes=webinar.duration_minutes)
    has_started = facts.now >= webinar.starts_at
    return {
        **surroundings(facts, links),
        "lead": _lead(facts),
        "is_watched": is_watched(facts),
        "fingerprint": fingerprint(facts),
        "decline": _DECLINES.get(registrant.decline_code or "", "other"),
        "money_back": _money_back(facts),
        "refunds": _shown_refunds(facts),
        "story": sorted(_story(facts), key=lambda moment: moment.at)[::-1],
        "policy_steps": _policy_steps(facts),
        "has_started": has_started,
        "is_over": facts.now >= ends_at or webinar.status == "cancelled",
        "again": _again(facts, links),
        "starts_in": "" if has_started else format_until(webinar.starts_at, facts.now, locale),
        "reference": str(registrant.id),
        "pay_url": links.pay_url(registrant.id),
        "join_url": links.join_url(registrant.id, registrant.link_version),
        "webinar_url": links.webinar_url(webinar.id),
    }


def may_register_again(facts: RegistrantFacts) -> bool:
    """Whether it ended and the window is open."""
    return state_of(facts) in ("released", "cancelled") and facts.webinar.is_open(facts.now)


def _again(facts: RegistrantFacts, links: Links) -> Again | None:
    if not may_register_again(facts):
        return None
    is_ready = facts.organization.is_ready
    standing_now = availability(facts.webinar, is_ready=is_ready, now=facts.now)
    return Again(standing_now == "open", terms_link(facts, links))


def cancel_view(facts: RegistrantFacts, links: Links, locale: str) -> dict[str, Any]:
    """What the page shows before a cancellation is confirmed."""
    return {
        **surroundings(facts, links),
        "refund_minor": refund_now(facts, links),
        "policy_sentence": sentence(facts.registrant.policy, locale),
        "step": next((step for step in _policy_steps(facts) if step.is_current), None),
    }


def _choice_until(facts: RegistrantFacts) -> datetime | None:
    """Until when a moved start is a reason to get everything back."""
    if facts.registrant.status != "confirmed" or facts.registrant.paid_minor == 0:
        return None
    return refund_choice_until(facts.registrant, facts.webinar, facts.now)


def surroundings(facts: RegistrantFacts, links: Links) -> dict[str, Any]:
    """What every page about one registration shows."""
    registrant, organization = facts.registrant, facts.organization
    return {
        "registrant": registrant,
        "event": facts.webinar,
        "organization": organization,
        "state": state_of(facts),
        "choice_until": _choice_until(facts),
        "now": facts.now,
        "brand": organization.name,
        "brand_url": links.webinar_url(facts.webinar.id),
        "contact": organization.reply_to,
        "is_test": _is_test(registrant, organization),
        "rehearsal_url": links.rehearsal_path(registrant.organization_id, facts.webinar.id)
        if registrant.is_rehearsal
        else "",
        "lit_window": lit_window(facts.webinar),
        "legal": legal_links(organization),
    }


def _is_test(registrant: Registrant, organization: Organization) -> bool:
    """Whether no card is charged here; of a rehearsal that was paid, whether none was."""
    is_live = organization.is_live
    if registrant.is_rehearsal:
        paid_live = registrant.is_live
        is_live = organization.rehearses_live if paid_live is None else paid_live
    return registrant.amount_minor > 0 and not is_live


def _policy_steps(facts: RegistrantFacts) -> tuple[Step, ...]:
    registrant = facts.registrant
    if registrant.paid_at is None:
        return ()
    start = policy_start(registrant.starts_at, facts.webinar.starts_at)
    left = refunds.left_of(registrant, facts.unsettled_minor)
    listed = steps(
        registrant.policy, start, facts.now, registrant.amount_minor, registrant.currency
    )
    return tuple(replace(step, amount_minor=min(step.amount_minor, left)) for step in listed)


def _lead(facts: RegistrantFacts) -> str:
    registrant = facts.registrant
    match state_of(facts):
        case "lapsed" if registrant.hold_end_reason == "superseded":
            return "superseded"
        case "released" if registrant.hold_end_reason == "superseded":
            return "released_superseded"
        case "released" if registrant.paid_minor > 0:
            return "released_paid"
        case "cancelled":
            known = ("registrant", "organizer", "webinar_cancelled", "refund")
            cause = registrant.cancel_cause
            return f"cancelled_{cause if cause in known else 'organizer'}"
        case "confirmed" if facts.is_mail_accepted:
            return "confirmed_sent"
        case state:
            return state


def _money_back(facts: RegistrantFacts) -> MoneyBack | None:
    registrant = facts.registrant
    if registrant.paid_minor == 0:
        return None
    under_way = facts.unsettled_minor
    if 0 < registrant.paid_minor <= registrant.refunded_minor:
        return MoneyBack("returned", "good", "done", registrant.refunded_minor)
    if under_way > 0:
        return MoneyBack("under_way", "warn", "clock", under_way)
    if facts.refunds and facts.refunds[-1].status == "failed":
        return MoneyBack("failed", "bad", "stop", facts.refunds[-1].amount_minor)
    if registrant.refunded_minor > 0:
        return MoneyBack("returned", "good", "done", registrant.refunded_minor)
    return MoneyBack("none", "", "stop", 0)


def _shown_refunds(facts: RegistrantFacts) -> list[Any]:
    """Refunds line by line; one that failed because all had gone back already is no news."""
    is_all_back = 0 < facts.registrant.paid_minor <= facts.registrant.refunded_minor
    return [refund for refund in facts.refunds if not (is_all_back and refund.status == "failed")]


def _story(facts: RegistrantFacts) -> Iterator[Moment]:
    registrant = facts.registrant
    yield Moment(registrant.created_at, "held" if registrant.amount_minor else "registered")
    if registrant.declined_at is not None:
        yield Moment(registrant.declined_at, "declined", "bad")
    if registrant.paid_at is not None:
        yield Moment(registrant.paid_at, "paid", "good", registrant.paid_minor)
    if registrant.confirmed_at is not None:
        yield Moment(registrant.confirmed_at, "confirmed", "good")
    if registrant.hold_ended_at is not None and registrant.status in (
        "awaiting_payment",
        "released",
    ):
        yield Moment(registrant.hold_ended_at, "hold_ended", "warn")
    if registrant.released_at is not None and registrant.status == "released":
        yield Moment(registrant.released_at, "released")
    if registrant.cancelled_at is not None:
        yield Moment(registrant.cancelled_at, "cancelled")
    for refund in _shown_refunds(facts):
        if refund.status == "failed":
            yield Moment(
                refund.settled_at or refund.requested_at,
                "refund_failed",
                "bad",
                refund.amount_minor,
            )
        elif refund.status == "succeeded":
            yield Moment(
                refund.settled_at or refund.requested_at, "refunded", "good", refund.amount_minor
            )
        else:
            yield Moment(refund.requested_at, "refund_asked", "warn", refund.amount_minor)

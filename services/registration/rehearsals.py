"""Rehearsals: an organizer's own tries of the whole journey, and how far they came. No I/O here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.registration.organizations import Organization
from services.registration.registrants import Registrant
from services.registration.webinars import Webinar
from shared.money import currency_rule

Obstacle = Literal["cancelled", "started", "not_ready"]
StepName = Literal["registered", "paid", "confirmed", "mailed", "returned", "cancelled"]

ACTIVE_MAX = 3
"""Of one webinar at a time; more would only be forgotten ones."""


@dataclass(frozen=True)
class Step:
    """One thing to try; `at` is when it worked."""

    name: StepName
    is_done: bool
    at: datetime | None = None


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal as it stands."""

    registrant: Registrant
    mailed_at: datetime | None  # The confirmation, as the mail server accepted it.
    mail_failure: str | None

    @property
    def steps(self) -> tuple[Step, ...]:
        """What there is to try, in order; a free webinar moves no money."""
        one = self.registrant
        steps = [Step("registered", True, one.created_at)]
        if one.amount_minor:
            steps.append(Step("paid", one.paid_at is not None, one.paid_at))
        else:
            steps.append(Step("confirmed", one.confirmed_at is not None, one.confirmed_at))
        steps.append(Step("mailed", self.mailed_at is not None, self.mailed_at))
        if one.amount_minor:
            is_back = 0 < one.paid_minor <= one.refunded_minor
            steps.append(Step("returned", is_back))
        else:
            steps.append(Step("cancelled", one.cancelled_at is not None, one.cancelled_at))
        return tuple(steps)

    @property
    def is_cleaned_up(self) -> bool:
        """Nothing of it is left: no place, no money."""
        one = self.registrant
        return not one.is_active and one.paid_minor <= one.refunded_minor


def obstacle_to(webinar: Webinar, organization: Organization, now: datetime) -> Obstacle | None:
    """Why nothing can be rehearsed now."""
    if webinar.status == "cancelled":
        return "cancelled"
    if not webinar.is_open(now):
        return "started"
    if webinar.price_minor and not organization.is_ready:
        return "not_ready"
    return None


def takes_real_money(webinar: Webinar, organization: Organization) -> bool:
    """Whether a rehearsal's card is charged, and Stripe's fee lost with its refund."""
    return webinar.price_minor > 0 and organization.rehearses_live


def likely_fee(webinar: Webinar, fee_minor: int, paid_minor: int) -> int | None:
    """What Stripe would keep of the price, judged by earlier payments in its currency."""
    if not webinar.price_minor or webinar.currency is None or paid_minor <= 0 or fee_minor <= 0:
        return None
    step = currency_rule(webinar.currency).step
    share = -(-webinar.price_minor * fee_minor // paid_minor)
    return min(webinar.price_minor, -(-share // step) * step)

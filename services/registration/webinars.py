"""Webinars and virtual events: what may be scheduled, changed and sold. No I/O here."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

from services.registration.refund_policy import Bracket, RefundPolicy, lost_bracket
from shared.events import Kind, WebinarCancelled, WebinarScheduled, WebinarUpdated
from shared.money import UnknownCurrency, amount_problem, currency_rule
from shared.refusals import Invalid, Refusal

Availability = Literal["open", "sold_out", "closed"]

HOLD_MINUTES = 15
DURATION_MINUTES = 60
LATEST_START = datetime(2200, 1, 1, tzinfo=UTC)  # Every end is a date that can be reckoned with.


class OrganizationNotReady(Refusal):
    """Connect a Stripe account that can take card payments before you set a price."""

    code = "organization_not_ready"


class CapacityBelowSeats(Refusal):
    """More seats are taken than that; cancel registrations first."""

    code = "capacity_below_seats"


class AlreadyCancelled(Refusal):
    """This was cancelled and cannot be changed any more."""

    code = "already_cancelled"


class HasPaidRegistrants(Refusal):
    """Some registrants have paid; refund them before you cancel."""

    code = "has_paid_registrants"


class PolicyStricter(Refusal):
    """Seats are sold: the refund policy can only become more generous."""

    code = "policy_stricter"

    def __init__(self, promised: Bracket) -> None:
        self.promised = promised
        hours = promised.hours_before
        until = f"{hours} hours before the start" if hours else "the start"
        super().__init__(
            "Seats are sold, so the refund policy can only become more generous: at least "
            f"{promised.percent}% must go back until {until}.",
            field="refund_policy",
        )


@dataclass(frozen=True)
class Webinar:
    """A webinar or virtual event as it is now; registrants keep what was frozen for them."""

    id: UUID
    organization_id: UUID
    version: int
    status: Literal["scheduled", "cancelled"]
    kind: Kind
    title: str
    starts_at: datetime
    duration_minutes: int
    time_zone: str
    price_minor: int
    currency: str | None
    capacity: int | None
    seats_taken: int
    hold_minutes: int
    description_version: int
    refund_policy: dict[str, Any] | None
    join_url: str | None
    created_at: datetime
    cancelled_at: datetime | None
    questions: list[dict[str, Any]] = field(default_factory=list)  # The organizer's own.
    refund_until: datetime | None = None  # A choice, for all who had registered by then:
    refund_granted_at: datetime | None = None

    CHANGEABLE: ClassVar[tuple[str, ...]] = (
        "kind",
        "title",
        "starts_at",
        "duration_minutes",
        "time_zone",
        "price_minor",
        "currency",
        "capacity",
        "hold_minutes",
        "refund_policy",
        "join_url",
        "questions",
    )

    @property
    def ends_at(self) -> datetime:
        """When it is over, as scheduled."""
        return self.starts_at + timedelta(minutes=self.duration_minutes)

    @property
    def policy(self) -> RefundPolicy | None:
        """The refund policy for those who register now."""
        return None if self.refund_policy is None else RefundPolicy(**self.refund_policy)

    @property
    def has_free_seat(self) -> bool:
        """Whether one more can be admitted; without a capacity there is no limit."""
        return self.capacity is None or self.seats_taken < self.capacity

    def is_open(self, now: datetime) -> bool:
        """Not cancelled and not started."""
        return self.status == "scheduled" and now < self.starts_at

    def facts(self) -> dict[str, Any]:
        """The fields that every event about a webinar carries."""
        return {
            "organization_id": self.organization_id,
            "webinar_id": self.id,
            "version": self.version,
            "kind": self.kind,
            "title": self.title,
            "starts_at": self.starts_at,
            "duration_minutes": self.duration_minutes,
            "time_zone": self.time_zone,
            "price_minor": self.price_minor,
            "currency": self.currency,
            "capacity": self.capacity,
        }


def availability(webinar: Webinar, *, is_ready: bool, now: datetime) -> Availability:
    """What a visitor is told; a price without a ready organization cannot be paid."""
    if not webinar.is_open(now) or (webinar.price_minor > 0 and not is_ready):
        return "closed"
    return "open" if webinar.has_free_seat else "sold_out"


def schedule(webinar: Webinar, *, is_ready: bool, now: datetime) -> WebinarScheduled:
    """Check a new webinar; raises a refusal."""
    _check_price(webinar, is_ready=is_ready)
    _check_start(webinar, now)
    return WebinarScheduled(**webinar.facts())


def change(
    webinar: Webinar, changes: dict[str, Any], *, is_ready: bool, has_sold: bool, now: datetime
) -> tuple[Webinar, WebinarUpdated]:
    """Apply an organizer's changes by field name; raises a refusal."""
    if webinar.status == "cancelled":
        raise AlreadyCancelled
    fields = {name: value for name, value in changes.items() if name != "refund_until"}
    changed = replace(webinar, version=webinar.version + 1, **fields)
    if (changed.price_minor, changed.currency) != (webinar.price_minor, webinar.currency):
        _check_price(changed, is_ready=is_ready)
    if changed.starts_at != webinar.starts_at:
        _check_start(changed, now)
    if changed.capacity is not None and changed.capacity < webinar.seats_taken:
        raise CapacityBelowSeats(
            f"{webinar.seats_taken} seats are taken; cancel registrations first.", field="capacity"
        )
    if has_sold:
        lost = lost_bracket(changed.policy, webinar.policy)
        if lost is not None:
            raise PolicyStricter(lost)
    if changes.get("refund_until") is not None:
        changed = _grant_refunds(webinar, changed, changes["refund_until"], now)
    return changed, WebinarUpdated(**changed.facts())


def cancel(
    webinar: Webinar, *, has_paid_registrants: bool, now: datetime
) -> tuple[Webinar, WebinarCancelled]:
    """Cancel a webinar that nobody has paid for; raises a refusal."""
    if webinar.status == "cancelled":
        raise AlreadyCancelled
    if has_paid_registrants:
        raise HasPaidRegistrants
    cancelled = replace(webinar, version=webinar.version + 1, status="cancelled", cancelled_at=now)
    return cancelled, WebinarCancelled(**cancelled.facts())


def _grant_refunds(
    before: Webinar, after: Webinar, refund_until: datetime, now: datetime
) -> Webinar:
    """Offer all of it back to those who have registered; what was offered before stays so."""
    if after.starts_at == before.starts_at:
        raise Invalid("Goes with a changed starts_at only.", field="refund_until")
    if refund_until <= now:
        raise Invalid("Must be in the future.", field="refund_until")
    if refund_until > after.starts_at:
        raise Invalid("Must not be after the new start.", field="refund_until")
    until = max(refund_until, before.refund_until or refund_until)
    return replace(after, refund_until=until, refund_granted_at=now)


def _check_price(webinar: Webinar, *, is_ready: bool) -> None:
    if webinar.currency is not None:
        try:
            currency_rule(webinar.currency)
        except UnknownCurrency as unknown:
            raise Invalid(str(unknown), field="currency") from None
    if webinar.price_minor == 0:
        return
    if webinar.currency is None:
        raise Invalid("A price needs a currency, such as EUR.", field="currency")
    problem = amount_problem(webinar.price_minor, webinar.currency)
    if problem is not None:
        raise Invalid(f"The price {problem}.", field="price_minor")
    if not is_ready:
        raise OrganizationNotReady(field="price_minor")


def _check_start(webinar: Webinar, now: datetime) -> None:
    if webinar.starts_at <= now:
        raise Invalid("The start must be in the future.", field="starts_at")
    if webinar.starts_at >= LATEST_START:
        raise Invalid("The start must be before the year 2200.", field="starts_at")

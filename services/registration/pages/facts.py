"""What a page is made of, as the store reads it. No I/O here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.registration.organizations import Organization
from services.registration.registrants import RefundStatus, Registrant
from services.registration.webinars import Webinar

State = Literal["awaiting", "declined", "lapsed", "released", "confirmed", "cancelled"]


@dataclass(frozen=True)
class WebinarFacts:
    """A webinar as a visitor sees it."""

    webinar: Webinar
    organization: Organization
    description: str
    next_hold_ends_at: datetime | None  # Looked up when sold out.
    now: datetime  # The database's.
    terms_version: int | None = None  # Of the organization's terms, if it has any.
    terms_address: str | None = None  # Where they stand, unless we hold their text.


@dataclass(frozen=True)
class RefundLine:
    """One refund of a registrant's money."""

    amount_minor: int
    status: RefundStatus
    requested_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class RegistrantFacts:
    """A registration as its owner sees it."""

    registrant: Registrant
    webinar: Webinar
    organization: Organization
    refunds: tuple[RefundLine, ...]
    is_mail_accepted: bool  # The confirmation, by the mail server; nothing is known of delivery.
    now: datetime  # The database's.
    terms_version: int | None = None  # That holds now, for who registers again.
    terms_address: str | None = None

    @property
    def unsettled_minor(self) -> int:
        """Refunds under way, which count as gone."""
        under_way = ("requested", "pending")
        return sum(refund.amount_minor for refund in self.refunds if refund.status in under_way)


def standing(registrant: Registrant, now: datetime) -> State:
    """The registration as a person would name it; time runs even before a worker has seen it."""
    if registrant.status != "awaiting_payment":
        return registrant.status
    is_over = registrant.pay_by is None or registrant.pay_by <= now
    if registrant.hold_ended_at is not None or is_over:
        return "lapsed"
    return "awaiting" if registrant.declined_at is None else "declined"

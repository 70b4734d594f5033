"""A moved start: who has to hear of it, and which start they know. No I/O here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from services.registration.cancellations import refund_choice_until
from services.registration.registrants import Occasion, Registrant, facts
from shared.events import RegistrantMailRequested


@dataclass(frozen=True)
class Rescheduling:
    """Registrants numbered above `after_number` up to `last_number` have not heard yet."""

    id: UUID
    organization_id: UUID
    webinar_id: UUID
    previous_starts_at: datetime
    after_number: int
    last_number: int


def reschedule(
    organization_id: UUID,
    webinar_id: UUID,
    previous_starts_at: datetime,
    untold: Iterable[Rescheduling],
    last_number: int,
) -> list[Rescheduling]:
    """Whom to tell besides those who are `untold` of an earlier move.

    Those know a start that is older still: they hear once, from that one to the newest.
    """
    added: list[Rescheduling] = []

    def add(after: int, last: int) -> None:
        if after < last:
            added.append(
                Rescheduling(uuid4(), organization_id, webinar_id, previous_starts_at, after, last)
            )

    told_up_to = 0
    for waiting in sorted(untold, key=lambda one: one.after_number):
        add(told_up_to, waiting.after_number)
        told_up_to = waiting.last_number
    add(told_up_to, last_number)
    return added


def tell(
    registrant: Registrant, rescheduling: Rescheduling, occasion: Occasion
) -> RegistrantMailRequested | None:
    """The mail with the old and the new start; None if there is nothing to say to them."""
    webinar = occasion.webinar
    is_moved = webinar.starts_at != rescheduling.previous_starts_at
    if not registrant.is_active or not webinar.is_open(occasion.now) or not is_moved:
        return None
    is_confirmed = registrant.status == "confirmed"
    refund_until = refund_choice_until(registrant, webinar, occasion.now)
    return RegistrantMailRequested(
        **facts(registrant, occasion),
        mail="rescheduled",
        cause=str(rescheduling.id),
        join_url=(
            occasion.links.join_url(registrant.id, registrant.link_version)
            if is_confirmed
            else None
        ),
        pay_by=registrant.pay_by,
        previous_starts_at=rescheduling.previous_starts_at,
        refund_until=refund_until,
        own_words=occasion.own_words.get("rescheduled"),
    )

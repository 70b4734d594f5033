"""Disputes that a payer's bank opened: taken over as Stripe tells them. No I/O here."""

from dataclasses import replace
from datetime import datetime

from services.payments.change import UNKNOWN_STATUS, Change
from services.payments.facts import DisputeSeen
from services.payments.payment import Dispute
from shared.events import DisputeClosed, DisputeOpened

# A snapshot may be older than what we know; an appeal follows a lost dispute.
_RANKS = {
    "warning_needs_response": 0,
    "warning_under_review": 1,
    "warning_closed": 2,
    "needs_response": 3,
    "under_review": 4,
    "prevented": 5,
    "lost": 5,
    "appeal_needs_response": 6,
    "appeal_under_review": 7,
    "won": 8,
}
_CLOSED = frozenset(("warning_closed", "prevented", "lost", "won"))


def merge(change: Change, seen: DisputeSeen, now: datetime) -> None:
    """What Stripe says of a dispute; it changes no registrant's status."""
    payment = change.payment
    if seen.status not in _RANKS:
        change.trouble(UNKNOWN_STATUS, seen.id, seen.status)
        return
    charge = payment.charge_of(seen.stripe_payment_intent_id or "")
    if charge is None:
        if seen.stripe_payment_intent_id is not None and not seen.is_fresh:
            change.look_up(
                "intent", seen.stripe_payment_intent_id, seen.acting_for, seen.is_live, "dispute"
            )
        return
    if (charge.acting_for, charge.is_live) != (seen.acting_for, seen.is_live):
        return
    change.bookings.extend(seen.balance_transactions)
    known = payment.dispute_of(seen.id)
    if known is not None and _RANKS[seen.status] <= _RANKS[known.status]:
        return
    is_closed = seen.status in _CLOSED
    dispute = Dispute(
        stripe_dispute_id=seen.id,
        stripe_payment_intent_id=charge.stripe_payment_intent_id,
        amount_minor=seen.amount_minor,
        currency=seen.currency,
        status=seen.status,
        reason=seen.reason,
        opened_at=now if known is None else known.opened_at,
        closed_at=now if is_closed else None,
    )
    if known is None or (known.closed_at is not None and not is_closed):
        _tell(change, DisputeOpened, replace(dispute, closed_at=None))
    if is_closed:
        _tell(change, DisputeClosed, dispute)
    change.payment = change.payment.with_dispute(dispute)


def _tell(
    change: Change, event: type[DisputeOpened] | type[DisputeClosed], dispute: Dispute
) -> None:
    change.payment = change.payment.next_version()
    change.events.append(
        event(
            organization_id=change.payment.organization_id,
            dispute_id=dispute.stripe_dispute_id,
            payment_id=change.payment.payment_id,
            registrant_id=change.payment.registrant_id,
            webinar_id=change.payment.webinar_id,
            version=change.payment.version,
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
            status=dispute.status,
            reason=dispute.reason,
        )
    )

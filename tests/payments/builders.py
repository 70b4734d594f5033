"""Payments, attempts and facts with defaults, for tests of rules."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.payments.facts import (
    BalanceTransactionSeen,
    ChargeSeen,
    DisputeSeen,
    IntentSeen,
    Labels,
    RefundSeen,
    SessionSeen,
)
from services.payments.payment import Attempt, Charge, Payment, Refund

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
PAYMENT_ID = UUID(int=1)
REGISTRANT_ID = UUID(int=2)
ORGANIZATION_ID = UUID(int=3)
WEBINAR_ID = UUID(int=4)
OWN_ACCOUNT = "acct_own"
LABELS = Labels(payment_id=PAYMENT_ID, attempt=1)


def payment(**facts: Any) -> Payment:
    """EUR 49.00, held for 15 minutes, nothing opened."""
    defaults: dict[str, Any] = {
        "payment_id": PAYMENT_ID,
        "registrant_id": REGISTRANT_ID,
        "organization_id": ORGANIZATION_ID,
        "webinar_id": WEBINAR_ID,
        "amount_minor": 4900,
        "currency": "EUR",
        "webinar_title": "Price your work",
        "registrant_name": "Ada Lovelace",
        "email": "ada@example.org",
        "locale": "en",
        "manage_url": "https://box.example/r/1",
        "card_brands_blocked": (),
        "hold_until": NOW + timedelta(minutes=15),
        "pay_by": NOW + timedelta(minutes=15),
    }
    return Payment(**defaults | facts)


def attempt(**facts: Any) -> Attempt:
    """A session that was called a moment ago."""
    defaults: dict[str, Any] = {
        "number": 1,
        "kind": "session",
        "status": "calling",
        "stripe_account_id": OWN_ACCOUNT,
        "acting_for": None,
        "is_live": False,
        "idempotency_key": f"cs:{PAYMENT_ID}:{facts.get('number', 1)}",
        "queued_at": NOW,
        "params": {},
        "called_at": NOW,
        "look_up_at": NOW + timedelta(minutes=4),
        "expires_at": NOW + timedelta(minutes=35),
        "due_at": NOW + timedelta(seconds=10),
    }
    return Attempt(**defaults | facts)


def open_attempt(**facts: Any) -> Attempt:
    """A session that somebody may pay."""
    return attempt(
        **{"status": "open", "stripe_object_id": "cs_1", "url": "https://pay.example/cs_1"} | facts
    )


def opened_payment(**facts: Any) -> Payment:
    return payment(**{"attempts": (open_attempt(),), "pay_by": NOW + timedelta(minutes=35)} | facts)


def charge(**facts: Any) -> Charge:
    defaults: dict[str, Any] = {
        "stripe_payment_intent_id": "pi_1",
        "stripe_charge_id": "ch_1",
        "stripe_account_id": OWN_ACCOUNT,
        "acting_for": None,
        "is_live": False,
        "amount_minor": 4900,
        "currency": "EUR",
        "role": "payment",
        "taken_at": NOW,
    }
    return Charge(**defaults | facts)


def paid_payment(**facts: Any) -> Payment:
    return payment(
        **{
            "attempts": (open_attempt(status="settled", outcome="paid", due_at=None),),
            "charges": (charge(),),
            "paid_at": NOW,
            "version": 2,
        }
        | facts
    )


def refund(**facts: Any) -> Refund:
    """A request that nobody has decided yet."""
    defaults: dict[str, Any] = {
        "refund_id": UUID(int=9),
        "organization_id": ORGANIZATION_ID,
        "registrant_id": REGISTRANT_ID,
        "webinar_id": WEBINAR_ID,
        "origin": "organizer",
        "cause": "organizer",
        "status": "waiting",
        "requested_at": NOW,
    }
    return Refund(**defaults | facts)


def made_refund(**facts: Any) -> Refund:
    """A refund whose call is on its way."""
    return refund(
        **{
            "payment_id": PAYMENT_ID,
            "stripe_payment_intent_id": "pi_1",
            "amount_minor": 4900,
            "currency": "EUR",
            "status": "calling",
        }
        | facts
    )


def session_seen(**facts: Any) -> SessionSeen:
    """Complete and paid, as the webhook's snapshot says it."""
    defaults: dict[str, Any] = {
        "id": "cs_1",
        "acting_for": None,
        "is_live": False,
        "is_fresh": False,
        "labels": LABELS,
        "status": "complete",
        "payment_status": "paid",
        "amount_minor": 4900,
        "currency": "EUR",
        "stripe_payment_intent_id": "pi_1",
        "expires_at": NOW + timedelta(minutes=35),
        "url": None,
    }
    return SessionSeen(**defaults | facts)


def open_session_seen(**facts: Any) -> SessionSeen:
    return session_seen(
        **{
            "status": "open",
            "payment_status": "unpaid",
            "stripe_payment_intent_id": None,
            "url": "https://pay.example/cs_1",
        }
        | facts
    )


def intent_seen(**facts: Any) -> IntentSeen:
    defaults: dict[str, Any] = {
        "id": "pi_1",
        "acting_for": None,
        "is_live": False,
        "is_fresh": False,
        "labels": LABELS,
        "status": "succeeded",
        "amount_minor": 4900,
        "currency": "EUR",
        "stripe_charge_id": "ch_1",
    }
    return IntentSeen(**defaults | facts)


def charge_seen(**facts: Any) -> ChargeSeen:
    defaults: dict[str, Any] = {
        "id": "ch_1",
        "acting_for": None,
        "is_live": False,
        "is_fresh": False,
        "labels": LABELS,
        "is_paid": True,
        "amount_minor": 4900,
        "currency": "EUR",
        "refunded_minor": 0,
        "is_disputed": False,
        "stripe_payment_intent_id": "pi_1",
        "stripe_balance_transaction_id": "txn_1",
    }
    return ChargeSeen(**defaults | facts)


def refund_seen(**facts: Any) -> RefundSeen:
    """A refund that the organizer made in Stripe's dashboard."""
    defaults: dict[str, Any] = {
        "id": "re_1",
        "acting_for": None,
        "is_live": False,
        "is_fresh": False,
        "labels": Labels(),
        "status": "succeeded",
        "amount_minor": 4900,
        "currency": "EUR",
        "stripe_payment_intent_id": "pi_1",
        "failure_reason": None,
        "stripe_balance_transaction_ids": (),
    }
    return RefundSeen(**defaults | facts)


def dispute_seen(**facts: Any) -> DisputeSeen:
    defaults: dict[str, Any] = {
        "id": "du_1",
        "acting_for": None,
        "is_live": False,
        "is_fresh": False,
        "labels": Labels(),
        "status": "needs_response",
        "amount_minor": 4900,
        "currency": "EUR",
        "reason": "fraudulent",
        "stripe_payment_intent_id": "pi_1",
        "balance_transactions": (),
    }
    return DisputeSeen(**defaults | facts)


def booked(**facts: Any) -> BalanceTransactionSeen:
    defaults: dict[str, Any] = {
        "id": "txn_1",
        "type": "charge",
        "source": "ch_1",
        "amount_minor": 4900,
        "fee_minor": 172,
        "net_minor": 4728,
        "currency": "EUR",
        "created_at": NOW,
    }
    return BalanceTransactionSeen(**defaults | facts)

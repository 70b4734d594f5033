"""Stripe's JSON as facts in our words; the only place where currency codes change their case."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.payments.facts import (
    BalanceTransactionSeen,
    ChargeSeen,
    Decline,
    DisputeSeen,
    Fact,
    IntentSeen,
    Labels,
    RefundSeen,
    SessionSeen,
)

Document = Mapping[str, Any]


def read_fact(document: Document, acting_for: str | None, *, is_fresh: bool) -> Fact | None:
    """The fact in an object of Stripe's; None for kinds that say nothing about money."""
    reader = _READERS.get(str(document.get("object")))
    return None if reader is None else reader(document, acting_for, is_fresh)


def read_session(document: Document, acting_for: str | None, is_fresh: bool) -> SessionSeen:
    return SessionSeen(
        id=document["id"],
        acting_for=acting_for,
        is_live=bool(document["livemode"]),
        is_fresh=is_fresh,
        labels=read_labels(document, document.get("client_reference_id")),
        status=document.get("status"),
        payment_status=document["payment_status"],
        amount_minor=document.get("amount_total"),
        currency=_currency(document.get("currency")),
        stripe_payment_intent_id=_id(document.get("payment_intent")),
        expires_at=_moment(document["expires_at"]),
        url=document.get("url"),
    )


def read_intent(document: Document, acting_for: str | None, is_fresh: bool) -> IntentSeen:
    charge = document.get("latest_charge")
    status = str(document["status"])
    return IntentSeen(
        id=document["id"],
        acting_for=acting_for,
        is_live=bool(document["livemode"]),
        is_fresh=is_fresh,
        labels=read_labels(document),
        status=status,
        amount_minor=document["amount_received" if status == "succeeded" else "amount"],
        currency=_currency(document["currency"]) or "",
        stripe_charge_id=_id(charge),
        decline=_decline(document),
        charge=read_charge(charge, acting_for, is_fresh) if isinstance(charge, Mapping) else None,
    )


def read_charge(document: Document, acting_for: str | None, is_fresh: bool) -> ChargeSeen:
    return ChargeSeen(
        id=document["id"],
        acting_for=acting_for,
        is_live=bool(document["livemode"]),
        is_fresh=is_fresh,
        labels=read_labels(document),
        is_paid=bool(document["paid"]) and document.get("status") == "succeeded",
        amount_minor=document["amount_captured"],
        currency=_currency(document["currency"]) or "",
        refunded_minor=document["amount_refunded"],
        is_disputed=bool(document.get("disputed")),
        stripe_payment_intent_id=_id(document.get("payment_intent")),
        stripe_balance_transaction_id=_id(document.get("balance_transaction")),
    )


def read_refund(
    document: Document, acting_for: str | None, is_fresh: bool, *, is_live: bool | None = None
) -> RefundSeen:
    """A refund; it alone says nothing of its mode, which comes from the event or our key."""
    transactions = (
        _id(document.get(name)) for name in ("balance_transaction", "failure_balance_transaction")
    )
    return RefundSeen(
        id=document["id"],
        acting_for=acting_for,
        is_live=bool(document.get("livemode", is_live)),
        is_fresh=is_fresh,
        labels=read_labels(document),
        status=str(document["status"]),
        amount_minor=document["amount"],
        currency=_currency(document["currency"]) or "",
        stripe_payment_intent_id=_id(document.get("payment_intent")),
        failure_reason=document.get("failure_reason"),
        stripe_balance_transaction_ids=tuple(filter(None, transactions)),
    )


def read_dispute(document: Document, acting_for: str | None, is_fresh: bool) -> DisputeSeen:
    return DisputeSeen(
        id=document["id"],
        acting_for=acting_for,
        is_live=bool(document["livemode"]),
        is_fresh=is_fresh,
        labels=read_labels(document),
        status=str(document["status"]),
        amount_minor=document["amount"],
        currency=_currency(document["currency"]) or "",
        reason=document.get("reason"),
        stripe_payment_intent_id=_id(document.get("payment_intent")),
        balance_transactions=tuple(
            read_balance_transaction(one) for one in document.get("balance_transactions") or ()
        ),
    )


def read_balance_transaction(document: Document) -> BalanceTransactionSeen:
    return BalanceTransactionSeen(
        id=document["id"],
        type=document["type"],
        source=_id(document.get("source")) or "",
        amount_minor=document["amount"],
        fee_minor=document["fee"],
        net_minor=document["net"],
        currency=_currency(document["currency"]) or "",
        created_at=_moment(document["created"]),
    )


def read_labels(document: Document, reference: str | None = None) -> Labels:
    """Our ids, as far as they are ids at all."""
    metadata = document.get("metadata") or {}
    number = str(metadata.get("attempt", ""))
    return Labels(
        payment_id=_uuid(metadata.get("payment_id")) or _uuid(reference),
        attempt=int(number) if number.isdecimal() and len(number) < 4 else None,
        refund_id=_uuid(metadata.get("refund_id")),
    )


def _decline(document: Document) -> Decline | None:
    error = document.get("last_payment_error")
    if not isinstance(error, Mapping):
        return None
    return Decline(
        id=_id(error.get("charge")) or str(document["id"]),
        decline_code=error.get("decline_code") or error.get("code"),
        message=error.get("message"),
    )


def _id(value: Any) -> str | None:
    """An id, whether or not the object behind it was expanded."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError):
        return None


def _currency(value: str | None) -> str | None:
    return value.upper() if value else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_READERS: dict[str, Callable[[Document, str | None, bool], Fact]] = {
    "checkout.session": read_session,
    "payment_intent": read_intent,
    "charge": read_charge,
    "refund": read_refund,
    "dispute": read_dispute,
}

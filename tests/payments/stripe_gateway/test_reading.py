"""Stripe's JSON in our words."""

from typing import Any
from uuid import UUID

import pytest

from services.payments.facts import (
    ChargeSeen,
    DisputeSeen,
    IntentSeen,
    Labels,
    RefundSeen,
    SessionSeen,
)
from services.payments.stripe_gateway.events import read_event_fact
from services.payments.stripe_gateway.reading import read_fact, read_labels

IDS = {"payment_id": str(UUID(int=1)), "attempt": "2", "refund_id": str(UUID(int=3))}


def session(**facts: Any) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "object": "checkout.session",
        "livemode": False,
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 4900,
        "currency": "eur",
        "payment_intent": "pi_1",
        "expires_at": 1_800_000_000,
        "url": None,
        "metadata": IDS,
        "client_reference_id": str(UUID(int=1)),
    } | facts


def test_a_session_is_read_with_its_currency_in_our_case() -> None:
    seen = read_fact(session(), "acct_1", is_fresh=True)

    assert isinstance(seen, SessionSeen)
    assert (seen.amount_minor, seen.currency, seen.acting_for) == (4900, "EUR", "acct_1")
    assert seen.labels == Labels(UUID(int=1), 2, UUID(int=3))


def test_an_expanded_object_is_read_as_its_id() -> None:
    seen = read_fact(session(payment_intent={"id": "pi_9"}), None, is_fresh=False)

    assert isinstance(seen, SessionSeen)
    assert seen.stripe_payment_intent_id == "pi_9"


def test_the_amount_of_an_intent_is_what_it_received() -> None:
    document = {
        "id": "pi_1",
        "object": "payment_intent",
        "livemode": False,
        "status": "succeeded",
        "amount": 5000,
        "amount_received": 4900,
        "currency": "eur",
        "metadata": {},
        "latest_charge": {
            "id": "ch_1",
            "object": "charge",
            "livemode": False,
            "paid": True,
            "status": "succeeded",
            "amount_captured": 4900,
            "amount_refunded": 100,
            "currency": "eur",
            "disputed": False,
            "payment_intent": "pi_1",
            "balance_transaction": None,
            "metadata": {},
        },
        "last_payment_error": None,
    }

    seen = read_fact(document, None, is_fresh=True)

    assert isinstance(seen, IntentSeen)
    assert (seen.amount_minor, seen.stripe_charge_id) == (4900, "ch_1")
    assert isinstance(seen.charge, ChargeSeen)
    assert seen.charge.refunded_minor == 100


def test_a_decline_is_named_after_its_charge() -> None:
    document = {
        "id": "pi_1",
        "object": "payment_intent",
        "livemode": False,
        "status": "requires_payment_method",
        "amount": 4900,
        "amount_received": 0,
        "currency": "eur",
        "metadata": IDS,
        "latest_charge": "ch_1",
        "last_payment_error": {
            "charge": "ch_1",
            "code": "card_declined",
            "decline_code": "insufficient_funds",
            "message": "Your card has insufficient funds.",
        },
    }

    seen = read_fact(document, None, is_fresh=False)

    assert isinstance(seen, IntentSeen)
    assert seen.decline is not None
    assert (seen.decline.id, seen.decline.decline_code) == ("ch_1", "insufficient_funds")


def test_a_refund_has_the_mode_of_its_event() -> None:
    refund = {
        "id": "re_1",
        "object": "refund",
        "status": "failed",
        "failure_reason": "declined",
        "amount": 900,
        "currency": "jpy",
        "payment_intent": "pi_1",
        "balance_transaction": "txn_1",
        "failure_balance_transaction": "txn_2",
        "metadata": {},
    }

    seen = read_event_fact({"livemode": True, "data": {"object": refund}}, None)

    assert isinstance(seen, RefundSeen)
    assert seen.is_live
    assert (seen.currency, seen.failure_reason) == ("JPY", "declined")
    assert seen.stripe_balance_transaction_ids == ("txn_1", "txn_2")


def test_a_dispute_is_read_with_what_it_moved() -> None:
    document = {
        "id": "du_1",
        "object": "dispute",
        "livemode": False,
        "status": "lost",
        "amount": 4900,
        "currency": "eur",
        "reason": "fraudulent",
        "payment_intent": "pi_1",
        "metadata": {},
        "balance_transactions": [
            {
                "id": "txn_1",
                "type": "adjustment",
                "source": "du_1",
                "amount": -4900,
                "fee": 1500,
                "net": -6400,
                "currency": "eur",
                "created": 1_800_000_000,
            }
        ],
    }

    seen = read_fact(document, None, is_fresh=False)

    assert isinstance(seen, DisputeSeen)
    assert seen.balance_transactions[0].net_minor == -6400


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        None,
        {"payment_id": "x", "attempt": "one", "refund_id": ""},
        {"attempt": "-1"},
        {"attempt": "9" * 400},
        {"payment_id": None},
    ],
)
def test_metadata_that_is_not_ours_says_nothing(metadata: dict[str, Any] | None) -> None:
    assert read_labels({"metadata": metadata}) == Labels()


def test_kinds_without_money_say_nothing() -> None:
    assert read_fact({"object": "customer", "id": "cus_1"}, None, is_fresh=False) is None

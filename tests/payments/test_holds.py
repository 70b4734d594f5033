"""The end of a hold and its answer."""

import pytest

from services.payments import holds
from services.payments.change import Change
from services.payments.merge import merge
from shared.events import CheckoutExpired, HoldEndReason, PaymentSucceeded
from tests.payments.builders import (
    LATER,
    NOW,
    attempt,
    opened_payment,
    paid_payment,
    payment,
    session_seen,
)

EXPIRED = session_seen(status="expired", payment_status="unpaid", stripe_payment_intent_id=None)


def ended(change: Change, reason: HoldEndReason = "lapsed") -> Change:
    holds.end_hold(change, reason, NOW)
    return change


@pytest.mark.parametrize("reason", ["lapsed", "cancelled", "superseded"])
def test_a_hold_that_nobody_tried_to_pay_is_answered_at_once(reason: HoldEndReason) -> None:
    change = ended(Change(payment()), reason)

    [told] = change.events
    assert isinstance(told, CheckoutExpired)
    assert told.reason == reason
    assert change.payment.hold_end_answered_at == NOW


def test_a_lapsed_hold_lets_its_session_run() -> None:
    change = ended(Change(opened_payment()))

    assert change.events == []
    assert not change.payment.attempts[0].is_closing


@pytest.mark.parametrize("reason", ["cancelled", "superseded"])
def test_a_decision_ends_the_session(reason: HoldEndReason) -> None:
    change = ended(Change(opened_payment()), reason)

    assert change.payment.attempts[0].is_closing
    assert change.payment.attempts[0].due_at == NOW
    assert change.events == []


def test_a_decision_after_a_lapse_still_ends_the_session() -> None:
    change = ended(ended(Change(opened_payment())), "cancelled")

    assert change.payment.hold_end == "cancelled"
    assert change.payment.attempts[0].is_closing


def test_a_lapse_after_a_decision_changes_nothing() -> None:
    change = ended(ended(Change(payment()), "cancelled"), "lapsed")

    assert change.payment.hold_end == "cancelled"
    assert [event.reason for event in change.events if isinstance(event, CheckoutExpired)] == [
        "cancelled",
        "cancelled",
    ]


def test_the_answer_comes_once_every_attempt_is_settled() -> None:
    change = ended(Change(opened_payment()))

    merge(change, [EXPIRED, EXPIRED], LATER)

    assert [type(event) for event in change.events] == [CheckoutExpired]


def test_money_that_comes_after_the_end_is_the_answer() -> None:
    change = ended(Change(opened_payment()), "cancelled")

    merge(change, [session_seen()], LATER)

    assert [type(event) for event in change.events] == [PaymentSucceeded]
    assert change.payment.hold_end_answered_at == LATER


def test_money_that_comes_after_the_answer_is_told_all_the_same() -> None:
    change = ended(Change(opened_payment()))
    merge(change, [EXPIRED], NOW)

    merge(change, [session_seen()], LATER)

    assert [type(event) for event in change.events] == [CheckoutExpired, PaymentSucceeded]


def test_an_end_that_is_told_again_is_answered_again_under_a_new_id() -> None:
    once = ended(Change(paid_payment()))
    again = ended(Change(once.payment))

    [first], [second] = once.events, again.events
    assert isinstance(first, PaymentSucceeded)
    assert isinstance(second, PaymentSucceeded)
    assert first.event_id != second.event_id
    assert (first.paid_at, first.version) == (second.paid_at, second.version)


def test_what_was_only_queued_is_over_with_the_hold() -> None:
    queued = attempt(status="queued", params=None, called_at=None, expires_at=None)

    change = ended(Change(payment(attempts=(queued,))))

    assert change.payment.attempts[0].outcome == "void"
    assert [type(event) for event in change.events] == [CheckoutExpired]


def test_a_call_under_way_is_followed_to_its_end_first() -> None:
    change = ended(Change(payment(attempts=(attempt(),))), "cancelled")

    assert change.payment.attempts[0].status == "calling"
    assert change.payment.attempts[0].is_closing
    assert change.events == []


def test_odd_money_frees_the_seat_and_is_for_a_person() -> None:
    change = ended(Change(opened_payment()))

    merge(change, [session_seen(amount_minor=1, is_fresh=True)], LATER)

    assert [type(event) for event in change.events] == [CheckoutExpired]

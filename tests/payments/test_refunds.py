"""Money that goes back."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.payments import refunds
from services.payments.change import REFUND_FAILED, Change
from services.payments.facts import Labels
from services.payments.merge import merge
from services.payments.payment import Dispute, Payment
from services.payments.payment import Refund as RefundRow
from shared.events import Refunded, RefundFailed
from tests.payments.builders import (
    LATER,
    NOW,
    PAYMENT_ID,
    charge,
    charge_seen,
    made_refund,
    paid_payment,
    payment,
    refund,
    refund_seen,
)

OURS = Labels(payment_id=PAYMENT_ID, refund_id=UUID(int=9))


def decided(state: Payment, row: RefundRow) -> Change:
    change = Change(state)
    refunds.decide(change, row, NOW)
    return change


def the_refund(change: Change) -> RefundRow:
    [found] = change.payment.refunds
    return found


def dispute(status: str) -> Dispute:
    return Dispute("du_1", "pi_1", 4900, "EUR", status, "fraudulent", NOW)


def test_without_an_amount_everything_that_is_left_goes_back() -> None:
    state = paid_payment(refunds=(made_refund(refund_id=UUID(int=8), amount_minor=900),))

    change = decided(state, refund())

    row = change.payment.refund(UUID(int=9))
    assert row is not None
    assert (row.amount_minor, row.currency, row.status) == (4000, "EUR", "requested")
    assert row.stripe_payment_intent_id == "pi_1"
    assert row.due_at == NOW


def test_a_part_is_taken_as_asked() -> None:
    change = decided(paid_payment(), refund(requested_minor=1200))

    assert the_refund(change).amount_minor == 1200


def test_what_is_requested_twice_is_decided_once() -> None:
    change = decided(paid_payment(), refund())
    before = change.payment

    refunds.decide(change, refund(), LATER)

    assert change.payment == before


@pytest.mark.parametrize("status", ["requested", "calling", "pending", "succeeded"])
def test_money_that_is_spoken_for_is_not_given_twice(status: str) -> None:
    state = paid_payment(refunds=(made_refund(refund_id=UUID(int=8), status=status),))

    change = decided(state, refund())

    [told] = change.events
    assert isinstance(told, RefundFailed)
    assert told.failure_reason == "nothing_left"
    assert change.troubles == []


def test_a_failed_refund_gives_its_money_back_to_be_refunded() -> None:
    state = paid_payment(refunds=(made_refund(refund_id=UUID(int=8), status="failed"),))

    change = decided(state, refund())

    row = change.payment.refund(UUID(int=9))
    assert row is not None
    assert row.amount_minor == 4900


def test_nothing_was_ever_paid() -> None:
    change = decided(payment(), refund())

    [told] = change.events
    assert isinstance(told, RefundFailed)
    assert told.failure_reason == "nothing_left"


def test_more_than_is_left_fails_and_is_never_made_smaller() -> None:
    change = decided(paid_payment(), refund(requested_minor=5000))

    [told] = change.events
    assert isinstance(told, RefundFailed)
    assert (told.failure_reason, told.amount_minor) == ("over_refund", 5000)
    assert [trouble.cause for trouble in change.troubles] == [REFUND_FAILED]


@pytest.mark.parametrize(
    ("status", "is_refused"),
    [("needs_response", True), ("lost", True), ("warning_needs_response", False), ("won", False)],
)
def test_a_disputed_charge_is_not_refunded_on_top(status: str, *, is_refused: bool) -> None:
    change = decided(paid_payment(disputes=(dispute(status),)), refund())

    assert the_refund(change).status == ("failed" if is_refused else "requested")
    if is_refused:
        [told] = change.events
        assert isinstance(told, RefundFailed)
        assert told.failure_reason == "disputed"
        assert [trouble.cause for trouble in change.troubles] == [REFUND_FAILED]


def test_odd_money_is_left_to_a_person() -> None:
    state = payment(charges=(charge(role="odd", amount_minor=100),), is_odd=True)

    change = decided(state, refund())

    assert the_refund(change).failure_reason == "nothing_left"


def test_a_refund_that_succeeded_is_told_once_with_totals() -> None:
    row = made_refund(amount_minor=1900, keep_seat=True, notify=False, reason="moved away")
    seen = refund_seen(labels=OURS, amount_minor=1900)

    change = merge(Change(paid_payment(refunds=(row,))), [seen, seen], NOW)

    [told] = change.events
    assert isinstance(told, Refunded)
    assert (told.amount_minor, told.paid_minor, told.refunded_minor) == (1900, 4900, 1900)
    assert (told.keep_seat, told.notify, told.reason) == (True, False, "moved away")
    assert (told.origin, told.cause, told.version) == ("organizer", "organizer", 3)
    assert the_refund(change).stripe_refund_id == "re_1"


@pytest.mark.parametrize("word", ["pending", "requires_action"])
def test_a_refund_under_way_is_not_told_yet_and_counts(word: str) -> None:
    change = merge(
        Change(paid_payment(refunds=(made_refund(),))),
        [refund_seen(labels=OURS, status=word)],
        NOW,
    )

    assert change.events == []
    assert the_refund(change).status == "pending"
    assert change.payment.left_minor(change.payment.charges[0]) == 0
    assert change.payment.refunded_minor == 0


@pytest.mark.parametrize("word", ["failed", "canceled"])
def test_a_refund_may_fail_after_it_had_succeeded(word: str) -> None:
    change = merge(
        Change(paid_payment(refunds=(made_refund(),))),
        [
            refund_seen(labels=OURS),
            refund_seen(labels=OURS, status=word, failure_reason="insufficient_funds"),
            refund_seen(labels=OURS),
        ],
        NOW,
    )

    assert [type(event) for event in change.events] == [Refunded, RefundFailed]
    last = change.events[-1]
    assert isinstance(last, RefundFailed)
    assert (last.failure_reason, last.refunded_minor, last.version) == ("insufficient_funds", 0, 4)
    assert change.payment.left_minor(change.payment.charges[0]) == 4900


def test_an_older_snapshot_takes_nothing_back() -> None:
    change = merge(
        Change(paid_payment(refunds=(made_refund(),))),
        [refund_seen(labels=OURS), refund_seen(labels=OURS, status="pending")],
        NOW,
    )

    assert the_refund(change).status == "succeeded"


def test_a_refund_from_the_dashboard_is_taken_over_once() -> None:
    seen = refund_seen(amount_minor=900)

    change = merge(Change(paid_payment()), [seen, seen], NOW)

    [told] = change.events
    assert isinstance(told, Refunded)
    assert (told.origin, told.cause, told.amount_minor) == ("dashboard", "dashboard", 900)
    again = merge(Change(paid_payment()), [seen], NOW)
    assert the_refund(again).refund_id == the_refund(change).refund_id


def test_metadata_cannot_make_a_second_refund_look_like_ours() -> None:
    row = made_refund(status="succeeded", stripe_refund_id="re_1", amount_minor=900)
    other = refund_seen(id="re_2", labels=OURS, amount_minor=400)

    change = merge(Change(paid_payment(refunds=(row,))), [other], NOW)

    assert len(change.payment.refunds) == 2
    assert change.payment.refunded_minor == 1300


def test_a_refund_of_money_that_is_not_known_asks_for_its_intent() -> None:
    change = merge(Change(payment()), [refund_seen()], NOW)

    assert [(one.kind, one.stripe_object_id) for one in change.lookups] == [("intent", "pi_1")]
    assert change.payment.refunds == ()


def test_a_refund_in_another_account_touches_nothing() -> None:
    change = merge(Change(paid_payment()), [refund_seen(acting_for="acct_other")], NOW)

    assert change.payment == paid_payment()


def test_a_charge_that_shows_more_refunded_than_known_asks_for_all_of_it() -> None:
    change = merge(Change(paid_payment()), [charge_seen(refunded_minor=900)], NOW)

    assert ("intent", "pi_1") in [(one.kind, one.stripe_object_id) for one in change.lookups]


def test_what_became_impossible_between_decision_and_call_is_not_called() -> None:
    row = made_refund(status="requested")
    taken = made_refund(refund_id=UUID(int=8), status="succeeded", amount_minor=100)
    over = Change(paid_payment(refunds=(row, taken)))
    contested = Change(paid_payment(refunds=(row,), disputes=(dispute("needs_response"),)))

    assert refunds.let_go(over, row.refund_id, NOW) is None
    assert refunds.let_go(contested, row.refund_id, NOW) is None

    reasons = [event.failure_reason for event in over.events + contested.events]  # type: ignore[attr-defined] # Both are RefundFailed.
    assert reasons == ["over_refund", "disputed"]


def test_what_may_be_called_is_noted_first() -> None:
    row = made_refund(status="requested")
    change = Change(paid_payment(refunds=(row,)))

    calling = refunds.let_go(change, row.refund_id, NOW)

    assert calling is not None
    assert (calling.status, calling.called_at) == ("calling", NOW)
    assert the_refund(change) == calling
    assert refunds.let_go(change, row.refund_id, NOW) is None


def test_a_failure_is_only_told_of_a_refund_that_is_not_settled() -> None:
    row = made_refund(status="succeeded", stripe_refund_id="re_1")
    change = Change(paid_payment(refunds=(row,)))

    refunds.fail(change, row.refund_id, "over_refund", NOW)

    assert change.payment.refunds == (row,)
    assert change.events == []


def test_what_was_given_up_and_comes_true_after_all_is_told() -> None:
    row = made_refund(status="failed", failure_reason="no_answer")

    change = merge(Change(paid_payment(refunds=(row,))), [refund_seen(labels=OURS)], NOW)

    assert [type(event) for event in change.events] == [Refunded]


def test_a_refund_of_a_duplicate_leaves_the_first_charge_to_be_refunded() -> None:
    state = paid_payment(
        charges=(charge(), charge(stripe_payment_intent_id="pi_2", role="duplicate")),
        refunds=(
            made_refund(refund_id=UUID(int=8), stripe_payment_intent_id="pi_2", status="pending"),
        ),
    )

    change = decided(state, refund())

    row = change.payment.refund(UUID(int=9))
    assert row is not None
    assert (row.stripe_payment_intent_id, row.amount_minor) == ("pi_1", 4900)


def test_a_request_is_overdue_after_ten_minutes() -> None:
    assert not refunds.is_overdue(refund(), NOW + timedelta(minutes=9, seconds=59))
    assert refunds.is_overdue(replace(refund()), NOW + timedelta(minutes=10))

"""The life of an attempt."""

from datetime import timedelta
from typing import Any

import pytest

from services.payments import attempts
from services.payments.change import CALL_REFUSED, KEY_REUSED, MAY_HAVE_BEEN_PAID, Change
from services.payments.merge import merge
from services.payments.payment import Attempt, Payment
from shared.events import CheckoutOpened, PaymentProcessing
from tests.payments.builders import (
    LATER,
    NOW,
    attempt,
    intent_seen,
    open_attempt,
    open_session_seen,
    opened_payment,
    paid_payment,
    payment,
    session_seen,
)


def the_attempt(change: Change, number: int = 1) -> Attempt:
    found = change.payment.attempt(number)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (payment(), None),
        (opened_payment(), None),
        (opened_payment(hold_end="lapsed"), None),
        (opened_payment(hold_end="cancelled"), "closed"),
        (payment(hold_end="lapsed"), "closed"),
        (payment(is_odd=True), "closed"),
        (paid_payment(), "paid"),
        (payment(pay_by=NOW), "late"),
        (
            payment(
                attempts=tuple(
                    attempt(number=number, status="settled", outcome="expired")
                    for number in (1, 2, 3)
                )
            ),
            "used_up",
        ),
    ],
)
def test_what_stands_in_the_way_of_paying(state: Payment, reason: str | None) -> None:
    assert attempts.obstacle(state, NOW) == reason


def test_a_key_names_payment_and_number_and_nothing_personal() -> None:
    assert attempts.idempotency_key(payment(), 2) == f"cs:{payment().payment_id}:2"


def test_the_first_session_moves_the_deadline_and_later_ones_do_not() -> None:
    first = merge(Change(payment(attempts=(attempt(),))), [open_session_seen()], NOW)
    assert first.payment.pay_by == NOW + timedelta(minutes=35)

    ended = merge(first, [session_seen(status="expired", payment_status="unpaid")], NOW)
    second = Change(
        ended.payment.with_attempt(attempt(number=2, expires_at=NOW + timedelta(hours=1)))
    )
    later = open_session_seen(
        id="cs_2",
        labels=open_session_seen().labels.__class__(payment().payment_id, 2),
        expires_at=NOW + timedelta(hours=1),
    )
    merge(second, [later], NOW)

    [told] = [event for event in second.events if isinstance(event, CheckoutOpened)]
    assert (told.attempt, told.pay_by) == (2, NOW + timedelta(minutes=35))
    assert the_attempt(second, 2).status == "open"


def test_a_long_hold_outlasts_the_first_session() -> None:
    held = NOW + timedelta(hours=2)
    state = payment(hold_until=held, pay_by=held, attempts=(attempt(),))

    change = merge(Change(state), [open_session_seen()], NOW)

    assert change.payment.pay_by == held
    [told] = change.events
    assert isinstance(told, CheckoutOpened)
    assert told.pay_by == held


def test_the_first_result_wins_and_is_told_once() -> None:
    change = Change(payment(attempts=(attempt(),)))

    merge(change, [open_session_seen(), open_session_seen(url="https://pay.example/other")], NOW)

    assert the_attempt(change).url == "https://pay.example/cs_1"
    assert len(change.events) == 1


def test_an_ended_session_settles_its_attempt_and_says_nothing() -> None:
    expired = session_seen(status="expired", payment_status="unpaid", stripe_payment_intent_id=None)

    change = merge(Change(opened_payment()), [expired], NOW)

    assert the_attempt(change).outcome == "expired"
    assert the_attempt(change).due_at is None
    assert change.events == []


def test_a_result_for_a_settled_attempt_is_kept_and_its_session_closed() -> None:
    void = attempt(status="settled", outcome="void", due_at=None)

    change = merge(Change(payment(attempts=(void,))), [open_session_seen()], LATER)

    found = the_attempt(change)
    assert (found.stripe_object_id, found.outcome) == ("cs_1", "void")
    assert found.is_closing
    assert found.due_at == LATER
    assert change.events == []


def test_the_answer_of_a_call_that_was_paid_meanwhile_closes_nothing() -> None:
    change = merge(Change(payment(attempts=(attempt(),))), [intent_seen()], NOW)

    merge(change, [open_session_seen()], NOW)

    assert the_attempt(change).outcome == "paid"
    assert not the_attempt(change).is_closing


def test_a_webhook_may_come_before_our_own_call_has_returned() -> None:
    change = merge(Change(payment(attempts=(attempt(),))), [session_seen()], NOW)

    assert change.payment.paid_at == NOW
    assert the_attempt(change).stripe_object_id == "cs_1"


def test_a_call_with_a_wrong_key_was_none() -> None:
    pause = timedelta(seconds=15)
    change = Change(payment(attempts=(attempt(called_at=NOW, look_up_at=LATER, expires_at=LATER),)))

    attempts.turned_away(change, 1, NOW, pause)

    one = change.payment.attempts[0]
    assert (one.status, one.outcome, one.due_at) == ("queued", None, NOW + pause)
    assert (one.called_at, one.look_up_at, one.expires_at) == (None, None, None)
    assert attempts.obstacle(change.payment, NOW) is None


@pytest.mark.parametrize(
    "facts", [{"status": "settled", "outcome": "void"}, {"stripe_object_id": "cs_1"}]
)
def test_what_has_been_answered_is_not_queued_again(facts: dict[str, Any]) -> None:
    change = Change(payment(attempts=(attempt(**facts),)))
    before = change.payment

    attempts.turned_away(change, 1, NOW, timedelta(seconds=15))

    assert change.payment == before


def test_a_refused_call_is_over_until_somebody_asks_again() -> None:
    change = Change(payment(attempts=(attempt(),)))

    attempts.refused(change, 1, "amount_too_small", NOW)

    assert (the_attempt(change).outcome, the_attempt(change).refusal) == (
        "refused",
        "amount_too_small",
    )
    assert [trouble.cause for trouble in change.troubles] == [CALL_REFUSED]


def test_a_refusal_does_not_undo_a_session_that_is_known() -> None:
    change = Change(opened_payment())

    attempts.refused(change, 1, "late answer", NOW)
    attempts.voided(change, 1, NOW)

    assert change.payment == opened_payment()


def test_a_reused_key_is_looked_up_instead_of_given_up() -> None:
    change = Change(payment(attempts=(attempt(),)))

    attempts.key_reused(change, 1, NOW)

    assert the_attempt(change).status == "calling"
    assert the_attempt(change).look_up_at == NOW
    assert [trouble.cause for trouble in change.troubles] == [KEY_REUSED]


def test_a_bank_that_takes_its_time_leaves_the_attempt_unsettled() -> None:
    slow = session_seen(payment_status="unpaid")

    change = merge(Change(opened_payment()), [slow], NOW)

    assert not the_attempt(change).is_settled
    assert the_attempt(change).processing_since == NOW
    assert the_attempt(change).due_at == NOW + timedelta(hours=24)
    assert change.troubles == []
    (told,) = change.events
    assert isinstance(told, PaymentProcessing)
    again = merge(Change(change.payment), [slow], NOW + timedelta(minutes=1))
    assert again.events == []


def test_after_a_day_of_processing_a_person_is_told() -> None:
    slow = session_seen(payment_status="unpaid")
    change = merge(Change(opened_payment()), [slow], NOW)

    merge(change, [slow], NOW + timedelta(hours=24))

    assert [trouble.cause for trouble in change.troubles] == ["still_processing"]
    assert not the_attempt(change).is_settled


def test_an_account_that_refuses_us_is_waited_out() -> None:
    change = Change(opened_payment())
    end = NOW + timedelta(minutes=45)

    attempts.unreachable(change, 1, NOW)
    assert the_attempt(change).due_at == end
    assert not the_attempt(change).is_settled

    attempts.unreachable(change, 1, end)
    assert the_attempt(change).outcome == "unreachable"
    [trouble] = change.troubles
    assert trouble.cause == MAY_HAVE_BEEN_PAID
    assert "may have been paid to acct_own" in trouble.detail


def test_a_declined_intent_is_cancelled_before_the_pay_page_takes_over() -> None:
    own = attempt(kind="intent", expires_at=None)
    wanted = intent_seen(status="requires_payment_method")

    change = merge(Change(payment(attempts=(own,))), [wanted], NOW)
    assert the_attempt(change).is_closing
    assert not the_attempt(change).is_settled

    merge(change, [intent_seen(status="canceled")], NOW)
    assert the_attempt(change).outcome == "declined"


def test_what_a_bank_wants_to_see_cancels_the_intent_too() -> None:
    own = attempt(kind="intent", expires_at=None)

    change = merge(Change(payment(attempts=(own,))), [intent_seen(status="requires_action")], NOW)

    assert the_attempt(change).is_closing
    assert the_attempt(change).refusal == "requires_action"


def test_the_intent_of_a_checkout_is_left_to_its_session() -> None:
    change = merge(Change(opened_payment()), [intent_seen(status="requires_payment_method")], NOW)

    assert change.payment == opened_payment()


def test_a_word_of_stripes_that_is_new_is_looked_at_before_a_person_is_told() -> None:
    change = merge(Change(opened_payment()), [session_seen(status="paused")], NOW)
    assert [(one.kind, one.stripe_object_id) for one in change.lookups] == [("session", "cs_1")]

    merge(change, [session_seen(status="paused", is_fresh=True)], NOW)
    assert [trouble.cause for trouble in change.troubles] == ["unknown_status"]
    assert change.payment == opened_payment()


def test_closing_what_was_never_called_is_the_end_of_it() -> None:
    queued = attempt(status="queued", params=None, called_at=None)
    change = Change(payment(attempts=(queued,)))

    attempts.close(change, queued, NOW)

    assert the_attempt(change).outcome == "void"


def test_a_queued_attempt_may_go_only_while_the_hold_lasts() -> None:
    queued = attempt(status="queued")

    assert attempts.may_let_go(payment(attempts=(queued,)), queued, NOW)
    assert not attempts.may_let_go(payment(attempts=(queued,), pay_by=NOW), queued, NOW)
    assert not attempts.may_let_go(payment(attempts=(queued,), hold_end="lapsed"), queued, NOW)


def test_a_session_that_opens_after_a_cancellation_is_closed_at_once() -> None:
    state = payment(attempts=(attempt(),), hold_end="cancelled")

    change = merge(Change(state), [open_session_seen()], NOW)

    assert the_attempt(change).is_closing
    assert not any(isinstance(event, CheckoutOpened) for event in change.events)


def test_a_session_that_opens_after_a_lapse_runs_to_its_own_end() -> None:
    state = payment(attempts=(attempt(),), hold_end="lapsed")

    change = merge(Change(state), [open_session_seen()], NOW)

    assert not the_attempt(change).is_closing
    [told] = change.events
    assert isinstance(told, CheckoutOpened)
    assert told.pay_by == NOW + timedelta(minutes=35)


def test_settling_again_changes_nothing() -> None:
    settled = open_attempt(status="settled", outcome="expired", due_at=None)
    change = Change(opened_payment(attempts=(settled,)))

    attempts.settle(change, settled, "void", LATER)

    assert change.payment.attempts == (settled,)

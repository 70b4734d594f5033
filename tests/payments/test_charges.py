"""Money that arrives."""

from services.payments.change import MONEY_ELSEWHERE, ODD_MONEY, Change, Lookup
from services.payments.facts import Fact
from services.payments.merge import merge
from services.payments.payment import Attempt
from shared.events import PaymentSucceeded
from tests.payments.builders import (
    NOW,
    charge_seen,
    intent_seen,
    open_attempt,
    opened_payment,
    paid_payment,
    session_seen,
)


def causes(change: Change) -> list[str]:
    return [trouble.cause for trouble in change.troubles]


def the_attempt(change: Change, number: int = 1) -> Attempt:
    found = change.payment.attempt(number)
    assert found is not None
    return found


def test_a_paid_session_pays_the_payment_and_is_told_once() -> None:
    change = merge(Change(opened_payment()), [session_seen(), session_seen()], NOW)

    assert change.payment.paid_at == NOW
    assert the_attempt(change).outcome == "paid"
    [told] = change.events
    assert isinstance(told, PaymentSucceeded)
    assert (told.amount_minor, told.currency, told.version) == (4900, "EUR", 2)


def test_session_intent_and_charge_are_the_same_money() -> None:
    facts: list[Fact] = [intent_seen(), charge_seen(), session_seen()]

    change = merge(Change(opened_payment()), facts, NOW)

    assert len(change.payment.charges) == 1
    assert [type(event) for event in change.events] == [PaymentSucceeded]


def test_the_charge_of_known_money_is_learnt_later() -> None:
    change = merge(Change(opened_payment()), [session_seen()], NOW)
    assert change.payment.charges[0].stripe_charge_id is None

    change = merge(change, [charge_seen()], NOW)

    assert change.payment.charges[0].stripe_charge_id == "ch_1"


def test_another_amount_is_looked_at_again_before_anything_is_decided() -> None:
    change = merge(Change(opened_payment()), [session_seen(amount_minor=100)], NOW)

    assert change.lookups == [Lookup("session", "cs_1", None, False, "odd amount")]
    assert change.payment == opened_payment()


def test_money_of_another_amount_closes_the_payment_for_a_person() -> None:
    odd = session_seen(amount_minor=100, is_fresh=True)

    change = merge(Change(opened_payment()), [odd, odd], NOW)

    assert change.payment.is_odd
    assert change.payment.paid_at is None
    assert the_attempt(change).outcome == "odd"
    assert change.payment.charges[0].role == "odd"
    assert causes(change) == [ODD_MONEY]
    assert change.events == []


def test_money_in_another_currency_is_odd_as_well() -> None:
    change = merge(Change(opened_payment()), [session_seen(currency="USD", is_fresh=True)], NOW)

    assert change.payment.is_odd
    assert change.payment.paid_minor == 0


def test_a_session_for_which_nothing_had_to_be_paid_is_odd() -> None:
    free = session_seen(payment_status="no_payment_required", stripe_payment_intent_id=None)

    change = merge(Change(opened_payment()), [free], NOW)

    assert change.payment.is_odd
    assert the_attempt(change).outcome == "odd"


def test_money_on_another_account_is_only_an_exception() -> None:
    for elsewhere in (session_seen(acting_for="acct_other"), session_seen(is_live=True)):
        change = merge(Change(opened_payment()), [elsewhere], NOW)

        assert causes(change) == [MONEY_ELSEWHERE]
        assert change.payment == opened_payment()
        assert change.events == []


def test_another_accounts_session_settles_nothing_of_ours() -> None:
    foreign = session_seen(
        acting_for="acct_other",
        status="expired",
        payment_status="unpaid",
        stripe_payment_intent_id=None,
    )

    change = merge(Change(opened_payment()), [foreign], NOW)

    assert change.payment == opened_payment()


def test_a_second_charge_goes_back_alone() -> None:
    payment = paid_payment(
        attempts=(
            open_attempt(status="settled", outcome="paid"),
            open_attempt(number=2, stripe_object_id="cs_2"),
        )
    )
    second = session_seen(id="cs_2", stripe_payment_intent_id="pi_2")

    change = merge(Change(payment), [second, second], NOW)

    [refund] = change.payment.refunds
    assert (refund.stripe_payment_intent_id, refund.amount_minor) == ("pi_2", 4900)
    assert (refund.origin, refund.cause, refund.status) == ("automatic", "duplicate", "requested")
    assert refund.due_at == NOW
    assert change.payment.paid_minor == 9800
    assert not any(isinstance(event, PaymentSucceeded) for event in change.events)


def test_two_processes_name_the_refund_of_a_duplicate_alike() -> None:
    payment = paid_payment(attempts=(open_attempt(number=2, stripe_object_id="cs_2"),))
    second = session_seen(id="cs_2", stripe_payment_intent_id="pi_2")

    first, again = (merge(Change(payment), [second], NOW).payment for _ in range(2))

    assert first.refunds[0].refund_id == again.refunds[0].refund_id


def test_money_from_a_session_that_had_ended_still_pays() -> None:
    ended = open_attempt(status="settled", outcome="expired", due_at=None)

    change = merge(Change(opened_payment(attempts=(ended,))), [session_seen()], NOW)

    assert change.payment.paid_at == NOW
    assert the_attempt(change).outcome == "paid"


def test_once_paid_no_other_session_stays_open() -> None:
    ended = open_attempt(status="settled", outcome="expired", due_at=None)
    live = open_attempt(number=2, stripe_object_id="cs_2")

    change = merge(Change(opened_payment(attempts=(ended, live))), [session_seen()], NOW)

    assert the_attempt(change, 2).is_closing
    assert the_attempt(change, 2).due_at == NOW


def test_odd_money_beside_the_right_one_leaves_the_payment_paid() -> None:
    payment = paid_payment(
        attempts=(
            open_attempt(status="settled", outcome="paid"),
            open_attempt(number=2, stripe_object_id="cs_2"),
        )
    )
    odd = session_seen(id="cs_2", stripe_payment_intent_id="pi_2", amount_minor=1, is_fresh=True)

    change = merge(Change(payment), [odd], NOW)

    assert not change.payment.is_odd
    assert causes(change) == [ODD_MONEY]
    assert change.payment.refunds == ()

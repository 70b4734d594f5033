"""Disputes as Stripe tells them."""

from itertools import permutations

from services.payments.change import Change
from services.payments.merge import merge
from shared.events import DisputeClosed, DisputeOpened
from tests.payments.builders import (
    NOW,
    booked,
    charge_seen,
    dispute_seen,
    paid_payment,
    payment,
)


def test_a_dispute_is_told_when_it_opens_and_when_it_is_decided() -> None:
    facts = [
        dispute_seen(),
        dispute_seen(),
        dispute_seen(status="under_review"),
        dispute_seen(status="lost"),
        dispute_seen(status="lost"),
    ]

    change = merge(Change(paid_payment()), facts, NOW)

    assert [type(event) for event in change.events] == [DisputeOpened, DisputeClosed]
    closed = change.events[-1]
    assert isinstance(closed, DisputeClosed)
    assert (closed.status, closed.amount_minor, closed.reason) == ("lost", 4900, "fraudulent")


def test_the_order_of_its_news_does_not_matter() -> None:
    facts = [dispute_seen(status=status) for status in ("needs_response", "under_review", "won")]

    for order in permutations(facts):
        change = merge(Change(paid_payment()), order, NOW)

        assert change.payment.disputes[0].status == "won"
        assert [type(event) for event in change.events] == [DisputeOpened, DisputeClosed]


def test_an_appeal_opens_a_lost_dispute_again() -> None:
    facts = [dispute_seen(status="lost"), dispute_seen(status="appeal_under_review")]

    change = merge(Change(paid_payment()), facts, NOW)

    assert [type(event) for event in change.events] == [
        DisputeOpened,
        DisputeClosed,
        DisputeOpened,
    ]
    assert change.payment.disputes[0].closed_at is None


def test_what_it_moved_is_booked_with_each_of_its_news() -> None:
    withdrawn = booked(id="txn_2", type="adjustment", amount_minor=-4900, fee_minor=1500)

    change = merge(Change(paid_payment()), [dispute_seen(balance_transactions=(withdrawn,))], NOW)

    assert change.bookings == [withdrawn]


def test_a_dispute_of_money_that_is_not_known_asks_for_its_intent() -> None:
    change = merge(Change(payment()), [dispute_seen()], NOW)

    assert [(one.kind, one.stripe_object_id) for one in change.lookups] == [("intent", "pi_1")]


def test_a_disputed_charge_whose_dispute_nobody_told_asks_for_it() -> None:
    change = merge(Change(paid_payment()), [charge_seen(is_disputed=True)], NOW)

    assert ("intent", "pi_1") in [(one.kind, one.stripe_object_id) for one in change.lookups]


def test_an_unknown_status_is_for_a_person() -> None:
    change = merge(Change(paid_payment()), [dispute_seen(status="mediated")], NOW)

    assert [trouble.cause for trouble in change.troubles] == ["unknown_status"]
    assert change.payment.disputes == ()

"""Whatever the order in which one payment's facts arrive, the same becomes true."""

from itertools import permutations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.payments.change import Change
from services.payments.facts import Fact, Labels
from services.payments.merge import merge
from services.payments.payment import Payment
from shared.events import Event, PaymentSucceeded, Refunded, RefundFailed
from tests.payments.builders import (
    NOW,
    PAYMENT_ID,
    attempt,
    charge_seen,
    dispute_seen,
    intent_seen,
    made_refund,
    open_session_seen,
    payment,
    refund_seen,
    session_seen,
)

CALLED = payment(attempts=(attempt(),))
# Everything that one payment's life may make Stripe say, whoever asked or was told.
STORY: list[Fact] = [
    open_session_seen(),
    session_seen(),
    intent_seen(),
    charge_seen(),
    refund_seen(status="pending", amount_minor=900),
    refund_seen(amount_minor=900),
    dispute_seen(status="warning_needs_response"),
    dispute_seen(status="warning_closed"),
]


# What Stripe shows when it is asked: as far as anything that it has said.
SHOWN: list[Fact] = [
    intent_seen(is_fresh=True),
    refund_seen(is_fresh=True, amount_minor=900),
    dispute_seen(is_fresh=True, status="warning_closed"),
]


def settled(facts: list[Fact], state: Payment = CALLED) -> Change:
    """Merge, and look up what is to be looked up: the whole intent, as the worker would."""
    change = Change(state)
    for fact in facts:
        merge(change, [fact], NOW)
        if change.lookups:
            change.lookups.clear()
            merge(change, SHOWN, NOW)
    return change


def outcome(change: Change) -> tuple[object, ...]:
    state = change.payment
    return (
        state.paid_at,
        state.paid_minor,
        state.refunded_minor,
        state.attempts[0].outcome,
        [(one.stripe_payment_intent_id, one.role) for one in state.charges],
        [(one.stripe_refund_id, one.status, one.amount_minor) for one in state.refunds],
        [(one.stripe_dispute_id, one.status) for one in state.disputes],
    )


def counted(events: list[Event], kind: type[Event]) -> int:
    return sum(isinstance(event, kind) for event in events)


def test_every_order_of_a_payments_facts_ends_alike() -> None:
    facts = [*STORY[:5], STORY[-1]]
    expected = outcome(settled(facts))

    for order in permutations(facts):
        change = settled(list(order))

        assert outcome(change) == expected
        assert counted(change.events, PaymentSucceeded) == 1
        assert counted(change.events, Refunded) == 1


@given(st.permutations(STORY))
@settings(max_examples=150, deadline=None)
def test_any_order_of_all_that_may_happen_ends_alike(facts: list[Fact]) -> None:
    assert outcome(settled(facts)) == outcome(settled(STORY))


@given(st.lists(st.sampled_from(STORY), min_size=1, max_size=24))
@settings(max_examples=200, deadline=None)
def test_repeated_and_missing_facts_never_count_money_twice(facts: list[Fact]) -> None:
    change = settled(facts)

    state = change.payment
    assert state.paid_minor in (0, 4900)
    assert state.refunded_minor in (0, 900)
    assert counted(change.events, PaymentSucceeded) == (1 if state.paid_at else 0)
    assert counted(change.events, Refunded) <= 1
    versions = [event.version for event in change.events if hasattr(event, "version")]
    assert versions == sorted(set(versions))


@given(st.permutations([*STORY[:4], session_seen(status="expired", payment_status="unpaid")]))
@settings(max_examples=120, deadline=None)
def test_paid_is_absorbing(facts: list[Fact]) -> None:
    change = settled(facts)

    assert change.payment.paid_at is not None
    assert change.payment.attempts[0].outcome == "paid"


def test_merging_an_end_state_again_changes_nothing() -> None:
    change = settled(STORY)
    before = change.payment

    again = merge(Change(before), STORY, NOW)

    assert again.payment == before
    assert again.events == []


def test_a_refund_that_fails_late_ends_alike_in_every_order() -> None:
    ours = Labels(payment_id=PAYMENT_ID, refund_id=UUID(int=9))
    facts: list[Fact] = [
        refund_seen(labels=ours, status="pending"),
        refund_seen(labels=ours),
        refund_seen(labels=ours, status="failed", failure_reason="declined"),
    ]
    paid = settled(STORY[:2]).payment.with_refund(made_refund())

    for order in permutations(facts):
        change = merge(Change(paid), order, NOW)

        assert [one.status for one in change.payment.refunds] == ["failed"]
        assert counted(change.events, RefundFailed) == 1
        assert counted(change.events, Refunded) <= 1

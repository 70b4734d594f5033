from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from services.registration.refund_policy import (
    Bracket,
    RefundPolicy,
    decide,
    is_more_lenient,
    policy_start,
    sentence,
    steps,
)

START = datetime(2026, 11, 12, 17, 0, tzinfo=UTC)
TWO_STEPS = RefundPolicy.model_validate(
    {
        "kind": "brackets",
        "brackets": [
            {"hours_before": 24, "percent": 50},
            {"hours_before": 48, "percent": 100},
        ],
    }
)
UNTIL_START = RefundPolicy(kind="until_start")
NO_REFUND = RefundPolicy(kind="none")


def decided(
    policy: RefundPolicy | None,
    hours_left: float,
    *,
    amount_minor: int = 4900,
    currency: str | None = "EUR",
    moved_by: timedelta = timedelta(0),
) -> int:
    now = START - timedelta(hours=hours_left)
    return decide(policy, START, START + moved_by, now, amount_minor, currency)


@pytest.mark.parametrize(
    ("hours_left", "refund_minor"), [(100, 4900), (48, 4900), (47.99, 2450), (24, 2450), (23.9, 0)]
)
def test_brackets_pay_back_until_their_hour_inclusive(hours_left: float, refund_minor: int) -> None:
    assert decided(TWO_STEPS, hours_left) == refund_minor


def test_until_the_start_everything_goes_back_and_afterwards_nothing() -> None:
    assert decided(UNTIL_START, 0) == 4900
    assert decided(UNTIL_START, -0.01) == 0


def test_none_and_no_policy_pay_nothing_back() -> None:
    assert decided(NO_REFUND, 1000) == 0
    assert decided(None, 1000) == 0


def test_hours_count_from_the_later_of_the_frozen_and_the_current_start() -> None:
    assert decided(TWO_STEPS, 30, moved_by=timedelta(days=7)) == 4900
    assert decided(TWO_STEPS, 30, moved_by=-timedelta(days=1)) == 2450
    assert policy_start(START, START - timedelta(days=1)) == START


def test_a_share_is_rounded_up_to_the_currencys_step() -> None:
    assert decided(TWO_STEPS, 30, amount_minor=4901) == 2451
    assert decided(TWO_STEPS, 30, amount_minor=501, currency="JPY") == 251
    assert decided(TWO_STEPS, 30, amount_minor=500, currency="ISK") == 300


def test_a_free_registration_has_nothing_to_give_back() -> None:
    assert decided(UNTIL_START, 30, amount_minor=0) == 0
    assert decided(UNTIL_START, 30, currency=None) == 0


@pytest.mark.parametrize(
    ("policy", "field", "words"),
    [
        ({"kind": "half"}, "refund_policy.kind", "'brackets', 'until_start' or 'none'"),
        ({"kind": "brackets"}, "refund_policy.brackets", "at least one bracket"),
        ({"kind": "none", "brackets": [{"hours_before": 1, "percent": 5}]},
         "refund_policy.brackets", "left out"),
        ({"kind": "brackets", "brackets": [{"hours_before": -1, "percent": 5}]},
         "refund_policy.brackets.0.hours_before", "greater than or equal to 0"),
        ({"kind": "brackets", "brackets": [{"hours_before": 1, "percent": 101}]},
         "refund_policy.brackets.0.percent", "less than or equal to 100"),
        ({"kind": "brackets", "brackets": [{"hours_before": 1, "percent": True}]},
         "refund_policy.brackets.0.percent", "integer"),
        ({"kind": "brackets", "brackets": [{"hours_before": 1, "percent": 5, "fee": 1}]},
         "refund_policy.brackets.0.fee", "Extra"),
        ({"kind": "brackets", "brackets": [{"hours_before": 1, "percent": 5}] * 2},
         "refund_policy.brackets", "hours_before 1 twice"),
        ({"kind": "brackets", "brackets": [{"hours_before": 48, "percent": 50},
                                           {"hours_before": 24, "percent": 100}]},
         "refund_policy.brackets", "hours_before 24 must be below 50"),
        ({"kind": "brackets",
          "brackets": [{"hours_before": n, "percent": n + 1} for n in range(11)]},
         "refund_policy.brackets", "at most 10"),
    ],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused_by_its_fields_name(
    policy: dict[str, Any], field: str, words: str
) -> None:
    class Body(BaseModel):
        refund_policy: RefundPolicy | None = None

    with pytest.raises(ValidationError) as refusal:
        Body.model_validate({"refund_policy": policy})

    errors = {".".join(map(str, error["loc"])): error["msg"] for error in refusal.value.errors()}
    assert words in errors[field]


def test_a_policy_reads_back_from_its_json_unchanged() -> None:
    for policy in (TWO_STEPS, UNTIL_START, NO_REFUND):
        assert RefundPolicy.model_validate(policy.as_json()) == policy
    assert UNTIL_START.as_json() == {"kind": "until_start"}


def test_the_sentence_says_every_step_in_english_and_spanish() -> None:
    assert sentence(TWO_STEPS, "en") == (
        "If you cancel, you get back 100% until 48 hours before the start, "
        "50% until 24 hours before the start, and nothing after that."
    )
    assert sentence(TWO_STEPS, "es-MX").replace("\N{NO-BREAK SPACE}", " ") in (
        "Si cancelas, te devolvemos el 100% hasta 48 horas antes del inicio, "
        "el 50% hasta 24 horas antes del inicio y nada después.",
    )
    assert sentence(UNTIL_START, "en").endswith("before the start, you get everything back.")
    assert sentence(NO_REFUND, "es") == "Si cancelas, no se reembolsa el pago."


def test_a_single_bracket_at_the_start_reads_well() -> None:
    policy = RefundPolicy(kind="brackets", brackets=(Bracket(hours_before=0, percent=80),))

    assert sentence(policy, "en") == (
        "If you cancel, you get back 80% until the start and nothing after that."
    )


def test_without_a_policy_nothing_is_said() -> None:
    assert sentence(None, "en") == ""
    assert steps(None, START, START, 4900, "EUR") == ()


def test_the_steps_mark_the_one_in_force() -> None:
    listed = steps(TWO_STEPS, START, START - timedelta(hours=30), 4900, "EUR")

    assert [(step.percent, step.amount_minor, step.is_current) for step in listed] == [
        (100, 4900, False), (50, 2450, True), (0, 0, False),
    ]  # fmt: skip
    assert listed[0].until == START - timedelta(hours=48)
    assert listed[-1].until is None


def test_after_the_last_deadline_the_last_step_is_in_force() -> None:
    listed = steps(UNTIL_START, START, START + timedelta(hours=1), 4900, "EUR")

    assert [step.is_current for step in listed] == [False, True]


def test_a_policy_may_be_compared_with_an_older_one() -> None:
    assert is_more_lenient(UNTIL_START, TWO_STEPS)
    assert not is_more_lenient(TWO_STEPS, UNTIL_START)
    assert is_more_lenient(TWO_STEPS, TWO_STEPS)
    assert is_more_lenient(NO_REFUND, None)
    assert is_more_lenient(None, NO_REFUND)
    assert not is_more_lenient(None, TWO_STEPS)


policies = st.one_of(
    st.sampled_from([UNTIL_START, NO_REFUND]),
    st.tuples(
        st.sets(st.integers(0, 60), min_size=1, max_size=4),
        st.sets(st.integers(1, 100), min_size=4, max_size=4),
    ).map(
        lambda drawn: RefundPolicy(
            kind="brackets",
            brackets=tuple(
                Bracket(hours_before=hours, percent=percent)
                for hours, percent in zip(sorted(drawn[0]), sorted(drawn[1]), strict=False)
            ),
        )
    ),
)


@given(new=policies, old=policies)
def test_more_lenient_means_that_nobody_gets_less_at_any_hour(
    new: RefundPolicy, old: RefundPolicy
) -> None:
    hours = [count / 2 for count in range(-2, 130)]

    nobody_loses = all(decided(new, left) >= decided(old, left) for left in hours)

    assert is_more_lenient(new, old) == nobody_loses


@given(policy=policies, hours_left=st.floats(-5, 100), amount_minor=st.integers(1, 10**7))
def test_the_step_in_force_is_what_the_decision_pays(
    policy: RefundPolicy, hours_left: float, amount_minor: int
) -> None:
    now = START - timedelta(hours=hours_left)

    (current,) = (
        step for step in steps(policy, START, now, amount_minor, "EUR") if step.is_current
    )

    assert current.amount_minor == decide(policy, START, START, now, amount_minor, "EUR")

"""What may be a password."""

import pytest

from services.registration import password_rules
from services.registration.password_rules import problem_with


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "x7#kQ2!p",
        "ñandúes en la pampa",
        "x" * 3 + "some two hundred " * 11 + "y",
        "人生七十古来稀だから",
        "inés likes long walks",
    ],
)
def test_long_or_odd_is_good_whatever_it_is_made_of(password: str) -> None:
    assert problem_with(password, name="Inés Carvajal", email="ines@faro.example") is None


def test_length_is_counted_in_characters() -> None:
    assert problem_with("ñandú12") == password_rules.TOO_SHORT
    assert problem_with("ñandú1!2") is None
    assert problem_with("ab" + "c d" * 66) is None
    assert problem_with("ab" + "c d" * 66 + "e") == password_rules.TOO_LONG


@pytest.mark.parametrize(
    "password", ["password", "PassWord1", "iloveyou", "qwertyuiop", " trustno1"]
)
def test_what_is_tried_first_is_refused_in_any_case(password: str) -> None:
    assert problem_with(password) == password_rules.TOO_COMMON


@pytest.mark.parametrize(
    "password", ["zzzzzzzzzzzz", "3456789012", "mnopqrstu", "x1!x1!x1!", "lkjhgfdsa"]
)
def test_rows_and_repetitions_are_refused(password: str) -> None:
    assert problem_with(password) == password_rules.TOO_REGULAR


@pytest.mark.parametrize(
    "password", ["ines.carvajal", "Carvajal2026", "ines.carvajal@faro.example", "carvajal-faro"]
)
def test_ones_own_name_and_address_are_refused(password: str) -> None:
    problem = problem_with(password, name="Inés Carvajal", email="ines.carvajal@faro.example")

    assert problem == password_rules.TOO_PERSONAL


def test_the_list_holds_the_three_thousand_commonest() -> None:
    assert len(password_rules._common()) == 3000

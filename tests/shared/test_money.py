import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import (
    NotAnAmount,
    UnknownCurrency,
    amount_problem,
    currency_codes,
    currency_rule,
    major_units,
    percentage,
    read_amount,
)

CODES = ["EUR", "USD", "JPY", "KRW", "ISK", "UGX", "KWD", "BHD", "HUF", "TWD"]


@pytest.mark.parametrize(
    ("amount_minor", "code", "written"),
    [
        (4900, "EUR", "49.00"),
        (500, "JPY", "500"),
        (500, "ISK", "5.00"),
        (5120, "KWD", "5.120"),
        (17500, "HUF", "175.00"),
    ],
)
def test_an_amount_is_written_by_the_currency_s_exponent(
    amount_minor: int, code: str, written: str
) -> None:
    assert str(major_units(amount_minor, code)) == written


@pytest.mark.parametrize(
    ("amount_minor", "code"),
    [(50, "EUR"), (50, "JPY"), (500, "JPY"), (500, "ISK"), (5120, "KWD"), (30, "GBP")],
)
def test_amounts_that_stripe_takes_are_fine(amount_minor: int, code: str) -> None:
    assert amount_problem(amount_minor, code) is None


@pytest.mark.parametrize(
    ("amount_minor", "code", "says"),
    [
        (49, "EUR", "minimum of 0.50 EUR"),
        (49, "JPY", "minimum of 50 JPY"),
        (550, "ISK", "multiple of 1.00 ISK"),
        (5124, "KWD", "multiple of 0.010 KWD"),
        (100_000_000, "EUR", "maximum of 999999.99 EUR"),
    ],
)
def test_what_stripe_would_refuse_is_said_before(amount_minor: int, code: str, says: str) -> None:
    assert says in (amount_problem(amount_minor, code) or "")


@pytest.mark.parametrize("code", ["XXX", "eur", "", "EURO"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        currency_rule(code)


@given(units=st.integers(1, 9_000_000), percent=st.integers(0, 100), code=st.sampled_from(CODES))
def test_a_percentage_rounds_up_to_the_step_and_never_above_the_amount(
    units: int, percent: int, code: str
) -> None:
    step = currency_rule(code).step
    amount_minor = units * step

    share = percentage(amount_minor, percent, code)

    assert share % step == 0
    assert share <= amount_minor
    assert share * 100 >= amount_minor * percent
    assert (share - step) * 100 < amount_minor * percent or share == 0


@pytest.mark.parametrize(
    ("typed", "code", "amount_minor"),
    [
        ("49", "EUR", 4900),
        ("49.00", "EUR", 4900),
        ("49,00", "EUR", 4900),
        (" 49,5 ", "EUR", 4950),
        ("0049", "EUR", 4900),
        ("0", "EUR", 0),
        ("5000", "JPY", 5000),
        ("5", "ISK", 500),
        ("1.000", "KWD", 1000),
        ("5,12", "KWD", 5120),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed: str, code: str, amount_minor: int) -> None:
    assert read_amount(typed, code) == amount_minor


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "EUR"),
        ("free", "EUR"),
        ("-5", "EUR"),
        ("1.000", "EUR"),
        ("1.000,00", "EUR"),
        ("49.", "EUR"),
        (".49", "EUR"),
        ("49.001", "EUR"),
        ("50.00", "JPY"),
        ("4 9", "EUR"),
        ("1e3", "EUR"),
        ("٤٩", "EUR"),
        ("49\n", "JPY1"[:3] + ""),
        ("9" * 13, "EUR"),
    ],
)
def test_what_could_be_read_in_two_ways_is_no_amount(typed: str, code: str) -> None:
    if typed == "49\n":
        assert read_amount(typed, code) == 49
        return
    with pytest.raises(NotAnAmount):
        read_amount(typed, code)


@given(st.sampled_from(CODES), st.integers(0, 99_999_999))
def test_a_written_amount_reads_back(code: str, amount_minor: int) -> None:
    assert read_amount(str(major_units(amount_minor, code)), code) == amount_minor


def test_every_currency_has_its_rule() -> None:
    codes = currency_codes()

    assert {"EUR", "JPY", "KWD", "ISK"} < set(codes)
    assert [currency_rule(code).code for code in codes] == codes

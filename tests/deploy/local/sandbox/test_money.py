"""Currencies, fees and exchange."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.sandbox import money


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (4900, "eur", "€49.00"),
        (123_456, "usd", "$1,234.56"),
        (500, "jpy", "¥500"),
        (1250, "kwd", "KWD 1.250"),
        (50, "sek", "SEK 0.50"),
    ],
)
def test_money_is_written_as_people_read_it(amount: int, currency: str, words: str) -> None:
    assert money.words(amount, currency) == words


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("12.50", "eur", 1250), ("12,5", "eur", 1250), ("7", "jpy", 7), ("1.250", "kwd", 1250)],
)
def test_typed_money_is_read(text: str, currency: str, amount: int) -> None:
    assert money.read_words(text, currency) == amount


@pytest.mark.parametrize("text", ["", "much", "1.234", "-5", "0", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        money.read_words(text, "eur")


@given(st.integers(1, 10**9), st.sampled_from(sorted(money.CURRENCIES)))
def test_reading_what_was_written_gives_the_amount_back(amount: int, currency: str) -> None:
    figures = f"{Decimal(amount).scaleb(-money.decimals(currency))}"

    assert money.read_words(figures, currency) == amount


@given(st.integers(1, 10**8), st.sampled_from(sorted(money.CURRENCIES)))
def test_a_fee_is_never_more_than_the_amount(amount: int, currency: str) -> None:
    assert 0 < money.processing_fee(amount, currency) <= amount


@pytest.mark.parametrize(
    ("amount", "currency", "fee"),
    [(4900, "eur", 172), (1000, "jpy", 59), (10_000, "kwd", 590), (20, "eur", 20)],
)
def test_the_fee_fits_the_currencys_decimals(amount: int, currency: str, fee: int) -> None:
    assert money.processing_fee(amount, currency) == fee


@pytest.mark.parametrize(
    ("amount", "currency", "settlement", "converted"),
    [
        (1000, "usd", "eur", 920),
        (1000, "eur", "eur", 1000),
        (5000, "jpy", "eur", 3000),
        (3000, "eur", "jpy", 5000),
        (1000, "kwd", "eur", 300),
    ],
)
def test_money_is_exchanged_between_different_decimals(
    amount: int, currency: str, settlement: str, converted: int
) -> None:
    conversion = money.convert(amount, currency, settlement)

    assert (conversion.amount, conversion.currency) == (converted, settlement)
    assert (conversion.rate is None) == (currency == settlement)


def test_largest_amounts_differ_by_currency() -> None:
    assert money.most("eur") == 99_999_999
    assert money.most("idr") == 999_999_999_999
    assert money.most("jpy") == 9_999_999_999
    assert money.most("inr") == 999_999_999


def test_the_least_amount_counts_in_both_currencies() -> None:
    assert money.is_enough(50, "eur", "eur")
    assert not money.is_enough(49, "eur", "eur")
    assert not money.is_enough(100, "vnd", "eur")
    assert money.is_enough(20_000, "vnd", "eur")
    assert not money.is_enough(50, "usd", "eur")

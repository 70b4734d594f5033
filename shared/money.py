"""Currencies as Stripe counts them: exponent, step and minimum; amounts are integers.

Source: https://docs.stripe.com/currencies (zero-decimal, special and three-decimal currencies,
minimum charges by settlement currency). Minimums are Stripe's and change: treat them as a
first check, Stripe's own refusal is the last word.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

_TYPED = re.compile("(?P<units>[0-9]{1,12})(?:[.,](?P<decimals>[0-9]{1,3}))?")
AMOUNT_MINOR_MAX = 99_999_999  # Stripe takes eight digits in general.

_ZERO_DECIMAL = frozenset((
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
))  # fmt: skip
_THREE_DECIMAL = frozenset((
    "BHD", "JOD", "KWD", "OMR", "TND",
))  # fmt: skip
# Sent with two decimals that must be 00: 5 ISK is 500.
_WHOLE_UNITS_ONLY = frozenset(("ISK", "UGX"))
_TWO_DECIMAL = frozenset((
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BMD", "BND", "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY",
    "COP", "CRC", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP",
    "GEL", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "JMD",
    "KES", "KGS", "KHR", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MKD",
    "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK",
    "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR",
    "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "STD", "SZL", "THB", "TJS", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "WST", "XCD", "YER", "ZAR", "ZMW",
))  # fmt: skip
_MINIMUM_MINOR = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000,
    "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,
}  # fmt: skip


@dataclass(frozen=True)
class CurrencyRule:
    """How amounts of one currency are written: exponent 2 means 4900 is 49.00."""

    code: str
    exponent: int
    step: int  # Every amount is a multiple of it.
    minimum_minor: int  # The smallest charge.


class NotAnAmount(ValueError):
    """This is not an amount as it is written in that currency."""


class UnknownCurrency(ValueError):
    """Stripe does not take this currency."""


def currency_codes() -> list[str]:
    """Every currency that Stripe takes."""
    return sorted(_ZERO_DECIMAL | _THREE_DECIMAL | _WHOLE_UNITS_ONLY | _TWO_DECIMAL)


def currency_rule(code: str) -> CurrencyRule:
    """The rule of a currency by its upper-case code; raises UnknownCurrency."""
    if code in _ZERO_DECIMAL:
        exponent, step = 0, 1
    elif code in _THREE_DECIMAL:
        exponent, step = 3, 10
    elif code in _WHOLE_UNITS_ONLY:
        exponent, step = 2, 100
    elif code in _TWO_DECIMAL:
        exponent, step = 2, 1
    else:
        raise UnknownCurrency(
            f"{code} is not a currency that Stripe takes; use a code such as EUR."
        )
    return CurrencyRule(code, exponent, step, max(_MINIMUM_MINOR.get(code, step), step))


def amount_problem(amount_minor: int, code: str) -> str | None:
    """Why Stripe would refuse a charge of this amount, in words for the organizer; None is fine."""
    rule = currency_rule(code)
    if amount_minor < rule.minimum_minor:
        return f"is below the minimum of {major_units(rule.minimum_minor, code)} {code}"
    if amount_minor > AMOUNT_MINOR_MAX:
        return f"is above the maximum of {major_units(AMOUNT_MINOR_MAX, code)} {code}"
    if amount_minor % rule.step:
        return f"must be a multiple of {major_units(rule.step, code)} {code}"
    return None


def major_units(amount_minor: int, code: str) -> Decimal:
    """The amount as people write it: 4900 EUR is 49.00, 500 JPY is 500."""
    return Decimal(amount_minor).scaleb(-currency_rule(code).exponent)


def read_amount(typed: str, code: str) -> int:
    """The amount that a person wrote: "49", "49.00" and "49,00" EUR are 4900; raises NotAnAmount.

    Groups of thousands are refused: "1.000" is a thousand to some readers and one to others.
    """
    exponent = currency_rule(code).exponent
    found = _TYPED.fullmatch(typed.strip())
    if found is None or len(found["decimals"] or "") > exponent:
        raise NotAnAmount(NotAnAmount.__doc__)
    return int(found["units"] + (found["decimals"] or "").ljust(exponent, "0"))


def percentage(amount_minor: int, percent: int, code: str) -> int:
    """That share of an amount, rounded up to the currency's step and never above the amount."""
    step = currency_rule(code).step
    share = -(-amount_minor * percent // 100)
    return min(amount_minor, -(-share // step) * step)

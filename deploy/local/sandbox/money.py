"""Currencies as Stripe counts them: smallest units, least amounts, exchange and fees."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

ZERO_DECIMAL = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga",
     "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)  # fmt: skip
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
# Sent with two decimals that must be 00.
WHOLE_UNITS = frozenset(("isk", "ugx"))

# How many euros one unit is worth. Fixed, so that a test can compute what it expects.
_EUROS = {
    "aed": "0.25", "ars": "0.001", "aud": "0.60", "bgn": "0.51", "bhd": "2.45", "bif": "0.0003",
    "brl": "0.16", "cad": "0.67", "chf": "1.05", "clp": "0.001", "cny": "0.127", "cop": "0.00022",
    "czk": "0.04", "djf": "0.0052", "dkk": "0.134", "egp": "0.019", "eur": "1", "gbp": "1.15",
    "gnf": "0.0001", "hkd": "0.118", "huf": "0.0025", "idr": "0.000056", "ils": "0.25",
    "inr": "0.0105", "isk": "0.007", "jod": "1.30", "jpy": "0.006", "kmf": "0.002",
    "krw": "0.00065", "kwd": "3.00", "mad": "0.094", "mga": "0.0002", "mxn": "0.05",
    "myr": "0.21", "nok": "0.085", "nzd": "0.54", "omr": "2.40", "pen": "0.25", "php": "0.016",
    "pln": "0.235", "pyg": "0.00012", "qar": "0.253", "ron": "0.20", "rsd": "0.0085",
    "rwf": "0.00065", "sar": "0.245", "sek": "0.09", "sgd": "0.69", "thb": "0.026",
    "tnd": "0.30", "try": "0.022", "twd": "0.028", "uah": "0.022", "ugx": "0.00025",
    "usd": "0.92", "uyu": "0.023", "vnd": "0.000036", "vuv": "0.0077", "xaf": "0.00152",
    "xof": "0.00152", "xpf": "0.0084", "zar": "0.05",
}  # fmt: skip
CURRENCIES = frozenset(_EUROS)

# docs.stripe.com/currencies, in smallest units of the settlement currency.
_LEAST = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip

_SYMBOLS = {
    "eur": "€", "usd": "$", "gbp": "£", "jpy": "¥", "aud": "A$", "cad": "CA$", "nzd": "NZ$",
    "hkd": "HK$", "sgd": "S$", "inr": "₹", "brl": "R$", "krw": "₩", "mxn": "MX$",
}  # fmt: skip

_FEE_SHARE = Decimal("0.029")
_FEE_FIXED = Decimal("0.30")
DISPUTE_FEE = Decimal(15)


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount in the currency that an account is paid out in; no rate if it is the same."""

    amount: int
    currency: str
    rate: Decimal | None


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def most(currency: str) -> int:
    """The largest amount of one charge."""
    if currency == "idr":
        return 999_999_999_999
    if currency in ("cop", "huf", "jpy", "lbp"):
        return 9_999_999_999
    return 999_999_999 if currency == "inr" else 99_999_999


def convert(amount: int, currency: str, settlement: str) -> Conversion:
    if currency == settlement:
        return Conversion(amount, currency, None)
    rate = (Decimal(_EUROS[currency]) / Decimal(_EUROS[settlement])).quantize(Decimal("0.000001"))
    scale = Decimal(10) ** (decimals(settlement) - decimals(currency))
    converted = (amount * rate * scale).quantize(Decimal(1), ROUND_HALF_EVEN)
    return Conversion(int(converted), settlement, rate)


def in_currency(amount: Decimal, currency: str) -> int:
    """A fixed fee in smallest units; where there are no decimals, 0.30 becomes 30 units."""
    exponent = decimals(currency)
    return int(amount * (100 if exponent == 0 else 10**exponent))


def processing_fee(amount: int, currency: str) -> int:
    """2.9 % and a fixed part, never more than the amount."""
    share = int((amount * _FEE_SHARE).quantize(Decimal(1), ROUND_HALF_UP))
    return min(amount, share + in_currency(_FEE_FIXED, currency))


def is_enough(amount: int, currency: str, settlement: str) -> bool:
    """Whether a charge reaches Stripe's least amount for the account."""
    if currency in _LEAST and amount < _LEAST[currency]:
        return False
    return convert(amount, currency, settlement).amount >= _LEAST.get(settlement, 0)


def least_words(currency: str, settlement: str) -> str:
    known = currency if currency in _LEAST else settlement
    return f"{words(_LEAST[known], known)} {known}"


def is_exact(amount: int, currency: str) -> bool:
    """Whether the last digits are the zeros that some currencies must end in."""
    if currency in THREE_DECIMAL:
        return amount % 10 == 0
    return currency not in WHOLE_UNITS or amount % 100 == 0


def words(amount: int, currency: str) -> str:
    """€49.00, or KWD 1.250 for a currency without a sign of its own."""
    exponent = decimals(currency)
    figures = f"{Decimal(amount).scaleb(-exponent):,.{exponent}f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{figures}" if symbol else f"{currency.upper()} {figures}"


def read_words(text: str, currency: str) -> int:
    """The smallest units of an amount as people type it: 12.50 or 12,50.

    Raises ValueError for anything else.
    """
    try:
        amount = Decimal(text.replace(",", ".")).scaleb(decimals(currency))
    except InvalidOperation as wrong:
        raise ValueError(f"{text} is no amount.") from wrong
    if not amount.is_finite() or amount <= 0 or amount != amount.to_integral_value():
        raise ValueError(f"{text} is no amount in {currency.upper()}.")
    return int(amount)

"""When a refund asks for the password again."""

import pytest

from services.registration.refund_limits import RefundLimit, asks_for_password

LIMIT = RefundLimit(10_000, "EUR")


@pytest.mark.parametrize(
    ("limit", "amount_minor", "currency", "asks"),
    [
        (None, 1, "EUR", True),
        (None, 0, None, False),
        (LIMIT, 10_000, "EUR", False),
        (LIMIT, 10_001, "EUR", True),
        (LIMIT, 1, "JPY", True),
        (LIMIT, 0, None, False),
        (RefundLimit(0, "EUR"), 1, "EUR", True),
    ],
)
def test_above_the_limit_without_one_and_in_other_currencies(
    limit: RefundLimit | None, amount_minor: int, currency: str | None, asks: bool
) -> None:
    assert asks_for_password(limit, amount_minor, currency) is asks

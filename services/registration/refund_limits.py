"""Above which amount a refund asks for the password again. No I/O here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RefundLimit:
    """Refunds up to this amount, in this currency, ask for nothing more than being signed in."""

    amount_minor: int
    currency: str


def asks_for_password(limit: RefundLimit | None, amount_minor: int, currency: str | None) -> bool:
    """Whether a refund needs the password of late: without a limit each, else what is above it.

    Amounts of another currency cannot be compared, so they always do.
    """
    if limit is None or currency != limit.currency:
        return amount_minor > 0
    return amount_minor > limit.amount_minor

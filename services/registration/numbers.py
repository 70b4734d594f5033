"""What a webinar's registrants come to: counts, seats, money by currency. No I/O here.

Rehearsals are in none of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    """Sums in one currency: paid and refunded in that of the price, fee and net as settled.

    A price in one currency that is settled in another makes two of these.
    """

    currency: str
    payers: int
    paid_minor: int
    refunded_minor: int
    fee_minor: int
    net_minor: int

    @property
    def is_settled(self) -> bool:
        """Whether Stripe has booked anything in this currency."""
        return bool(self.fee_minor or self.net_minor)


@dataclass(frozen=True)
class Totals:
    """A webinar's numbers as of now; `registered` counts everybody who ever was admitted."""

    registered: int
    awaiting_payment: int
    confirmed: int
    released: int
    cancelled: int
    seats_taken: int
    capacity: int | None
    money: tuple[Money, ...]  # By currency code; empty before the first payment.

    @property
    def paid(self) -> tuple[tuple[int, str], ...]:
        """What was paid, amount and currency."""
        return tuple((one.paid_minor, one.currency) for one in self.money if one.payers)

    @property
    def refunded(self) -> tuple[tuple[int, str], ...]:
        """What went back, amount and currency."""
        return tuple((one.refunded_minor, one.currency) for one in self.money if one.payers)

    @property
    def fees(self) -> tuple[tuple[int, str], ...]:
        """What Stripe kept, amount and settlement currency; empty until Stripe told it."""
        return tuple((one.fee_minor, one.currency) for one in self.money if one.is_settled)

    @property
    def net(self) -> tuple[tuple[int, str], ...]:
        """What is left of it, amount and settlement currency; empty until Stripe told it."""
        return tuple((one.net_minor, one.currency) for one in self.money if one.is_settled)

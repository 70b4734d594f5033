"""Fee and net are sums of what Stripe booked."""

from services.payments import ledger
from services.payments.change import SETTLED_IN_TWO_CURRENCIES, Change
from shared.events import FeeSettled
from tests.payments.builders import booked, paid_payment


def test_fee_and_net_are_told_with_the_currency_they_are_in() -> None:
    change = Change(paid_payment())

    ledger.book(change, [booked(currency="USD")])

    [told] = change.events
    assert isinstance(told, FeeSettled)
    assert (told.fee_minor, told.net_minor, told.settlement_currency) == (172, 4728, "USD")
    assert told.version == 3


def test_refunds_and_disputes_are_summed_and_told_again() -> None:
    change = Change(paid_payment())
    ledger.book(change, [booked()])

    ledger.book(
        change,
        [
            booked(id="txn_2", amount_minor=-4900, fee_minor=0, net_minor=-4900),
            booked(id="txn_3", amount_minor=0, fee_minor=1500, net_minor=-1500),
        ],
    )

    told = change.events[-1]
    assert isinstance(told, FeeSettled)
    assert (told.fee_minor, told.net_minor) == (1672, -1672)
    assert told.version == 4


def test_nothing_new_is_nothing_to_tell() -> None:
    change = Change(paid_payment())

    ledger.book(change, [])

    assert change.events == []


def test_two_currencies_are_never_added_up() -> None:
    change = Change(paid_payment())

    ledger.book(change, [booked(), booked(id="txn_2", currency="USD")])

    assert (change.payment.fee_minor, change.payment.settlement_currency) == (172, "EUR")
    assert [trouble.cause for trouble in change.troubles] == [SETTLED_IN_TWO_CURRENCIES]

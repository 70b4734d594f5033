"""The thin thread: registered, paid, told, refunded."""

import pytest

from shared.events import FeeSettled, PaymentSucceeded, Refunded
from tests.payments.box_office import BoxOffice

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_registrant_pays_and_gets_the_money_back(office: BoxOffice) -> None:
    registrant = await office.registered()

    session_id = await office.open_checkout(registrant)
    await office.stripe.pay(session_id)
    paid: PaymentSucceeded = await office.told("payments.payment.succeeded", registrant)
    fee: FeeSettled = await office.told("payments.fee.settled", registrant)
    await office.hear(office.refund_requested(registrant))
    refunded: Refunded = await office.told("payments.refund.succeeded", registrant)

    assert (paid.amount_minor, paid.currency) == (4900, "EUR")
    assert fee.fee_minor + fee.net_minor == 4900
    assert (refunded.refunded_minor, refunded.paid_minor) == (4900, 4900)
    charged = await office.stripe.ledger("charge")
    assert [one["amount"] for one in charged] == [4900]
    assert [one["amount"] for one in await office.stripe.ledger("refund")] == [4900]

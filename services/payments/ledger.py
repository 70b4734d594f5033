"""Fee and net of a payment: the sum of all that Stripe booked for it. No I/O here."""

from collections.abc import Iterable
from dataclasses import replace

from services.payments.change import SETTLED_IN_TWO_CURRENCIES, Change
from services.payments.facts import BalanceTransactionSeen
from shared.events import FeeSettled


def book(change: Change, entries: Iterable[BalanceTransactionSeen]) -> None:
    """Add entries that were not booked before; told again at each change."""
    payment = change.payment
    currency = payment.settlement_currency
    fee, net = payment.fee_minor or 0, payment.net_minor or 0
    for entry in entries:
        if currency not in (None, entry.currency):
            change.trouble(SETTLED_IN_TWO_CURRENCIES, entry.id, f"{currency} and {entry.currency}")
            continue
        currency = entry.currency
        fee += entry.fee_minor
        net += entry.net_minor
    if currency is None or (fee, net) == (payment.fee_minor, payment.net_minor):
        return
    payment = replace(
        payment, fee_minor=fee, net_minor=net, settlement_currency=currency
    ).next_version()
    change.payment = payment
    change.events.append(
        FeeSettled(
            organization_id=payment.organization_id,
            payment_id=payment.payment_id,
            registrant_id=payment.registrant_id,
            webinar_id=payment.webinar_id,
            version=payment.version,
            fee_minor=fee,
            net_minor=net,
            settlement_currency=currency,
        )
    )

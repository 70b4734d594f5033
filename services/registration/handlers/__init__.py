"""What the other services' events mean here: each handler runs in one transaction.

A handler locks the webinar first where seats may move, registrants after, hands the fact to a
rule, and stores what the rule says.
"""

from services.registration.handlers.accounts import on_account_connected, on_account_disconnected
from services.registration.handlers.mails import (
    on_email_bounced,
    on_email_failed,
    on_email_sent,
)
from services.registration.handlers.payments import PaymentHandlers, on_payment_flagged
from services.registration.handlers.refunds import RefundHandlers
from services.registration.links import Links
from services.registration.watching import Watch
from shared.events import (
    CheckoutExpired,
    CheckoutOpened,
    DisputeClosed,
    DisputeOpened,
    EmailBounced,
    EmailFailed,
    EmailSent,
    FeeSettled,
    PaymentFailed,
    PaymentFlagged,
    PaymentProcessing,
    PaymentSucceeded,
    Refunded,
    RefundFailed,
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeAccountUpdated,
)
from shared.messaging import Bus


def subscribe(bus: Bus, links: Links, watch: Watch | None = None) -> None:
    """Follow everything that registration needs to know; open pages are woken by it."""
    waking = (watch or Watch()).waking
    payments, refunds = PaymentHandlers(links), RefundHandlers(links)
    bus.on(CheckoutOpened, waking(payments.on_checkout_opened))
    bus.on(CheckoutExpired, waking(payments.on_checkout_expired))
    bus.on(PaymentSucceeded, waking(payments.on_payment_succeeded))
    bus.on(PaymentProcessing, waking(payments.on_payment_processing))
    bus.on(PaymentFailed, waking(payments.on_payment_failed))
    bus.on(PaymentFlagged, on_payment_flagged)
    bus.on(Refunded, waking(refunds.on_refunded))
    bus.on(RefundFailed, waking(refunds.on_refund_failed))
    bus.on(FeeSettled, refunds.on_fee_settled)
    bus.on(DisputeOpened, refunds.on_dispute_opened)
    bus.on(DisputeClosed, refunds.on_dispute_closed)
    bus.on(StripeAccountConnected, on_account_connected)
    bus.on(StripeAccountUpdated, on_account_connected)
    bus.on(StripeAccountDisconnected, on_account_disconnected)
    bus.on(EmailSent, on_email_sent)
    bus.on(EmailFailed, on_email_failed)
    bus.on(EmailBounced, on_email_bounced)

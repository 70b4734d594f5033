"""Refunds and what Stripe booked for them."""

from services.payments.facts import BalanceTransactionSeen, RefundSeen
from services.payments.payment import Payment, Refund
from services.payments.refunds import idempotency_key
from services.payments.stripe_gateway.client import StripeGateway
from services.payments.stripe_gateway.reading import read_balance_transaction, read_refund


async def create_refund(
    stripe: StripeGateway, payment: Payment, refund: Refund, acting_for: str | None
) -> RefundSeen:
    """The refund behind the row: all that is sent comes from columns that never change."""
    document = await stripe.raw_request(
        "post",
        "/v1/refunds",
        {
            "payment_intent": refund.stripe_payment_intent_id,
            "amount": refund.amount_minor,
            "reason": "duplicate" if refund.cause == "duplicate" else "requested_by_customer",
            "metadata": {
                "refund_id": str(refund.refund_id),
                "payment_id": str(payment.payment_id),
                "registrant_id": str(payment.registrant_id),
                "webinar_id": str(payment.webinar_id),
                "organization_id": str(payment.organization_id),
            },
        },
        account=acting_for,
        idempotency_key=idempotency_key(refund.refund_id),
    )
    return read_refund(document, acting_for, False, is_live=stripe.is_live)


async def get_refund(stripe: StripeGateway, refund_id: str, acting_for: str | None) -> RefundSeen:
    document = await stripe.raw_request("get", f"/v1/refunds/{refund_id}", account=acting_for)
    return read_refund(document, acting_for, True, is_live=stripe.is_live)


async def get_balance_transaction(
    stripe: StripeGateway, balance_transaction_id: str, acting_for: str | None
) -> BalanceTransactionSeen:
    document = await stripe.raw_request(
        "get", f"/v1/balance_transactions/{balance_transaction_id}", account=acting_for
    )
    return read_balance_transaction(document)


async def list_balance_transactions(
    stripe: StripeGateway, acting_for: str | None, limit: int = 100
) -> list[BalanceTransactionSeen]:
    """The newest ones: one call instead of many while a rush lasts."""
    page = await stripe.raw_request(
        "get", "/v1/balance_transactions", {"limit": limit}, account=acting_for
    )
    return [read_balance_transaction(one) for one in page["data"]]

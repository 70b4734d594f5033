"""PaymentIntents: confirmed at once with a client's payment method, and read with their money."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.payments.facts import DisputeSeen, Fact, IntentSeen, RefundSeen
from services.payments.payment import Payment
from services.payments.stripe_gateway.client import StripeGateway
from services.payments.stripe_gateway.failures import CardDeclined, StripeRefused
from services.payments.stripe_gateway.reading import read_dispute, read_intent, read_refund
from services.payments.stripe_gateway.sessions import (
    LOOK_UP_PAGES_MAX,
    PAGE_ROWS,
    TooManySessions,
    description_of,
    metadata_of,
)

_WITH_CHARGE = {"expand": ["latest_charge"]}


def intent_params(payment: Payment, number: int, payment_method: str) -> dict[str, Any]:
    """Everything that the call sends, to be frozen with the attempt."""
    return {
        "amount": payment.amount_minor,
        "currency": payment.currency.lower(),
        "payment_method": payment_method,
        "confirm": True,
        "allowed_payment_method_types": ["card"],
        # Nobody is there to be sent to a bank's page.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "description": description_of(payment),
        "metadata": metadata_of(payment, number),
        "expand": ["latest_charge"],
    }


async def create_intent(
    stripe: StripeGateway, params: dict[str, Any], acting_for: str | None, key: str
) -> IntentSeen:
    """The intent behind this key; a declined one is an answer, not a failure."""
    try:
        document = await stripe.raw_request(
            "post", "/v1/payment_intents", params, account=acting_for, idempotency_key=key
        )
    except CardDeclined as declined:
        if declined.payment_intent is None:
            raise
        document = declined.payment_intent
    return read_intent(document, acting_for, is_fresh=False)


async def cancel_intent(
    stripe: StripeGateway, intent_id: str, acting_for: str | None
) -> IntentSeen:
    """Cancel an intent, or learn that it is too late."""
    try:
        # Without a key of ours, as sessions are expired.
        document = await stripe.raw_request(
            "post", f"/v1/payment_intents/{intent_id}/cancel", account=acting_for
        )
    except StripeRefused as refusal:
        if refusal.status != 400:
            raise
        document = await stripe.raw_request(
            "get", f"/v1/payment_intents/{intent_id}", _WITH_CHARGE, account=acting_for
        )
    return read_intent(document, acting_for, is_fresh=True)


async def get_intent(stripe: StripeGateway, intent_id: str, acting_for: str | None) -> IntentSeen:
    document = await stripe.raw_request(
        "get", f"/v1/payment_intents/{intent_id}", _WITH_CHARGE, account=acting_for
    )
    return read_intent(document, acting_for, is_fresh=True)


async def find_intent(
    stripe: StripeGateway,
    payment_id: UUID,
    number: int,
    acting_for: str | None,
    *,
    since: datetime,
) -> IntentSeen | None:
    """The intent that an attempt made, if it made one; every page since then is read."""
    params: dict[str, Any] = {
        "limit": PAGE_ROWS,
        "created": {"gte": int(since.timestamp())},
        "expand": ["data.latest_charge"],
    }
    for _ in range(LOOK_UP_PAGES_MAX):
        page = await stripe.raw_request("get", "/v1/payment_intents", params, account=acting_for)
        for document in page["data"]:
            intent = read_intent(document, acting_for, is_fresh=True)
            if (intent.labels.payment_id, intent.labels.attempt) == (payment_id, number):
                return intent
        if not page["has_more"]:
            return None
        params["starting_after"] = page["data"][-1]["id"]
    raise TooManySessions(TooManySessions.__doc__)


async def read_everything(
    stripe: StripeGateway, intent_id: str, acting_for: str | None
) -> list[Fact]:
    """An intent with its charge, and all refunds and disputes of it where there are any."""
    intent = await get_intent(stripe, intent_id, acting_for)
    facts: list[Fact] = [intent]
    if intent.labels.payment_id is None or intent.charge is None:
        return facts
    if intent.charge.refunded_minor or intent.status == "succeeded":
        facts += await list_refunds(stripe, intent_id, acting_for)
    if intent.charge.is_disputed:
        facts += await list_disputes(stripe, intent_id, acting_for)
    return facts


async def list_refunds(
    stripe: StripeGateway, intent_id: str, acting_for: str | None
) -> list[RefundSeen]:
    """All refunds of an intent, newest first."""
    page = await stripe.raw_request(
        "get",
        "/v1/refunds",
        {"payment_intent": intent_id, "limit": PAGE_ROWS},
        account=acting_for,
    )
    return [read_refund(one, acting_for, True, is_live=stripe.is_live) for one in page["data"]]


async def list_disputes(
    stripe: StripeGateway, intent_id: str, acting_for: str | None
) -> list[DisputeSeen]:
    """All disputes of an intent."""
    page = await stripe.raw_request(
        "get",
        "/v1/disputes",
        {"payment_intent": intent_id, "limit": PAGE_ROWS},
        account=acting_for,
    )
    return [read_dispute(one, acting_for, True) for one in page["data"]]

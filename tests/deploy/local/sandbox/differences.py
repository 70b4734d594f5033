"""Refusals that need no state: the call, and what Stripe answers.

Anybody with a key of a Stripe sandbox can hold the same list against Stripe itself:
`STRIPE_SANDBOX_KEY=sk_test_… pytest tests/deploy/local/sandbox/test_differences.py`.
Sources: docs.stripe.com/error-codes, docs.stripe.com/api, docs.stripe.com/currencies.
"""

from dataclasses import dataclass, field
from typing import Any

_ITEM = {
    "price_data": {"currency": "eur", "unit_amount": 4900, "product_data": {"name": "Seat"}},
    "quantity": 1,
}
_SESSION = {"mode": "payment", "line_items": [_ITEM], "success_url": "https://example.com/done"}


@dataclass(frozen=True)
class Difference:
    """One call and its refusal; `message` is a part of it, and no code means any."""

    name: str
    method: str
    path: str
    status: int
    params: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    param: str | None = None
    message: str = ""


DIFFERENCES = [
    Difference(
        "unknown parameter",
        "post",
        "/v1/checkout/sessions",
        400,
        {**_SESSION, "colour": "red"},
        "parameter_unknown",
        "colour",
        "Received unknown parameter: colour",
    ),
    Difference(
        "payment_method_types is gone",
        "post",
        "/v1/checkout/sessions",
        400,
        {**_SESSION, "payment_method_types": ["card"]},
    ),
    Difference(
        "payment_method_types is gone from intents",
        "post",
        "/v1/payment_intents",
        400,
        {"amount": 4900, "currency": "eur", "payment_method_types": ["card"]},
        "payment_method_types_no_longer_supported",
    ),
    Difference(
        "expires too soon",
        "post",
        "/v1/checkout/sessions",
        400,
        {**_SESSION, "expires_at": 1_000_000_000},
        None,
        "expires_at",
    ),
    Difference(
        "invalid email",
        "post",
        "/v1/checkout/sessions",
        400,
        {**_SESSION, "customer_email": "nobody"},
        "email_invalid",
        "customer_email",
    ),
    Difference(
        "unknown locale",
        "post",
        "/v1/checkout/sessions",
        400,
        {**_SESSION, "locale": "tlh"},
        None,
        "locale",
    ),
    Difference(
        "too small an amount",
        "post",
        "/v1/payment_intents",
        400,
        {"amount": 1, "currency": "eur"},
        "amount_too_small",
        "amount",
        "Amount must be at least",
    ),
    Difference(
        "too small a session",
        "post",
        "/v1/checkout/sessions",
        400,
        {
            **_SESSION,
            "line_items": [
                {**_ITEM, "price_data": {**_ITEM["price_data"], "unit_amount": 1}}  # type: ignore[dict-item]
            ],
        },
        "amount_too_small",
        None,
        "total amount due must add up to at least",
    ),
    Difference(
        "invalid currency",
        "post",
        "/v1/payment_intents",
        400,
        {"amount": 4900, "currency": "xxx"},
        None,
        "currency",
        "Invalid currency: xxx",
    ),
    Difference(
        "missing amount",
        "post",
        "/v1/payment_intents",
        400,
        {"currency": "eur"},
        "parameter_missing",
        "amount",
    ),
    Difference(
        "missing session",
        "get",
        "/v1/checkout/sessions/cs_test_none",
        404,
        {},
        "resource_missing",
        None,
        "No such checkout.session: 'cs_test_none'",
    ),
    Difference(
        "missing refund",
        "get",
        "/v1/refunds/re_none",
        404,
        {},
        "resource_missing",
        None,
        "No such refund: 're_none'",
    ),
    Difference(
        "missing charge to refund",
        "post",
        "/v1/refunds",
        404,
        {"charge": "ch_none"},
        "resource_missing",
        None,
        "No such charge: 'ch_none'",
    ),
    Difference(
        "nothing to refund",
        "post",
        "/v1/refunds",
        400,
        {"amount": 5},
        None,
        None,
        "One of the following params should be provided for this request: payment_intent or "
        "charge.",
    ),
    Difference(
        "unknown address",
        "get",
        "/v1/nothing",
        404,
        {},
        None,
        None,
        "Unrecognized request URL (GET: /v1/nothing)",
    ),
    Difference(
        "unknown cursor",
        "get",
        "/v1/charges",
        400,
        {"starting_after": "ch_none"},
        "resource_missing",
        "starting_after",
    ),
    Difference(
        "what cannot be expanded",
        "get",
        "/v1/charges",
        400,
        {"expand": ["data.amount"]},
        None,
        None,
        "This property cannot be expanded",
    ),
    Difference(
        "declined card",
        "post",
        "/v1/payment_intents",
        402,
        {
            "amount": 4900,
            "currency": "eur",
            "confirm": True,
            "payment_method": "pm_card_chargeDeclined",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        },
        "card_declined",
        None,
        "Your card was declined.",
    ),
]

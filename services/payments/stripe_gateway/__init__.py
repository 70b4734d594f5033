"""The only place that imports stripe: calls, failures by our own names, webhook signatures."""

from services.payments.stripe_gateway.client import (
    API_URL,
    CONNECT_URL,
    StripeAnswer,
    StripeGateway,
    is_live_key,
)
from services.payments.stripe_gateway.failures import (
    CardDeclined,
    IdempotencyKeyReused,
    NotFromStripe,
    StripeAccountRefused,
    StripeBusy,
    StripeConflict,
    StripeFailure,
    StripeRefused,
    StripeUnavailable,
)
from services.payments.stripe_gateway.signatures import sign_webhook, verify_webhook

__all__ = [
    "API_URL",
    "CONNECT_URL",
    "StripeAnswer",
    "StripeGateway",
    "is_live_key",
    "CardDeclined",
    "IdempotencyKeyReused",
    "NotFromStripe",
    "StripeAccountRefused",
    "StripeBusy",
    "StripeConflict",
    "StripeFailure",
    "StripeRefused",
    "StripeUnavailable",
    "sign_webhook",
    "verify_webhook",
]

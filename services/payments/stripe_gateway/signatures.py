"""Proof that a webhook comes from Stripe: its signature, by any of our secrets."""

import json
from collections.abc import Sequence
from typing import Any

import stripe

from services.payments.stripe_gateway.failures import NotFromStripe

TOLERANCE_SECONDS = 300


def verify_webhook(
    body: bytes,
    header: str | None,
    secrets: Sequence[str],
    *,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> dict[str, Any]:
    """The event in a webhook's body, signed with one of the secrets; raises NotFromStripe."""
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, tolerance_seconds)
        except (stripe.SignatureVerificationError, ValueError, TypeError):
            # ValueError: the body is not UTF-8. TypeError: a signature beyond ASCII.
            continue
        break
    else:
        raise NotFromStripe(NotFromStripe.__doc__)
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as failure:
        raise NotFromStripe(NotFromStripe.__doc__) from failure
    if not isinstance(event, dict) or not all(
        isinstance(event.get(name), kind)
        for name, kind in (("id", str), ("type", str), ("data", dict))
    ):
        raise NotFromStripe(NotFromStripe.__doc__)
    return event


def sign_webhook(body: bytes, secret: str, *, timestamp: int | None = None) -> str:
    """The header that Stripe would send with this body: for tests and rehearsals."""
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp))

"""Door in: Stripe's webhooks. Verified, stored, answered; what they mean is a worker's business."""

import structlog
from aiohttp import web

from services.payments import metrics
from services.payments.desk import DESK, Desk
from services.payments.store.stripe_events import StoredEvent
from services.payments.stripe_events import ENDPOINT_EVENTS
from services.payments.stripe_gateway import NotFromStripe, verify_webhook
from services.payments.stripe_gateway.events import StripeEvent, read_event
from shared.refusals import NotFound, Refusal
from shared.web import json_answer, read_bytes

log = structlog.get_logger(__name__)

BODY_BYTES_MAX = 256 * 1024
_KNOWN = frozenset(ENDPOINT_EVENTS)


class NotSigned(Refusal):
    """This is not a webhook of Stripe's: its signature is missing, wrong or too old."""

    status = 400
    code = "not_from_stripe"


class WebhooksClosed(NotFound):
    """No webhooks are taken here (PAYMENTS_STRIPE_WEBHOOK_SECRETS is none)."""


async def receive_webhook(request: web.Request) -> web.Response:
    """POST /stripe/webhooks: 200 once stored, 400 not Stripe's, 503 not storable now."""
    desk = request.app[DESK]
    secrets = desk.settings.webhook_secrets
    if not secrets:
        metrics.webhooks_refused.labels("closed").inc()
        raise WebhooksClosed
    body = await read_bytes(request, BODY_BYTES_MAX)
    try:
        event = read_event(verify_webhook(body, request.headers.get("Stripe-Signature"), secrets))
    except (NotFromStripe, KeyError, TypeError, ValueError) as failure:
        metrics.webhooks_refused.labels("not_from_stripe").inc()
        raise NotSigned from failure
    if not _is_of_our_mode(desk, event):
        metrics.stripe_events.labels("webhook", "other_mode").inc()
        return json_answer({"stored": False})
    if event.type not in _KNOWN:
        metrics.stripe_events.labels("webhook", "not_wanted").inc()
        return json_answer({"stored": False})
    is_new = await desk.inbox.receive(StoredEvent(event.id, event.account, event.type, body))
    metrics.stripe_events.labels("webhook", "stored" if is_new else "repeated").inc()
    return json_answer({"stored": True})


def _is_of_our_mode(desk: Desk, event: StripeEvent) -> bool:
    """Whether it is of our key's mode, or of the test key's own account beside a live one.

    An endpoint of a platform in live mode is sent its accounts' test events too: they are not ours.
    """
    if event.is_live == desk.stripe.is_live:
        return True
    return desk.play_money is not None and event.account is None

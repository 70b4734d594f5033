"""What operators count in this service; every label has few values."""

from prometheus_client import Counter, Gauge

exceptions = Counter("taquilla_payments_exceptions_total", "Matters for a person", ["cause"])
exceptions_open = Gauge("taquilla_payments_exceptions_open", "Matters still open", ["cause"])
stripe_calls = Counter("taquilla_stripe_calls_total", "Calls to Stripe", ["call", "outcome"])
stripe_key_refused = Gauge(
    "taquilla_stripe_key_refused", "1: Stripe does not accept this installation's key"
)
stripe_test_key_refused = Gauge(
    "taquilla_stripe_test_key_refused", "1: Stripe does not accept the key of rehearsals"
)
stripe_events = Counter("taquilla_stripe_events_total", "Stripe's events", ["source", "outcome"])
webhooks_refused = Counter("taquilla_webhooks_refused_total", "Webhooks not of Stripe's", ["why"])
webhooks_closed = Gauge("taquilla_webhooks_closed", "1: no webhooks are taken, by configuration")
attempts_settled = Counter("taquilla_attempts_total", "Attempts by their end", ["kind", "outcome"])
pacing_waits = Counter("taquilla_pacing_waits_total", "Calls that had to wait", ["endpoint"])

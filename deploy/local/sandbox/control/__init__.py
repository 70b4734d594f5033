"""The control API under /_sandbox: what no Stripe offers, and every test needs."""

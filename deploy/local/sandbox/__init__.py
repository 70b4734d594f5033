"""A stateful double of Stripe for tests and the local run: API, webhooks, pay pages, faults."""

from deploy.local.sandbox.sandbox import API_VERSION
from deploy.local.sandbox.server import create_app, running_sandbox

__all__ = ["API_VERSION", "create_app", "running_sandbox"]

"""Stripe accounts: whether an organization may set a price."""

from services.registration.store import organizations
from shared.events import StripeAccountFacts
from shared.postgres import Connection


async def on_account_connected(event: StripeAccountFacts, connection: Connection) -> None:
    """Also for updates: each event carries all that is true of the account."""
    await organizations.copy_stripe_account(connection, event, is_connected=True)


async def on_account_disconnected(event: StripeAccountFacts, connection: Connection) -> None:
    """Sales of paid webinars stop with this."""
    await organizations.copy_stripe_account(connection, event, is_connected=False)

"""Checkouts and payments: holds move, seats are confirmed or go back on sale."""

from dataclasses import dataclass

from services.registration import registrants as rules
from services.registration.handlers.locking import locked_registrant, locked_with_webinar
from services.registration.links import Links
from services.registration.store import exceptions, moments, outcomes, registrants, reminders
from shared.events import (
    CheckoutExpired,
    CheckoutOpened,
    PaymentFailed,
    PaymentFlagged,
    PaymentProcessing,
    PaymentSucceeded,
)
from shared.postgres import Connection


@dataclass(frozen=True)
class PaymentHandlers:
    """Handlers that need to make links."""

    links: Links

    async def on_checkout_opened(self, event: CheckoutOpened, connection: Connection) -> None:
        before = await locked_registrant(connection, event)
        after = rules.open_checkout(before, event)
        await registrants.save(connection, event.webinar_id, [(before, after)])
        await moments.add_told(connection, before, "checkout_opened", event)

    async def on_payment_failed(self, event: PaymentFailed, connection: Connection) -> None:
        before = await locked_registrant(connection, event)
        after = rules.decline(before, event)
        await registrants.save(connection, event.webinar_id, [(before, after)])
        await reminders.allow_payment(connection, before, event.occurred_at)
        words = event.message or event.decline_code
        await moments.add_told(connection, before, "declined", event, words)

    async def on_payment_processing(self, event: PaymentProcessing, connection: Connection) -> None:
        registrant = await locked_registrant(connection, event)
        await reminders.withhold_payment(connection, registrant, event.occurred_at)

    async def on_checkout_expired(self, event: CheckoutExpired, connection: Connection) -> None:
        webinar, registrant = await locked_with_webinar(connection, event)
        occasion = await outcomes.occasion_for(connection, self.links, webinar)
        outcome = rules.release(registrant, event, occasion)
        await outcomes.save(connection, webinar.id, [registrant], [outcome])

    async def on_payment_succeeded(self, event: PaymentSucceeded, connection: Connection) -> None:
        webinar, registrant = await locked_with_webinar(connection, event)
        others = await registrants.lock_others_of_address(connection, registrant)
        occasion = await outcomes.occasion_for(connection, self.links, webinar, registrant)
        settled = rules.settle_payment(registrant, event, others, occasion)
        await outcomes.save(connection, webinar.id, [registrant, *others], settled)


async def on_payment_flagged(event: PaymentFlagged, connection: Connection) -> None:
    await exceptions.note_flag(connection, event)

"""Refunds, fees and disputes: totals are kept, a seat goes when all of the money went."""

from dataclasses import dataclass

from services.registration import refunds as rules
from services.registration.handlers.locking import locked_registrant, locked_with_webinar
from services.registration.links import Links
from services.registration.store import outcomes, refunds, registrants
from shared.events import DisputeClosed, DisputeOpened, FeeSettled, Refunded, RefundFailed
from shared.postgres import Connection


@dataclass(frozen=True)
class RefundHandlers:
    """Handlers that need to make links."""

    links: Links

    async def on_refunded(self, event: Refunded, connection: Connection) -> None:
        webinar, registrant = await locked_with_webinar(connection, event)
        occasion = await outcomes.occasion_for(connection, self.links, webinar)
        outcome = rules.take_over(registrant, event, occasion)
        await outcomes.save(connection, webinar.id, [registrant], [outcome])
        await refunds.note(connection, event)

    async def on_refund_failed(self, event: RefundFailed, connection: Connection) -> None:
        registrant = await locked_registrant(connection, event)
        outcome = rules.note_failure(registrant, event)
        await outcomes.save(connection, event.webinar_id, [registrant], [outcome])
        await refunds.note(connection, event)

    async def on_fee_settled(self, event: FeeSettled, connection: Connection) -> None:
        before = await locked_registrant(connection, event)
        after = rules.settle_fee(before, event)
        await registrants.save(connection, event.webinar_id, [(before, after)])

    async def on_dispute_opened(self, event: DisputeOpened, connection: Connection) -> None:
        await locked_registrant(connection, event)
        await refunds.note_dispute(connection, event, is_open=True)

    async def on_dispute_closed(self, event: DisputeClosed, connection: Connection) -> None:
        await locked_registrant(connection, event)
        await refunds.note_dispute(connection, event, is_open=False)

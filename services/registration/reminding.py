"""The rounds that remind: in small batches, once, by any number of replicas."""

from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from services.registration.links import Links
from services.registration.reminders import payment_due, starts_soon
from services.registration.store import outcomes, reminders, webinars
from shared import outbox
from shared.postgres import Database

PAYMENTS_IDLE_SECONDS = 5
PAYMENTS_PER_ROUND = 200

# What everybody gets a day before must not keep the mails waiting that somebody waits for.
STARTS_IDLE_SECONDS = 2
STARTS_PER_ROUND = 100
WEBINARS_PER_ROUND = 20


@dataclass(frozen=True)
class Reminding:
    """The rounds of the workers that remind."""

    database: Database
    links: Links
    starts_per_round: int = STARTS_PER_ROUND

    async def remind_of_payments(self) -> int:
        """Those whose hold is about to end unpaid are told so; how many."""
        async with self.database.transaction() as connection:
            locked = await reminders.lock_payments_due(connection, PAYMENTS_PER_ROUND)
            due = await reminders.claim_payments(connection, locked)
            due.sort(key=lambda one: one.webinar_id)
            for webinar_id, of_webinar in groupby(due, key=lambda one: one.webinar_id):
                webinar = await webinars.find(connection, webinar_id)
                assert webinar is not None
                occasion = await outcomes.occasion_for(connection, self.links, webinar)
                mails = [payment_due(registrant, occasion) for registrant in of_webinar]
                await outbox.enqueue(connection, *mails)
        return len(due)

    async def remind_of_starts(self) -> int:
        """Those who registered more than a day ahead are reminded the day before.

        Always 0: the worker's pause after each round is what bounds the rate.
        """
        async with self.database.connection() as connection:
            starting = await reminders.list_starting(connection, WEBINARS_PER_ROUND)
        left = self.starts_per_round
        for webinar_id in starting:
            left -= await self._remind_of_start(webinar_id, left)
            if left <= 0:
                break
        return 0

    async def _remind_of_start(self, webinar_id: UUID, limit: int) -> int:
        async with self.database.transaction() as connection:
            webinar = await webinars.find(connection, webinar_id)
            after = None if webinar is None else await reminders.take_start(connection, webinar)
            if webinar is None or after is None:
                return 0
            confirmed = await reminders.list_confirmed(connection, webinar, after, limit)
            occasion = await outcomes.occasion_for(connection, self.links, webinar)
            moved_at = await reminders.last_moved_at(connection, webinar)
            mails = [starts_soon(registrant, occasion, moved_at) for registrant in confirmed]
            await outbox.enqueue(connection, *(mail for mail in mails if mail is not None))
            last = confirmed[-1].number if confirmed else after
            await reminders.mark_start(connection, webinar, last, is_done=len(confirmed) < limit)
        return len(confirmed)

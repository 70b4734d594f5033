"""Due rows: holds whose time is over, questions that nobody answered, cancelled and moved webinars.

Each round is short, and any number of replicas may run them at once.
"""

from dataclasses import dataclass
from uuid import UUID

from services.registration import cancellations
from services.registration import registrants as rules
from services.registration.cancellations import CancelAsked
from services.registration.links import Links
from services.registration.registrants import Outcome
from services.registration.rescheduling import tell
from services.registration.store import outcomes, registrants, reschedulings, webinars
from shared import outbox
from shared.postgres import Database

HOLDS_IDLE_SECONDS = 1
REPEATS_IDLE_SECONDS = 60
CANCELLATIONS_IDLE_SECONDS = 15
NEW_STARTS_IDLE_SECONDS = 2

ROWS_PER_ROUND = 200
WEBINARS_PER_ROUND = 20


@dataclass(frozen=True)
class Workers:
    """The rounds of registration's workers; each returns how much it did."""

    database: Database
    links: Links

    async def end_due_holds(self) -> int:
        """Holds end at `pay_by` by the database's clock; payments is asked what became of them."""
        async with self.database.connection() as connection:
            due = await registrants.webinars_with_due_holds(connection, ROWS_PER_ROUND)
        return sum([await self._end_due_holds_of(webinar_id) for webinar_id in due])

    async def repeat_unanswered(self) -> int:
        """Ask again, hourly, what became of an ended hold."""
        async with self.database.transaction() as connection:
            unanswered = await registrants.lock_unanswered_holds(connection, ROWS_PER_ROUND)
            if not unanswered:
                return 0
            now = await connection.fetchval("SELECT now()")
            repeated = [rules.repeat_hold_ended(registrant, now) for registrant in unanswered]
            await outcomes.save_without_seats(connection, unanswered, repeated)
        return len(repeated)

    async def cancel_registrants(self) -> int:
        """Cancel those who registered for a webinar that was cancelled, some at a time."""
        async with self.database.connection() as connection:
            cancelled = await webinars.list_untold(connection, WEBINARS_PER_ROUND)
        return sum([await self._cancel_registrants_of(webinar_id) for webinar_id in cancelled])

    async def tell_new_starts(self) -> int:
        """Those who registered for a start that was moved hear the old and the new one."""
        async with self.database.connection() as connection:
            moved = await reschedulings.list_untold(connection, WEBINARS_PER_ROUND)
        return sum([await self._tell_new_start(rescheduling_id) for rescheduling_id in moved])

    async def _end_due_holds_of(self, webinar_id: UUID) -> int:
        async with self.database.transaction() as connection:
            await webinars.lock(connection, webinar_id)
            due = await registrants.lock_due_holds(connection, webinar_id, ROWS_PER_ROUND)
            now = await connection.fetchval("SELECT now()")
            ended = [rules.lapse(registrant, now) for registrant in due]
            await outcomes.save(connection, webinar_id, due, ended)
        return len(ended)

    async def _cancel_registrants_of(self, webinar_id: UUID) -> int:
        async with self.database.transaction() as connection:
            webinar = await webinars.lock(connection, webinar_id)
            if webinar is None:
                return 0
            active = await registrants.lock_active(connection, webinar_id, ROWS_PER_ROUND)
            occasion = await outcomes.occasion_for(connection, self.links, webinar)
            asked = CancelAsked(by="webinar_cancelled", refund="full")
            cancelled: list[Outcome] = [
                cancellations.cancel(registrant, asked, 0, occasion) for registrant in active
            ]
            await outcomes.save(connection, webinar_id, active, cancelled)
            if len(active) < ROWS_PER_ROUND:
                await webinars.mark_told(connection, webinar_id)
        return len(cancelled)

    async def _tell_new_start(self, rescheduling_id: UUID) -> int:
        async with self.database.transaction() as connection:
            move = await reschedulings.take(connection, rescheduling_id)
            webinar = None if move is None else await webinars.find(connection, move.webinar_id)
            if move is None or webinar is None:
                return 0
            listed = await reschedulings.list_registrants(connection, move, ROWS_PER_ROUND)
            occasion = await outcomes.occasion_for(connection, self.links, webinar)
            mails = [tell(registrant, move, occasion) for registrant in listed]
            await outbox.enqueue(connection, *(mail for mail in mails if mail is not None))
            is_last = len(listed) < ROWS_PER_ROUND
            told_up_to = move.last_number if is_last else listed[-1].number
            await reschedulings.mark_told(connection, move.id, told_up_to)
        return len(listed)

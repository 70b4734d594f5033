"""Events come in here: each one's mail is written and queued in its own transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.notifications import emails, rendering, store
from services.notifications.letter import Letter
from services.notifications.rendering import Sender
from services.notifications.store import Kind, Written
from shared.events import RegistrantConfirmed, RegistrantFacts
from shared.messaging import Bus
from shared.postgres import Connection, after_commit


@dataclass(frozen=True)
class Handlers:
    """What is done on each event that this service follows."""

    sender: Sender
    wake: Callable[[], None]

    def subscribe(self, bus: Bus) -> None:
        """Follow them on the bus."""
        bus.on(RegistrantConfirmed, self.on_registrant_confirmed)

    async def on_registrant_confirmed(
        self, event: RegistrantConfirmed, connection: Connection
    ) -> None:
        """A seat is theirs: confirm it, unless they are known to have cancelled since."""
        await store.note_registrant(connection, event, "confirmed")
        letter = emails.confirmation(event, self.sender, _now())
        await self._queue(connection, event, "confirmation", "", letter)

    async def _queue(
        self,
        connection: Connection,
        facts: RegistrantFacts,
        kind: Kind,
        cause: str,
        letter: Letter,
    ) -> None:
        message_id = f"<{kind}.{cause or facts.registrant_id}@{self.sender.domain}>"
        content = rendering.write(
            letter,
            sender=self.sender,
            sender_name=facts.sender_name or facts.organization_name,
            reply_to=facts.reply_to,
            recipient=facts.email,
            message_id=message_id,
            now=_now(),
        )
        await store.queue_mail(
            connection, facts, kind, cause, Written(message_id, facts.email, content)
        )
        after_commit(self.wake)


def _now() -> datetime:
    return datetime.now(UTC)

"""The outbox: events are stored with the change that they tell of, the relay sends them."""

from shared.events import EVENT_BYTES_MAX, Event
from shared.postgres import Connection, note_events


class EventTooLarge(ValueError):
    """An event may hold 64 KiB at most; its door let too much through."""


async def enqueue(connection: Connection, *events: Event) -> None:
    """Store events in the caller's transaction; they are published once it has committed."""
    if not events:
        return
    payloads = [payload_of(event) for event in events]
    await connection.execute(
        "INSERT INTO outbox (event_id, subject, payload) "
        "SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
        [event.event_id for event in events],
        [event.subject for event in events],
        payloads,
    )
    note_events()


def payload_of(event: Event) -> bytes:
    """The event as it travels; raises EventTooLarge."""
    payload = event.model_dump_json().encode()
    if len(payload) > EVENT_BYTES_MAX:
        raise EventTooLarge(EventTooLarge.__doc__)
    return payload

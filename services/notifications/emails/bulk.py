"""Which mails go to a whole webinar at once. No I/O here."""

from shared.events import Event, RefundFacts, RegistrantCancelled, RegistrantMailRequested


def is_bulk(event: Event) -> bool:
    """Whether thousands may be asked for together: such a mail lets others pass."""
    if isinstance(event, RegistrantMailRequested):
        return event.mail in ("rescheduled", "starts_soon")
    if isinstance(event, RegistrantCancelled | RefundFacts):
        return event.cause == "webinar_cancelled"
    return False

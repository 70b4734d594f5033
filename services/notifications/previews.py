"""Previews: a mail as it would be sent, for whoever edits its words. Nothing is stored or sent."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from services.notifications import emails
from services.notifications.letter import Letter
from services.notifications.rendering import Sender, html_of, text_of
from shared.events import (
    EVENTS,
    Event,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantMailRequested,
    RegistrantReleased,
)
from shared.messaging import Answer, Bus
from shared.refusals import Invalid
from shared.web import parse_body


class PreviewRequest(BaseModel):
    """The event that would cause the mail, under its subject."""

    subject: str
    event: dict[str, Any]


class Previews:
    """Answers `notifications.command.preview`."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def answer_on(self, bus: Bus) -> None:
        """Answer requests; replicas share them."""
        bus.answer("preview", self.preview, PreviewRequest)

    async def preview(self, body: bytes, headers: dict[str, str]) -> Answer:
        """200 with subject, HTML and text; 422 for what is no event that a mail is shown of."""
        request = parse_body(body, PreviewRequest)
        kind = EVENTS.get(request.subject)
        if kind is None:
            raise Invalid("No such event.", field="subject")
        try:
            event = kind.model_validate(request.event)
        except ValidationError:
            raise Invalid("This is no such event.", field="event") from None
        letter = self._letter(event)
        if letter is None:
            raise Invalid("This event's mail cannot be shown.", field="subject")
        return Answer(
            200,
            {"subject": letter.subject, "html": html_of(letter), "text": text_of(letter)},
        )

    def _letter(self, event: Event) -> Letter | None:
        now = datetime.now(UTC)
        match event:
            case RegistrantConfirmed():
                return emails.confirmation(event, self._sender, now)
            case RegistrantReleased():
                return emails.released(event)
            case RegistrantCancelled():
                return emails.cancelled(event, self._sender, now, has_calendar=True)
            case RegistrantMailRequested(mail="confirmation"):
                return emails.confirmation(event, self._sender, now)
            case RegistrantMailRequested(mail="rescheduled"):
                return emails.rescheduled(event, self._sender, now)
            case RegistrantMailRequested(mail="starts_soon"):
                return emails.starts_soon(event)
            case RegistrantMailRequested(mail="payment_due"):
                return emails.payment_due(event)
        return None

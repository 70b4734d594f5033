"""Mails: what the organizer sees beside a registrant. Mails to nobody's registrant are skipped."""

from services.registration.store import refunds, registrants
from shared.events import EmailFailed, EmailSent
from shared.postgres import Connection


async def on_email_sent(event: EmailSent, connection: Connection) -> None:
    await _note(event, connection)


async def on_email_failed(event: EmailFailed, connection: Connection) -> None:
    await _note(event, connection)


async def _note(event: EmailSent | EmailFailed, connection: Connection) -> None:
    if event.registrant_id is None:
        return  # A mail to the organization itself.
    known = await registrants.find_of_organization(
        connection, event.organization_id, event.registrant_id
    )
    if known is not None:
        await refunds.note_mail(connection, event)

"""Mails: what the organizer sees beside a registrant. Mails to nobody's registrant are skipped."""

from services.registration.store import refunds
from shared.events import EmailBounced, EmailFailed, EmailSent
from shared.postgres import Connection


async def on_email_sent(event: EmailSent, connection: Connection) -> None:
    await refunds.note_mail(connection, event)


async def on_email_failed(event: EmailFailed, connection: Connection) -> None:
    await refunds.note_mail(connection, event)


async def on_email_bounced(event: EmailBounced, connection: Connection) -> None:
    await refunds.note_mail(connection, event)

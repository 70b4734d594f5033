"""What an organization adds to its mails, and which of them it does without."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registration.store import webinars
from services.registration.webinars import Webinar
from shared.own_words import OWN_MAILS, OwnMail
from shared.postgres import Connection

OWN_WORDS = (
    "(SELECT jsonb_object_agg(mail, words) FROM messages "
    "WHERE organization_id = o.id AND words <> '')"
)
"""An organization's own words by mail, in a query that calls it `o`; null if it has none."""


@dataclass(frozen=True)
class Message:
    """One mail of an organization as it was made its own."""

    mail: OwnMail
    words: str = ""
    is_off: bool = False
    changed_at: datetime | None = None


async def list_of(connection: Connection, organization_id: UUID) -> list[Message]:
    """Every mail that an organization may add to, touched or not."""
    rows = await connection.fetch(
        "SELECT mail, words, is_off, changed_at FROM messages WHERE organization_id = $1",
        organization_id,
    )
    known = {row["mail"]: Message(**row) for row in rows}
    return [known.get(mail, Message(mail)) for mail in OWN_MAILS]


async def get(connection: Connection, organization_id: UUID, mail: OwnMail) -> Message:
    """The mail as the organization made it its own."""
    found = await connection.fetchrow(
        "SELECT mail, words, is_off, changed_at FROM messages "
        "WHERE organization_id = $1 AND mail = $2",
        organization_id,
        mail,
    )
    return Message(mail) if found is None else Message(**found)


async def find_example(connection: Connection, organization_id: UUID) -> Webinar | None:
    """One of the organization's webinars to show a mail of: the next, else the last."""
    found = await connection.fetchrow(
        f"SELECT {webinars.COLUMNS} FROM webinars "
        "WHERE organization_id = $1 AND status = 'scheduled' "
        "ORDER BY starts_at < now(), abs(extract(epoch FROM starts_at - now())) LIMIT 1",
        organization_id,
    )
    return None if found is None else Webinar(**found)


async def save(
    connection: Connection, organization_id: UUID, message: Message, person_id: UUID
) -> None:
    """Store an organization's words for a mail, and whether it is sent."""
    await connection.execute(
        "INSERT INTO messages (organization_id, mail, words, is_off, changed_by) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organization_id, mail) DO UPDATE SET "
        "words = excluded.words, is_off = excluded.is_off, changed_at = now(), "
        "changed_by = excluded.changed_by",
        organization_id,
        message.mail,
        message.words,
        message.is_off,
        person_id,
    )

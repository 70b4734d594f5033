"""Mails that came back after a server had taken them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.postgres import Connection


@dataclass(frozen=True)
class Bounced:
    """A mail that has just become one that did not arrive."""

    email_id: UUID
    organization_id: UUID
    registrant_id: UUID | None
    webinar_id: UUID | None
    kind: str
    status_code: str


async def note_bounce(
    connection: Connection, message_id: str, failures: Mapping[str, str]
) -> list[Bounced]:
    """Mark the mail of this Message-ID to one of these addresses; empty the next time.

    Also while it is being tried again: a copy whose acceptance was lost may be what came back.
    """
    rows = await connection.fetch(
        "UPDATE mails SET state = 'bounced', answer = told.status_code, settled_at = now(), "
        # A link that lets its reader in is kept no longer than it takes to send it.
        "content = CASE WHEN mails.registrant_id IS NOT NULL THEN mails.content END "
        "FROM unnest($2::text[], $3::text[]) AS told (address, status_code) "
        "WHERE mails.message_id = $1 AND lower(mails.recipient) = told.address "
        "AND mails.claims > 0 AND mails.state IN ('queued', 'sending', 'sent', 'failed') "
        "RETURNING mails.email_id, mails.organization_id, mails.registrant_id, "
        "mails.webinar_id, mails.kind, mails.answer AS status_code",
        message_id,
        list(failures.keys()),
        list(failures.values()),
    )
    return [Bounced(**row) for row in rows]

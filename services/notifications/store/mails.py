"""Mails: written once, queued once, withdrawn when they have stopped being true."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from shared.events import AccountMailRequested, RefundFacts, RegistrantFacts
from shared.postgres import Connection

Kind = Literal[
    "confirmation",
    "refund",
    "refund_failed",
    "released",
    "cancelled",
    "repeated",
    "payment_due",
    "rescheduled",
    "starts_soon",
]

# States of a mail that nobody has read.
NOT_ARRIVED = ("failed", "bounced")


@dataclass(frozen=True)
class Earlier:
    """A mail that was queued before; `was_tried`: it may have been accepted."""

    email_id: UUID
    state: str
    was_tried: bool


@dataclass(frozen=True)
class Written:
    """A mail as every try sends it."""

    message_id: str
    recipient: str
    content: bytes
    good_until: datetime | None = None
    is_bulk: bool = False  # One of thousands: it lets others pass.


async def find_mail(
    connection: Connection, registrant_id: UUID, kind: Kind, cause: str
) -> Earlier | None:
    """A registrant's mail of this kind and cause."""
    row = await connection.fetchrow(
        "SELECT email_id, state, claims > 0 AS was_tried FROM mails "
        "WHERE registrant_id = $1 AND kind = $2 AND cause = $3",
        registrant_id,
        kind,
        cause,
    )
    return Earlier(**dict(row)) if row else None


async def find_told_of_seat(connection: Connection, registrant_id: UUID) -> Earlier | None:
    """The mail that brought the seat into their calendar; one that may have arrived, if any did."""
    row = await connection.fetchrow(
        "SELECT email_id, state, claims > 0 AS was_tried FROM mails "
        "WHERE registrant_id = $1 AND kind IN ('confirmation', 'rescheduled') "
        "ORDER BY claims > 0 AND state NOT IN ('failed', 'bounced') DESC, created_at DESC LIMIT 1",
        registrant_id,
    )
    return Earlier(**dict(row)) if row else None


async def withdraw(connection: Connection, registrant_id: UUID, *kinds: Kind) -> None:
    """Mails that are not under way are not sent any more: they have stopped being true."""
    await connection.execute(
        "UPDATE mails SET state = 'withdrawn', settled_at = now() "
        "WHERE registrant_id = $1 AND kind = ANY($2::text[]) AND state = 'queued'",
        registrant_id,
        list(kinds),
    )


async def withdraw_others(
    connection: Connection, registrant_id: UUID, kind: Kind, cause: str
) -> None:
    """Mails of this kind with another cause are not sent any more: this one takes their place."""
    await connection.execute(
        "UPDATE mails SET state = 'withdrawn', settled_at = now() "
        "WHERE registrant_id = $1 AND kind = $2 AND cause <> $3 AND state = 'queued'",
        registrant_id,
        kind,
        cause,
    )


async def hold_mail(connection: Connection, event: RefundFacts, kind: Kind) -> None:
    """Keep a refund's event until what its mail needs is known: whom to write to, or the refund."""
    await connection.execute(
        "INSERT INTO mails (email_id, organization_id, registrant_id, webinar_id, kind, cause, "
        "state, waiting_event) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7) "
        "ON CONFLICT (registrant_id, kind, cause) DO NOTHING",
        uuid4(),
        event.organization_id,
        event.registrant_id,
        event.webinar_id,
        kind,
        str(event.refund_id),
        event.model_dump(mode="json"),
    )


async def take_waiting(
    connection: Connection, registrant_id: UUID, kind: Kind, cause: str | None = None
) -> list[dict[str, Any]]:
    """Events whose mails can be written now; the rows that held them are gone."""
    rows = await connection.fetch(
        "DELETE FROM mails WHERE registrant_id = $1 AND kind = $2 AND state = 'waiting' "
        "AND ($3::text IS NULL OR cause = $3) RETURNING waiting_event, created_at",
        registrant_id,
        kind,
        cause,
    )
    return [row["waiting_event"] for row in sorted(rows, key=lambda row: row["created_at"])]


async def queue_mail(
    connection: Connection,
    facts: RegistrantFacts,
    kind: Kind,
    cause: str,
    mail: Written,
    follows: UUID | None = None,
) -> UUID | None:
    """Queue a mail; None if there is one of this kind and cause already."""
    email_id: UUID | None = await connection.fetchval(
        "INSERT INTO mails (email_id, organization_id, registrant_id, webinar_id, kind, cause, "
        "state, message_id, recipient, content, good_until, follows, is_bulk) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11, $12) "
        "ON CONFLICT (registrant_id, kind, cause) DO NOTHING RETURNING email_id",
        uuid4(),
        facts.organization_id,
        facts.registrant_id,
        facts.webinar_id,
        kind,
        cause,
        mail.message_id,
        mail.recipient,
        mail.content,
        mail.good_until,
        follows,
        mail.is_bulk,
    )
    return email_id


async def queue_account_mail(
    connection: Connection, event: AccountMailRequested, mail: Written
) -> None:
    """Queue a mail to someone who signs in, once for each event."""
    await connection.execute(
        "INSERT INTO mails (email_id, organization_id, kind, cause, state, message_id, recipient, "
        "content, good_until) VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8) "
        "ON CONFLICT (cause) WHERE registrant_id IS NULL DO NOTHING",
        uuid4(),
        event.organization_id,
        event.kind,
        str(event.event_id),
        mail.message_id,
        mail.recipient,
        mail.content,
        mail.good_until,
    )

"""All SQL of the service. Every deadline is the database's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID, uuid4

from shared.events import RegistrantFacts
from shared.postgres import Connection, Database

Kind = Literal["confirmation", "refund", "refund_failed", "released", "cancelled", "repeated"]

GIVE_UP_AFTER = timedelta(hours=48)


@dataclass(frozen=True)
class Known:
    """What we know of a registrant; no facts yet if money was heard of first."""

    version: int
    status: str | None
    facts: RegistrantFacts | None


@dataclass(frozen=True)
class Written:
    """A mail as every try sends it."""

    message_id: str
    recipient: str
    content: bytes


@dataclass(frozen=True)
class Due:
    """A mail that was claimed for sending."""

    email_id: UUID
    organization_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    kind: str
    message_id: str
    recipient: str
    content: bytes
    claim: int
    deferrals: int
    waited_seconds: float


@dataclass(frozen=True)
class Outcome:
    """What became of one try."""

    mail: Due
    result: Literal["sent", "refused", "deferred"]
    code: int | None = None
    answer: str = ""
    delay_seconds: float = 0
    # A server that is away has said nothing about this mail: its own delay does not grow.
    is_the_mails_own: bool = True


async def note_registrant(connection: Connection, facts: RegistrantFacts, status: str) -> bool:
    """Keep facts that are newer than ours; False if ours are. Locks the registrant."""
    return bool(
        await connection.fetchval(
            "INSERT INTO registrants "
            "(registrant_id, organization_id, version, status, facts, keep_from) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (registrant_id) DO UPDATE SET "
            "version = excluded.version, status = excluded.status, facts = excluded.facts, "
            "keep_from = excluded.keep_from WHERE registrants.version < excluded.version "
            "RETURNING true",
            facts.registrant_id,
            facts.organization_id,
            facts.version,
            status,
            facts.model_dump(mode="json", include=_FACTS),
            facts.starts_at,
        )
    )


_FACTS = set(RegistrantFacts.model_fields)


async def lock_registrant(
    connection: Connection, registrant_id: UUID, organization_id: UUID
) -> Known:
    """What is known of a registrant; nobody else decides on their mails until we commit."""
    row = await connection.fetchrow(
        "INSERT INTO registrants (registrant_id, organization_id) VALUES ($1, $2) "
        "ON CONFLICT (registrant_id) DO UPDATE SET registrant_id = excluded.registrant_id "
        "RETURNING version, status, facts",
        registrant_id,
        organization_id,
    )
    assert row is not None
    facts = RegistrantFacts.model_validate(row["facts"]) if row["facts"] else None
    return Known(row["version"], row["status"], facts)


async def queue_mail(
    connection: Connection, facts: RegistrantFacts, kind: Kind, cause: str, mail: Written
) -> bool:
    """Queue a mail; False if there is one of this kind and cause already."""
    return bool(
        await connection.fetchval(
            "INSERT INTO mails (email_id, organization_id, registrant_id, webinar_id, kind, cause, "
            "state, message_id, recipient, content) "
            "VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9) "
            "ON CONFLICT (registrant_id, kind, cause) DO NOTHING RETURNING true",
            uuid4(),
            facts.organization_id,
            facts.registrant_id,
            facts.webinar_id,
            kind,
            cause,
            mail.message_id,
            mail.recipient,
            mail.content,
        )
    )


async def claim_due(database: Database, limit: int, lease: timedelta) -> list[Due]:
    """Mark due mails as being sent and return them; after the lease another may take them up."""
    async with database.transaction() as connection:
        rows = await connection.fetch(
            "UPDATE mails SET state = 'sending', claims = claims + 1, due_at = now() + $2 "
            "WHERE email_id IN (SELECT email_id FROM mails AS due "
            "WHERE state IN ('queued', 'sending') AND due_at <= now() AND NOT EXISTS ("
            "SELECT FROM mails AS earlier WHERE earlier.email_id = due.follows "
            "AND earlier.state IN ('waiting', 'queued', 'sending')) "
            "ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) "
            "RETURNING email_id, organization_id, registrant_id, webinar_id, kind, message_id, "
            "recipient, content, claims AS claim, deferrals, "
            "extract(epoch FROM now() - created_at)::float8 AS waited_seconds",
            limit,
            lease,
        )
    return [Due(**dict(row)) for row in rows]


async def keep_claims(database: Database, mails: Sequence[Due], lease: timedelta) -> None:
    """Extend the lease of mails that are still being sent."""
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE mails SET due_at = now() + $3 "
            "FROM unnest($1::uuid[], $2::integer[]) AS ours (email_id, claim) "
            "WHERE mails.email_id = ours.email_id AND mails.claims = ours.claim "
            "AND mails.state = 'sending'",
            [mail.email_id for mail in mails],
            [mail.claim for mail in mails],
            lease,
        )


async def settle(connection: Connection, outcomes: Sequence[Outcome]) -> dict[UUID, str]:
    """Store what became of tries; the new state of each mail that this changed.

    "Sent" is true whoever says it; that it failed or has to wait, only its latest taker may say.
    """
    rows = await connection.fetch(
        "UPDATE mails SET smtp_code = tried.code, answer = tried.answer, "
        "state = CASE WHEN tried.result = 'sent' THEN 'sent' "
        "WHEN tried.result = 'refused' OR mails.created_at <= now() - $8::interval THEN 'failed' "
        "ELSE 'queued' END, "
        "settled_at = CASE WHEN tried.result = 'deferred' "
        "AND mails.created_at > now() - $8::interval THEN NULL ELSE now() END, "
        "due_at = now() + make_interval(secs => tried.delay), "
        "deferrals = mails.deferrals + tried.deferral "
        "FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::integer[], $5::text[], "
        "$6::float8[], $7::integer[]) "
        "AS tried (email_id, claim, result, code, answer, delay, deferral) "
        "WHERE mails.email_id = tried.email_id AND (mails.state = 'sending' "
        "AND mails.claims = tried.claim "
        "OR tried.result = 'sent' AND mails.state IN ('queued', 'sending')) "
        "RETURNING mails.email_id, mails.state",
        [outcome.mail.email_id for outcome in outcomes],
        [outcome.mail.claim for outcome in outcomes],
        [outcome.result for outcome in outcomes],
        [outcome.code for outcome in outcomes],
        [outcome.answer for outcome in outcomes],
        [outcome.delay_seconds for outcome in outcomes],
        [int(outcome.result == "deferred" and outcome.is_the_mails_own) for outcome in outcomes],
        GIVE_UP_AFTER,
    )
    return {row["email_id"]: row["state"] for row in rows}

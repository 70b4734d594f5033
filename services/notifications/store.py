"""All SQL of the service. Every deadline is the database's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from shared import retention
from shared.events import AccountMailRequested, RefundFacts, RegistrantFacts
from shared.postgres import Connection, Database

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

GIVE_UP_AFTER = timedelta(hours=48)
CONTENT_AGE = timedelta(days=90)
RECORD_AGE = timedelta(days=400)  # Refunds may come up to this long after the start.
ROWS_PER_ROUND = 1_000


@dataclass(frozen=True)
class Known:
    """What we know of a registrant; no facts yet if money was heard of first."""

    status: str | None
    facts: RegistrantFacts | None


@dataclass(frozen=True)
class Noted:
    """What became of facts that an event brought."""

    status: str | None  # The newest that is known, be it this event's or a later one's.
    sequence: int  # Likewise: a lower one spoke of a time that has changed since.
    was_known: bool
    has_waiting: bool
    has_all_back: bool


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


@dataclass(frozen=True)
class Due:
    """A mail that was claimed for sending."""

    email_id: UUID
    organization_id: UUID
    registrant_id: UUID | None  # None: someone who signs in.
    webinar_id: UUID | None
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


@dataclass(frozen=True)
class Settled:
    """A mail's state after a try; `is_followed`: another waits for it to be settled."""

    state: str
    is_followed: bool


async def note_registrant(connection: Connection, facts: RegistrantFacts, status: str) -> Noted:
    """Keep facts if they are newer than ours. Locks the registrant until we commit."""
    row = await connection.fetchrow(
        "INSERT INTO registrants "
        "(registrant_id, organization_id, version, sequence, status, facts, keep_from) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (registrant_id) DO UPDATE SET "
        "version = excluded.version, sequence = excluded.sequence, status = excluded.status, "
        "facts = excluded.facts, keep_from = excluded.keep_from "
        "WHERE (registrants.version, registrants.sequence) < (excluded.version, excluded.sequence) "
        # A row that was inserted just now has no xmax.
        "RETURNING status, sequence, xmax <> 0 AS was_known, has_waiting, has_all_back",
        facts.registrant_id,
        facts.organization_id,
        facts.version,
        facts.sequence,
        status,
        facts.model_dump(mode="json", include=_FACTS),
        facts.starts_at,
    )
    if row is not None:
        return Noted(**dict(row))
    row = await connection.fetchrow(
        "SELECT status, sequence, true AS was_known, has_waiting, has_all_back FROM registrants "
        "WHERE registrant_id = $1 FOR UPDATE",
        facts.registrant_id,
    )
    return Noted(**dict(row or {}))


_FACTS = set(RegistrantFacts.model_fields)


async def lock_registrant(
    connection: Connection, registrant_id: UUID, organization_id: UUID
) -> Known:
    """What is known of a registrant; nobody else decides on their mails until we commit."""
    row = await connection.fetchrow(
        "INSERT INTO registrants (registrant_id, organization_id) VALUES ($1, $2) "
        "ON CONFLICT (registrant_id) DO UPDATE SET registrant_id = excluded.registrant_id "
        "RETURNING status, facts",
        registrant_id,
        organization_id,
    )
    if row is None or row["facts"] is None:
        return Known(None, None)
    return Known(row["status"], RegistrantFacts.model_validate(row["facts"]))


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
        "ORDER BY claims > 0 AND state <> 'failed' DESC, created_at DESC LIMIT 1",
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


async def mark_all_back(connection: Connection, registrant_id: UUID) -> None:
    """Note that all their money went back and the seat with it."""
    await connection.execute(
        "UPDATE registrants SET has_all_back = true WHERE registrant_id = $1", registrant_id
    )


async def mark_waiting(connection: Connection, registrant_id: UUID) -> None:
    """Note that mails wait for the facts of this registrant."""
    await connection.execute(
        "UPDATE registrants SET has_waiting = true WHERE registrant_id = $1", registrant_id
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
        "state, message_id, recipient, content, good_until, follows) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11) "
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


async def withdraw_late(database: Database) -> int:
    """Mails that have not gone out in time to be of use are not sent any more; how many."""
    async with database.transaction() as connection:
        status = await connection.execute(
            "UPDATE mails SET state = 'withdrawn', settled_at = now(), "
            "content = CASE WHEN registrant_id IS NOT NULL THEN content END "
            "WHERE email_id IN (SELECT email_id FROM mails WHERE good_until <= now() "
            "AND state IN ('queued', 'sending') AND due_at <= now() "
            "LIMIT $1 FOR UPDATE SKIP LOCKED)",
            ROWS_PER_ROUND,
        )
    return int(status.split()[-1])


async def claim_due(database: Database, limit: int, lease: timedelta) -> list[Due]:
    """Mark due mails as being sent and return them; after the lease another may take them up."""
    # One statement is its own transaction: committed before anything is sent.
    async with database.connection() as connection:
        rows = await connection.fetch(
            # Materialized, so that the limit holds whatever the planner thinks.
            "WITH due AS MATERIALIZED (SELECT email_id FROM mails "
            "WHERE state IN ('queued', 'sending') AND due_at <= now() "
            "AND (good_until IS NULL OR good_until > now()) AND NOT EXISTS ("
            "SELECT FROM mails AS earlier WHERE earlier.email_id = mails.follows "
            "AND earlier.state IN ('waiting', 'queued', 'sending')) "
            "ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) "
            "UPDATE mails SET state = 'sending', claims = claims + 1, due_at = now() + $2 "
            "FROM due WHERE mails.email_id = due.email_id "
            "RETURNING mails.email_id, organization_id, registrant_id, webinar_id, kind, "
            "message_id, recipient, content, claims, deferrals, "
            "extract(epoch FROM now() - created_at)::float8 AS waited_seconds, "
            # Nobody waits for the disk: a claim that a crash of PostgreSQL undoes is made again,
            # and what became of the mail is on disk only after its claim.
            "set_config('synchronous_commit', 'off', true)",
            limit,
            lease,
        )
    return [Due(*list(row.values())[:-1]) for row in rows]


async def keep_claims(database: Database, mails: Sequence[Due], lease: timedelta) -> None:
    """Extend the lease of mails that are still being sent."""
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE mails SET due_at = now() + $3 "
            "FROM unnest($1::uuid[], $2::integer[]) AS ours (email_id, claim) "
            "WHERE mails.email_id = ours.email_id AND mails.claims = ours.claim "
            "AND mails.state = 'sending'",
            [mail.email_id for mail in mails],
            [mail.claim for mail in mails],
            lease,
        )


async def settle(connection: Connection, outcomes: Sequence[Outcome]) -> dict[UUID, Settled]:
    """Store what became of tries; what that changed, by mail.

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
        "deferrals = mails.deferrals + tried.deferral, "
        # A link that lets its reader in is kept no longer than it takes to send it.
        "content = CASE WHEN mails.registrant_id IS NULL AND (tried.result <> 'deferred' "
        "OR mails.created_at <= now() - $8::interval) THEN NULL ELSE mails.content END "
        "FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::integer[], $5::text[], "
        "$6::float8[], $7::integer[]) "
        "AS tried (email_id, claim, result, code, answer, delay, deferral) "
        "WHERE mails.email_id = tried.email_id AND (mails.state = 'sending' "
        "AND mails.claims = tried.claim "
        "OR tried.result = 'sent' AND mails.state IN ('queued', 'sending')) "
        "RETURNING mails.email_id, mails.state, EXISTS (SELECT FROM mails AS later "
        "WHERE later.follows = mails.email_id AND later.state = 'queued') AS is_followed",
        [outcome.mail.email_id for outcome in outcomes],
        [outcome.mail.claim for outcome in outcomes],
        [outcome.result for outcome in outcomes],
        [outcome.code for outcome in outcomes],
        [outcome.answer for outcome in outcomes],
        [outcome.delay_seconds for outcome in outcomes],
        [int(outcome.result == "deferred" and outcome.is_the_mails_own) for outcome in outcomes],
        GIVE_UP_AFTER,
    )
    return {row["email_id"]: Settled(row["state"], row["is_followed"]) for row in rows}


async def count_unsettled(database: Database) -> dict[str, tuple[int, float]]:
    """How many mails are in each state that is not final, and the age of the oldest in seconds."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT state, count(*) AS mails, "
            "extract(epoch FROM now() - min(created_at))::float8 AS oldest FROM mails "
            # A refund's failure may wait for ever: nobody had been told of the refund.
            "WHERE state IN ('queued', 'sending') OR state = 'waiting' AND kind = 'refund' "
            "GROUP BY state"
        )
    return {row["state"]: (row["mails"], row["oldest"]) for row in rows}


async def forget_contents(database: Database) -> int:
    """Remove addresses and bytes of old mails; that there was a mail stays known."""
    async with database.transaction() as connection:
        status = await connection.execute(
            "UPDATE mails SET content = NULL, recipient = NULL, answer = NULL WHERE email_id IN ("
            "SELECT email_id FROM mails WHERE content IS NOT NULL "
            "AND created_at < now() - $1::interval AND state NOT IN ('queued', 'sending') "
            "LIMIT $2)",
            CONTENT_AGE,
            ROWS_PER_ROUND,
        )
    return int(status.split()[-1])


async def prune(database: Database) -> int:
    """What the retention worker does, a limited number of rows at a time; how many it did."""
    return (
        await forget_contents(database)
        + await retention.prune(
            database, "mails", "created_at", CONTENT_AGE, extra="AND state = 'waiting'"
        )
        + await retention.prune(database, "mails", "created_at", RECORD_AGE)
        + await retention.prune(database, "registrants", "keep_from", RECORD_AGE)
    )

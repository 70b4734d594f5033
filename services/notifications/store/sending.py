"""Due mails: claimed by one, settled once, given up in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from shared.postgres import Connection, Database

GIVE_UP_AFTER = timedelta(hours=48)
ROWS_PER_ROUND = 1_000
# Of every so many that are claimed one is a bulk mail, however many others are due.
BULK_SHARE = 4


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
    is_bulk: bool
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


async def claim_due(database: Database, limit: int, lease: timedelta) -> list[Due]:
    """Mark due mails as being sent and return them; after the lease another may take them up.

    Bulk mails come after all others, but for a share that is theirs: they do go on.
    """
    # One alone finds out whether a server is back: that is nobody's share.
    share = -(-limit // BULK_SHARE) if limit > 1 else 0
    # One statement is its own transaction: committed before anything is sent.
    async with database.connection() as connection:
        rows = await connection.fetch(
            # Materialized, so that the limits hold whatever the planner thinks.
            f"WITH urgent AS MATERIALIZED ({_DUE} AND NOT is_bulk "
            "ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED), "
            f"bulk AS MATERIALIZED ({_DUE} AND is_bulk ORDER BY due_at "
            "LIMIT greatest($3, $1 - (SELECT count(*) FROM urgent)) FOR UPDATE SKIP LOCKED), "
            "due AS MATERIALIZED (SELECT email_id FROM bulk UNION ALL (SELECT email_id FROM urgent "
            "ORDER BY due_at LIMIT $1 - (SELECT count(*) FROM bulk))) "
            "UPDATE mails SET state = 'sending', claims = claims + 1, due_at = now() + $2 "
            "FROM due WHERE mails.email_id = due.email_id "
            "RETURNING mails.email_id, organization_id, registrant_id, webinar_id, kind, "
            "message_id, recipient, content, claims, deferrals, is_bulk, "
            "extract(epoch FROM now() - created_at)::float8 AS waited_seconds, "
            # Nobody waits for the disk: a claim that a crash of PostgreSQL undoes is made again,
            # and what became of the mail is on disk only after its claim.
            "set_config('synchronous_commit', 'off', true)",
            limit,
            lease,
            share,
        )
    # In this order they are given to the connections.
    return sorted((Due(*list(row.values())[:-1]) for row in rows), key=lambda mail: mail.is_bulk)


_DUE = (
    "SELECT email_id, due_at FROM mails "
    "WHERE state IN ('queued', 'sending') AND due_at <= now() "
    "AND (good_until IS NULL OR good_until > now()) AND NOT EXISTS ("
    "SELECT FROM mails AS earlier WHERE earlier.email_id = mails.follows "
    "AND earlier.state IN ('waiting', 'queued', 'sending'))"
)


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

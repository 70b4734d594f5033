"""Refunds, disputes and mails of a registrant, as the other services told of them."""

from uuid import UUID

from services.registration.registrants import Refund, Registrant
from shared.events import (
    DisputeFacts,
    EmailBounced,
    EmailFailed,
    EmailSent,
    Refunded,
    RefundFailed,
)
from shared.postgres import Connection, Record


async def add(connection: Connection, registrant: Registrant, refund: Refund) -> None:
    """Store a refund that is being requested; its key is unique for the registrant."""
    await connection.execute(
        "INSERT INTO refunds (id, organization_id, registrant_id, webinar_id, idempotency_key, "
        "body_sha256, amount_minor, currency, status, origin, cause, reason, keep_seat) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        refund.id,
        registrant.organization_id,
        registrant.id,
        registrant.webinar_id,
        refund.idempotency_key,
        refund.body_sha256,
        refund.amount_minor,
        refund.currency,
        refund.status,
        refund.origin,
        refund.cause,
        refund.reason,
        refund.keep_seat,
    )


async def find_by_key(
    connection: Connection, registrant_id: UUID, idempotency_key: str
) -> Record | None:
    """The refund that was asked for under this key."""
    found: Record | None = await connection.fetchrow(
        "SELECT id, status, amount_minor, body_sha256 FROM refunds "
        "WHERE registrant_id = $1 AND idempotency_key = $2",
        registrant_id,
        idempotency_key,
    )
    return found


async def unsettled_minor(connection: Connection, registrant_id: UUID) -> int:
    """What is being refunded and not decided yet."""
    return int(
        await connection.fetchval(
            "SELECT coalesce(sum(amount_minor), 0) FROM refunds "
            "WHERE registrant_id = $1 AND status IN ('requested', 'pending')",
            registrant_id,
        )
    )


async def note(connection: Connection, told: Refunded | RefundFailed) -> None:
    """Take over how a refund ended, also one made in Stripe's dashboard; newer wins."""
    has_failed = isinstance(told, RefundFailed)
    await connection.execute(
        "INSERT INTO refunds (id, organization_id, registrant_id, webinar_id, idempotency_key, "
        "amount_minor, currency, status, origin, cause, reason, keep_seat, failure_reason, "
        "version, requested_at, settled_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15) "
        "ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version, "
        # A refund that found nothing left tells no amount; what was asked for stays readable.
        "amount_minor = coalesce(nullif(excluded.amount_minor, 0), refunds.amount_minor), "
        "failure_reason = excluded.failure_reason, settled_at = excluded.settled_at "
        "WHERE refunds.version < excluded.version",
        told.refund_id,
        told.organization_id,
        told.registrant_id,
        told.webinar_id,
        f"stripe:{told.refund_id}",
        told.amount_minor,
        told.currency,
        "failed" if has_failed else "succeeded",
        told.origin,
        told.cause,
        told.reason,
        told.keep_seat,
        told.failure_reason if isinstance(told, RefundFailed) else None,
        told.version,
        told.occurred_at,
    )


async def list_of(connection: Connection, registrant_id: UUID) -> list[Record]:
    """A registrant's refunds, oldest first."""
    return list(
        await connection.fetch(
            "SELECT id, amount_minor, currency, status, origin, cause, reason, keep_seat, "
            "failure_reason, requested_at, settled_at FROM refunds "
            "WHERE registrant_id = $1 ORDER BY requested_at, id LIMIT 200",
            registrant_id,
        )
    )


async def note_dispute(connection: Connection, told: DisputeFacts, *, is_open: bool) -> None:
    """Take over what is known of a dispute; newer wins."""
    await connection.execute(
        "INSERT INTO disputes (id, organization_id, registrant_id, amount_minor, currency, "
        "status, reason, is_open, version, told_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "ON CONFLICT (id) DO UPDATE SET status = excluded.status, reason = excluded.reason, "
        "amount_minor = excluded.amount_minor, is_open = excluded.is_open, "
        "version = excluded.version, told_at = excluded.told_at "
        "WHERE disputes.version < excluded.version",
        told.dispute_id,
        told.organization_id,
        told.registrant_id,
        told.amount_minor,
        told.currency,
        told.status,
        told.reason,
        is_open,
        told.version,
        told.occurred_at,
    )


async def list_disputes(connection: Connection, registrant_id: UUID) -> list[Record]:
    """A registrant's disputes."""
    return list(
        await connection.fetch(
            "SELECT id, amount_minor, currency, status, reason, is_open, told_at FROM disputes "
            "WHERE registrant_id = $1 ORDER BY told_at, id LIMIT 50",
            registrant_id,
        )
    )


async def note_mail(connection: Connection, told: EmailSent | EmailFailed | EmailBounced) -> None:
    """Take over what became of a mail to one of the organization's registrants, if it is one.

    The later telling wins, except that what has bounced stays so: it was accepted before.
    """
    status, reason = _fate(told)
    await connection.execute(
        "INSERT INTO mails (id, organization_id, registrant_id, kind, status, message_id, "
        "failure_reason, told_at) SELECT $1, organization_id, id, $4, $5, $6, $7, $8 "
        "FROM registrants WHERE id = $3 AND organization_id = $2 "
        "ON CONFLICT (id) DO UPDATE SET status = excluded.status, "
        "failure_reason = excluded.failure_reason, told_at = excluded.told_at "
        "WHERE mails.status <> 'bounced' "
        "AND (excluded.status = 'bounced' OR mails.told_at < excluded.told_at)",
        told.email_id,
        told.organization_id,
        told.registrant_id,
        told.kind,
        status,
        told.message_id,
        reason,
        told.occurred_at,
    )


def _fate(told: EmailSent | EmailFailed | EmailBounced) -> tuple[str, str | None]:
    if isinstance(told, EmailBounced):
        return "bounced", told.status_code
    if isinstance(told, EmailFailed):
        return "failed", told.failure_reason
    return "sent", None


async def list_mails(connection: Connection, registrant_id: UUID) -> list[Record]:
    """A registrant's mails and what is known of them."""
    return list(
        await connection.fetch(
            "SELECT id, kind, status, message_id, failure_reason, told_at FROM mails "
            "WHERE registrant_id = $1 ORDER BY told_at, id LIMIT 100",
            registrant_id,
        )
    )

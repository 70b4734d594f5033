"""What needs a person: each kind is one query over an organization's rows."""

from uuid import UUID

from shared.events import PaymentFlagged
from shared.postgres import Connection, Record

EXCEPTIONS_MAX = 200

_KINDS = {
    "hold_unanswered": (
        "SELECT r.id, r.webinar_id, r.hold_ended_at, NULL FROM registrants r "
        "WHERE r.organization_id = $1 AND r.hold_ended_at < now() - interval '1 hour' "
        "AND r.hold_answered_at IS NULL"
    ),
    "refund_failed": (
        "SELECT f.registrant_id, f.webinar_id, coalesce(f.settled_at, f.requested_at), "
        "f.failure_reason FROM refunds f WHERE f.organization_id = $1 AND f.status = 'failed' "
        "AND f.failure_reason <> 'nothing_left' "
        # Asked for again, or given back in another way since.
        "AND NOT EXISTS (SELECT FROM refunds n WHERE n.registrant_id = f.registrant_id "
        "AND n.status <> 'failed' AND n.requested_at > f.requested_at "
        "AND n.amount_minor >= f.amount_minor) "
        "AND NOT EXISTS (SELECT FROM registrants r WHERE r.id = f.registrant_id "
        "AND r.refunded_minor >= r.paid_minor)"
    ),
    "refund_unanswered": (
        "SELECT f.registrant_id, f.webinar_id, f.requested_at, NULL FROM refunds f "
        "WHERE f.organization_id = $1 AND f.status = 'requested' "
        "AND f.requested_at < now() - interval '1 hour'"
    ),
    "money_without_seat": (
        "SELECT r.id, r.webinar_id, r.paid_at, NULL FROM registrants r "
        "WHERE r.organization_id = $1 AND r.status = 'released' AND r.paid_at IS NOT NULL "
        "AND r.refunded_minor < r.paid_minor AND NOT EXISTS (SELECT FROM refunds f "
        "WHERE f.registrant_id = r.id AND f.status <> 'succeeded')"
    ),
    "money_flagged": (
        "SELECT g.registrant_id, g.webinar_id, g.told_at, "
        "g.cause || ' ' || g.about || ': ' || g.detail FROM flags g "
        "WHERE g.organization_id = $1 AND NOT g.is_resolved"
    ),
    "dispute_open": (
        "SELECT d.registrant_id, r.webinar_id, d.told_at, d.reason FROM disputes d "
        "JOIN registrants r ON r.id = d.registrant_id WHERE d.organization_id = $1 AND d.is_open"
    ),
    "mail_failed": (
        "SELECT m.registrant_id, r.webinar_id, m.told_at, m.failure_reason FROM mails m "
        "JOIN registrants r ON r.id = m.registrant_id "
        "WHERE m.organization_id = $1 AND m.status IN ('failed', 'bounced') "
        # Whoever was reached since needs nobody's care.
        "AND NOT EXISTS (SELECT FROM mails n WHERE n.registrant_id = m.registrant_id "
        "AND n.status = 'sent' AND n.told_at > m.told_at)"
    ),
    "sales_stopped": (
        "SELECT NULL::uuid, w.id, now(), NULL FROM webinars w "
        "JOIN organizations o ON o.id = w.organization_id "
        "WHERE w.organization_id = $1 AND w.status = 'scheduled' AND w.price_minor > 0 "
        "AND w.starts_at > now() AND NOT o.is_ready"
    ),
}
_FOUND = (
    "(SELECT every.* FROM ("
    + " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, * FROM ({query}) AS {kind} "
        "(registrant_id, webinar_id, since, detail)"
        for kind, query in _KINDS.items()
    )
    + ") AS every LEFT JOIN registrants tried ON tried.id = every.registrant_id "
    # A rehearsal is looked after, and cleaned up, on its own page.
    "WHERE tried.is_rehearsal IS NOT TRUE) AS found"
)
_QUERY = f"SELECT * FROM {_FOUND} ORDER BY since, kind LIMIT $2"
_NAMED = (
    "SELECT found.*, r.name, w.title, w.time_zone, r.currency, "
    "r.paid_minor - r.refunded_minor AS left_minor "
    f"FROM (SELECT * FROM {_FOUND} ORDER BY since, kind LIMIT $2) AS found "
    "LEFT JOIN registrants r ON r.id = found.registrant_id AND r.organization_id = $1 "
    "LEFT JOIN webinars w ON w.id = coalesce(found.webinar_id, r.webinar_id) "
    "AND w.organization_id = $1 ORDER BY found.since, found.kind"
)


async def list_of(connection: Connection, organization_id: UUID) -> list[Record]:
    """What an organization has to look at, oldest first."""
    return list(await connection.fetch(_QUERY, organization_id, EXCEPTIONS_MAX))


async def list_named(connection: Connection, organization_id: UUID) -> list[Record]:
    """The same, each with whom and what it is about, as a page shows it."""
    return list(await connection.fetch(_NAMED, organization_id, EXCEPTIONS_MAX))


async def count_open(connection: Connection, organization_id: UUID) -> int:
    """How much there is to look at, as far as it is listed."""
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM (SELECT FROM {_FOUND} LIMIT $2) AS listed",
            organization_id,
            EXCEPTIONS_MAX,
        )
    )


async def note_flag(connection: Connection, flagged: PaymentFlagged) -> None:
    """Take over what payments found odd; the later telling wins."""
    await connection.execute(
        "INSERT INTO flags (organization_id, cause, about, registrant_id, webinar_id, detail, "
        "is_resolved, told_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
        "ON CONFLICT (organization_id, cause, about) DO UPDATE SET detail = excluded.detail, "
        "is_resolved = excluded.is_resolved, told_at = excluded.told_at "
        "WHERE flags.told_at < excluded.told_at",
        flagged.organization_id,
        flagged.cause,
        flagged.about,
        flagged.registrant_id,
        flagged.webinar_id,
        flagged.detail,
        flagged.is_resolved,
        flagged.occurred_at,
    )

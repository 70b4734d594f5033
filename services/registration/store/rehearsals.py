"""Rehearsals of a webinar: what there was, and what would be lost of real money."""

from uuid import UUID

from services.registration.registrants import Registrant
from services.registration.rehearsals import Rehearsal
from services.registration.store import registrants
from shared.postgres import Connection

LISTED_MAX = 10


async def list_of(connection: Connection, webinar_id: UUID) -> list[Rehearsal]:
    """The latest rehearsals of a webinar, newest first; the caller has seen whose it is."""
    columns = ", ".join(f"r.{column}" for column in registrants.COLUMNS.split(", "))
    rows = await connection.fetch(
        f"SELECT {columns}, "
        "(SELECT max(m.told_at) FROM mails m WHERE m.registrant_id = r.id"
        " AND m.kind = 'confirmation' AND m.status = 'sent') AS mailed_at, "
        "(SELECT max(m.failure_reason) FROM mails m WHERE m.registrant_id = r.id"
        " AND m.kind = 'confirmation' AND m.status IN ('failed', 'bounced')) AS mail_failure "
        "FROM registrants r WHERE r.webinar_id = $1 AND r.is_rehearsal "
        "ORDER BY r.number DESC LIMIT $2",
        webinar_id,
        LISTED_MAX,
    )
    found = []
    for row in rows:
        *registrant, mailed_at, mail_failure = row.values()
        found.append(Rehearsal(Registrant(*registrant), mailed_at, mail_failure))
    return found


async def fees_in(connection: Connection, organization_id: UUID, currency: str) -> tuple[int, int]:
    """Stripe's fees and what was paid, of the organization's webinars in one currency.

    Of sums that were settled in the currency of the price; both zero where there are none.
    """
    found = await connection.fetchrow(
        "SELECT coalesce(sum(m.fee_minor), 0)::bigint AS fee_minor, "
        "coalesce(sum(m.paid_minor), 0)::bigint AS paid_minor "
        "FROM webinars w CROSS JOIN LATERAL (SELECT sum(fee_minor) AS fee_minor, "
        "sum(paid_minor) AS paid_minor FROM registrant_money"
        " WHERE webinar_id = w.id AND currency = $2) AS m "
        "WHERE w.organization_id = $1 AND w.currency = $2 AND m.fee_minor > 0",
        organization_id,
        currency,
    )
    return (0, 0) if found is None else (found["fee_minor"], found["paid_minor"])

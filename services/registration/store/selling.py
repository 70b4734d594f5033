"""What an organization sells right now: what stops when its Stripe account goes."""

from dataclasses import dataclass
from uuid import UUID

from shared.postgres import Connection


@dataclass(frozen=True)
class Selling:
    """Webinars with a price that have not started, and people who are about to pay."""

    webinars: int
    open_payments: int


async def selling_now(connection: Connection, organization_id: UUID) -> Selling:
    """Counted as it is at this moment."""
    counted = await connection.fetchrow(
        "SELECT count(*) AS webinars, coalesce(sum((SELECT count(*) FROM registrants r "
        "WHERE r.webinar_id = w.id AND r.status = 'awaiting_payment' "
        "AND r.hold_ended_at IS NULL)), 0)::int AS open_payments "
        "FROM webinars w WHERE w.organization_id = $1 AND w.status = 'scheduled' "
        "AND w.price_minor > 0 AND w.starts_at > now()",
        organization_id,
    )
    assert counted is not None  # A sum of nothing is a row too.
    return Selling(counted["webinars"], counted["open_payments"])

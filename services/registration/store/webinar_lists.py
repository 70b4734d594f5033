"""An organization's webinars as its organizers look through them: what comes, what is over."""

from typing import Literal
from uuid import UUID

from services.registration.numbers import Money
from services.registration.store.webinars import COLUMNS
from services.registration.webinars import Webinar
from shared.postgres import Connection

When = Literal["upcoming", "past"]

_END = "starts_at + make_interval(mins => duration_minutes)"
# None is longer than 30 days: the index on the start finds them, the end decides.
_UPCOMING = f"organization_id = $1 AND starts_at > now() - interval '30 days' AND {_END} > now()"
_PAST = f"organization_id = $1 AND starts_at <= now() AND {_END} <= now()"


async def count(connection: Connection, organization_id: UUID) -> dict[When, int]:
    """How many webinars come and how many are over."""
    row = await connection.fetchrow(
        f"SELECT (SELECT count(*) FROM webinars WHERE {_UPCOMING}) AS upcoming, "
        f"(SELECT count(*) FROM webinars WHERE {_PAST}) AS past",
        organization_id,
    )
    assert row is not None
    return {"upcoming": row["upcoming"], "past": row["past"]}


async def page(
    connection: Connection, organization_id: UUID, when: When, *, after: UUID | None, limit: int
) -> list[Webinar]:
    """Those nearest to now first, behind the webinar `after`; an unknown one has none behind it."""
    is_behind, order = (">", "ASC") if when == "upcoming" else ("<", "DESC")
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM webinars WHERE {_UPCOMING if when == 'upcoming' else _PAST} "
        f"AND ($2::uuid IS NULL OR (starts_at, id) {is_behind} "
        "(SELECT starts_at, id FROM webinars WHERE id = $2 AND organization_id = $1)) "
        f"ORDER BY starts_at {order}, id {order} LIMIT $3",
        organization_id,
        after,
        limit,
    )
    return [Webinar(**row) for row in rows]


async def money(connection: Connection, organization_id: UUID) -> tuple[Money, ...]:
    """What all of an organization's webinars come to, by currency."""
    rows = await connection.fetch(
        "SELECT m.currency, sum(m.payers)::bigint AS payers, "
        "sum(m.paid_minor)::bigint AS paid_minor, "
        "sum(m.refunded_minor)::bigint AS refunded_minor, "
        "sum(m.fee_minor)::bigint AS fee_minor, sum(m.net_minor)::bigint AS net_minor "
        "FROM webinars w JOIN registrant_money m ON m.webinar_id = w.id "
        "WHERE w.organization_id = $1 GROUP BY m.currency ORDER BY payers DESC, m.currency",
        organization_id,
    )
    return tuple(Money(**row) for row in rows)


async def count_registered(connection: Connection, organization_id: UUID) -> int:
    """How many were ever admitted to any of an organization's webinars."""
    found: int = await connection.fetchval(
        "SELECT coalesce(sum(c.registered), 0)::bigint FROM webinars w "
        "JOIN registrant_counts c ON c.webinar_id = w.id WHERE w.organization_id = $1",
        organization_id,
    )
    return found


async def newest_time_zone(connection: Connection, organization_id: UUID) -> str | None:
    """Where the organization's newest webinar takes place; None without one."""
    found: str | None = await connection.fetchval(
        "SELECT time_zone FROM webinars WHERE organization_id = $1 "
        "ORDER BY created_at DESC LIMIT 1",
        organization_id,
    )
    return found

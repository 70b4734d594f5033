"""Numbers of webinars, read from the sums that the rows of registrants keep of themselves.

Triggers add each change to the sums of its quarter of an hour, in the change's own transaction.
"""

from collections.abc import Sequence
from uuid import UUID

from services.registration.numbers import Money, Totals
from shared.postgres import Connection

_COUNTS = ("registered", "awaiting_payment", "confirmed", "released", "cancelled")
_SUMS = ("payers", "paid_minor", "refunded_minor", "fee_minor", "net_minor")


def _sums(columns: Sequence[str]) -> str:
    return ", ".join(f"coalesce(sum({column}), 0)::bigint AS {column}" for column in columns)


_TOTALS = (
    f"SELECT w.id, {', '.join(f'c.{column}' for column in _COUNTS)}, w.seats_taken, w.capacity, "
    "coalesce(m.money, '[]') AS money FROM webinars w "
    f"CROSS JOIN LATERAL (SELECT {_sums(_COUNTS)} FROM registrant_counts"
    " WHERE webinar_id = w.id) AS c "
    "CROSS JOIN LATERAL (SELECT json_agg(of_currency ORDER BY currency) AS money FROM ("
    f"SELECT currency, {_sums(_SUMS)} FROM registrant_money"
    " WHERE webinar_id = w.id GROUP BY currency) AS of_currency) AS m "
    "WHERE w.organization_id = $1 AND w.id = ANY($2::uuid[])"
)


async def totals_of_webinars(
    connection: Connection, organization_id: UUID, webinar_ids: Sequence[UUID]
) -> dict[UUID, Totals]:
    """Totals by webinar, also of those without registrants; another organization's are left out."""
    rows = await connection.fetch(_TOTALS, organization_id, list(webinar_ids))
    return {
        row["id"]: Totals(
            registered=row["registered"],
            awaiting_payment=row["awaiting_payment"],
            confirmed=row["confirmed"],
            released=row["released"],
            cancelled=row["cancelled"],
            seats_taken=row["seats_taken"],
            capacity=row["capacity"],
            money=tuple(Money(**one) for one in row["money"]),
        )
        for row in rows
    }

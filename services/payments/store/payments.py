"""Payments with all that belongs to them: added, found, locked and read as a whole."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.payments.payment import Attempt, Charge, Dispute, Payment, Refund
from shared.postgres import Connection, Record

_CHILDREN = ("attempts", "charges", "refunds", "disputes")


def columns_of(kind: type[Any], *, without: tuple[str, ...] = ()) -> str:
    """A dataclass's fields as columns, in its order: a row becomes one by `kind(*row)`."""
    return ", ".join(one.name for one in fields(kind) if one.name not in without)


# What may have been set right since the payment was made, and the column that says so.
_CORRECTED = {
    "registrant_name": "name",
    "email": "email",
    "locale": "locale",
    "manage_url": "manage_url",
}
_OWN_COLUMNS = [one.name for one in fields(Payment) if one.name not in _CHILDREN]
_PAYMENT_COLUMNS = ", ".join(
    f"coalesce(c.{_CORRECTED[name]}, p.{name}) AS {name}" if name in _CORRECTED else f"p.{name}"
    for name in _OWN_COLUMNS
)
_PAYMENT_WIDTH = len(_OWN_COLUMNS)
_PAYMENTS = "payments p LEFT JOIN corrections c USING (registrant_id)"
_payment: Callable[..., Payment] = Payment  # From a row's columns, then its children.
# What a call sent is large and wanted by nobody but the call; saving leaves it as it is.
ATTEMPT_COLUMNS = columns_of(Attempt).replace("params", "NULL::jsonb AS params")


async def add_payment(connection: Connection, payment: Payment) -> Payment | None:
    """Store a payment once; None if it was there. Its hold may have ended before it came."""
    row = await connection.fetchrow(
        "INSERT INTO payments (payment_id, registrant_id, organization_id, webinar_id, "
        "amount_minor, currency, webinar_title, registrant_name, email, locale, manage_url, "
        "card_brands_blocked, hold_until, pay_by, is_rehearsal, hold_end) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
        "(SELECT reason FROM hold_ends WHERE registrant_id = $2)) "
        "ON CONFLICT (registrant_id) DO NOTHING RETURNING hold_end",
        payment.payment_id,
        payment.registrant_id,
        payment.organization_id,
        payment.webinar_id,
        payment.amount_minor,
        payment.currency,
        payment.webinar_title,
        payment.registrant_name,
        payment.email,
        payment.locale,
        payment.manage_url,
        list(payment.card_brands_blocked),
        payment.hold_until,
        payment.pay_by,
        payment.is_rehearsal,
    )
    return None if row is None else replace(payment, hold_end=row["hold_end"])


async def mark_answered(connection: Connection, payment_id: UUID) -> None:
    """The end of its hold has been answered."""
    await connection.execute(
        "UPDATE payments SET hold_end_answered_at = now() WHERE payment_id = $1", payment_id
    )


async def find_payment(
    connection: Connection, registrant_id: UUID
) -> tuple[Payment, datetime] | None:
    """A registrant's payment with its attempts, to look at only, and the database's time."""
    rows = await connection.fetch(_FIND, registrant_id)
    if not rows:
        return None
    attempts = tuple(Attempt(*row[_PAYMENT_WIDTH:-1]) for row in rows if row["number"] is not None)
    return _payment(*rows[0][:_PAYMENT_WIDTH], attempts), rows[0]["now"]


_FIND = (
    f"SELECT {_PAYMENT_COLUMNS}, "
    f"{', '.join(f'a.{one.name}' if one.name != 'params' else 'NULL' for one in fields(Attempt))}, "
    f"now() AS now FROM {_PAYMENTS} LEFT JOIN attempts a USING (payment_id) "
    "WHERE p.registrant_id = $1 ORDER BY a.number"
)


async def lock_payments(
    connection: Connection, payment_ids: Iterable[UUID]
) -> tuple[dict[UUID, Payment], datetime]:
    """Payments as a whole, nobody else changing them until the transaction ends; and the time.

    The lock is a statement of its own: what is read in the statement that waits for it is old.
    """
    rows = await connection.fetch(
        f"SELECT {_PAYMENT_COLUMNS}, has_charges, has_refunds, has_disputes, now() "
        f"FROM {_PAYMENTS} "
        # In the order in which handlers lock too: who meets another one waits for it.
        "WHERE payment_id = ANY($1) ORDER BY webinar_id, registrant_id FOR UPDATE OF p",
        list(set(payment_ids)),
    )
    if not rows:
        return {}, await connection.fetchval("SELECT now()")
    attempts = await _children(connection, Attempt, "attempts", rows, "number")
    charges = await _children(connection, Charge, "charges", rows, "taken_at", "has_charges")
    refunds = await _children(connection, Refund, "refunds", rows, "requested_at", "has_refunds")
    disputes = await _children(connection, Dispute, "disputes", rows, "opened_at", "has_disputes")
    payments = {
        row["payment_id"]: _payment(
            *row[:_PAYMENT_WIDTH],
            tuple(attempts.get(row["payment_id"], ())),
            tuple(charges.get(row["payment_id"], ())),
            tuple(refunds.get(row["payment_id"], ())),
            tuple(disputes.get(row["payment_id"], ())),
        )
        for row in rows
    }
    return payments, rows[0]["now"]


async def lock_payment_of(
    connection: Connection, registrant_id: UUID
) -> tuple[Payment, datetime] | None:
    """A registrant's payment, locked."""
    payment_id = await connection.fetchval(
        "SELECT payment_id FROM payments WHERE registrant_id = $1", registrant_id
    )
    if payment_id is None:
        return None
    payments, now = await lock_payments(connection, [payment_id])
    return payments[payment_id], now


async def payments_of_intents(connection: Connection, intent_ids: Sequence[str]) -> dict[str, UUID]:
    """Whose money an intent took, as far as it is booked."""
    rows = await connection.fetch(
        "SELECT stripe_payment_intent_id, payment_id FROM charges "
        "WHERE stripe_payment_intent_id = ANY($1)",
        intent_ids,
    )
    return {row[0]: row[1] for row in rows}


async def _children(
    connection: Connection,
    kind: type[Any],
    table: str,
    payments: list[Record],
    order: str,
    flag: str | None = None,
) -> dict[UUID, list[Any]]:
    owners = [one["payment_id"] for one in payments if flag is None or one[flag]]
    if not owners:
        return {}
    columns = ATTEMPT_COLUMNS if kind is Attempt else columns_of(kind)
    rows = await connection.fetch(
        f"SELECT payment_id AS owner, {columns} FROM {table} "
        f"WHERE payment_id = ANY($1) ORDER BY {order}",
        owners,
    )
    found: dict[UUID, list[Any]] = defaultdict(list)
    for owner, *values in rows:
        found[owner].append(kind(*values))
    return found

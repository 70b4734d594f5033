"""Registrants: read, locked, saved together with the seats that they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.registration.registrants import Registrant
from services.registration.store import webinars
from services.registration.verdicts import Application
from services.registration.webinars import Webinar
from shared.postgres import Connection, Record

COLUMNS = (
    "id, number, organization_id, webinar_id, version, status, holds_seat, name, email, "
    "email_key, locale, amount_minor, currency, description_version, refund_policy, starts_at, "
    "pay_by, hold_ended_at, hold_end_reason, hold_answered_at, hold_repeat_at, confirmed_at, "
    "released_at, cancelled_at, cancel_cause, cancel_key, paid_at, paid_minor, refunded_minor, "
    "money_version, is_money_returned, fee_minor, net_minor, settlement_currency, fee_version, "
    "decline_code, decline_message, declined_at, link_version, repeated_at, created_at, "
    "stripe_account_id, stripe_payment_intent_id, is_live, is_rehearsal"
)

_SAVED = (
    "version", "status", "holds_seat", "pay_by", "hold_ended_at", "hold_end_reason",
    "hold_answered_at", "hold_repeat_at", "confirmed_at", "released_at", "cancelled_at",
    "cancel_cause", "cancel_key", "paid_at", "paid_minor", "refunded_minor", "money_version",
    "is_money_returned", "fee_minor", "net_minor", "settlement_currency", "fee_version",
    "decline_code", "decline_message", "declined_at", "repeated_at", "stripe_account_id",
    "stripe_payment_intent_id", "is_live",
)  # fmt: skip
_SAVE = (
    "UPDATE registrants SET "
    + ", ".join(f"{column} = ${number}" for number, column in enumerate(_SAVED, 2))
    + " WHERE id = $1"
)


async def find(connection: Connection, registrant_id: UUID) -> Registrant | None:
    """The registrant, or None."""
    return await _one(connection, "id = $1", registrant_id)


async def find_of_organization(
    connection: Connection, organization_id: UUID, registrant_id: UUID
) -> Registrant | None:
    """The registrant unless it is another organization's."""
    return await _one(
        connection, "id = $1 AND organization_id = $2", registrant_id, organization_id
    )


async def lock(connection: Connection, registrant_id: UUID) -> Registrant | None:
    """The registrant, locked; its webinar must be locked before."""
    return await _one(connection, "id = $1 FOR NO KEY UPDATE", registrant_id)


async def lock_others_of_address(
    connection: Connection, registrant: Registrant
) -> list[Registrant]:
    """Active registrations of the same address for the same webinar, locked, oldest first.

    A rehearsal has no others, and is nobody's.
    """
    if registrant.is_rehearsal:
        return []
    return await _many(
        connection,
        "webinar_id::text = $1::uuid::text AND email_key = $2 AND id <> $3 AND NOT is_rehearsal "
        "AND status IN ('awaiting_payment', 'confirmed') ORDER BY number FOR NO KEY UPDATE",
        registrant.webinar_id,
        registrant.email_key,
        registrant.id,
    )


async def lock_due_holds(connection: Connection, webinar_id: UUID, limit: int) -> list[Registrant]:
    """Holds of a webinar whose time is over, locked."""
    return await _many(
        connection,
        "webinar_id = $1 AND status = 'awaiting_payment' AND hold_ended_at IS NULL "
        "AND pay_by <= now() ORDER BY pay_by LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
        webinar_id,
        limit,
    )


async def lock_active(connection: Connection, webinar_id: UUID, limit: int) -> list[Registrant]:
    """Some registrants of a webinar who have a seat, locked."""
    return await _many(
        connection,
        "webinar_id = $1 AND status IN ('awaiting_payment', 'confirmed') "
        "ORDER BY number LIMIT $2 FOR NO KEY UPDATE",
        webinar_id,
        limit,
    )


async def lock_unanswered_holds(connection: Connection, limit: int) -> list[Registrant]:
    """Ended holds that payments was asked about an hour ago, locked."""
    return await _many(
        connection,
        "hold_ended_at IS NOT NULL AND hold_answered_at IS NULL AND hold_repeat_at <= now() "
        "ORDER BY hold_repeat_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED",
        limit,
    )


async def webinars_with_due_holds(connection: Connection, limit: int) -> list[UUID]:
    """Webinars where the time of some hold is over."""
    rows = await connection.fetch(
        "SELECT DISTINCT webinar_id FROM (SELECT webinar_id FROM registrants "
        "WHERE status = 'awaiting_payment' AND hold_ended_at IS NULL AND pay_by <= now() "
        "ORDER BY pay_by LIMIT $1) AS due",
        limit,
    )
    return [row["webinar_id"] for row in rows]


async def has_paid(connection: Connection, webinar_id: UUID) -> bool:
    """Whether somebody's money bought a seat of this webinar."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM registrants WHERE webinar_id = $1 "
            "AND status = 'confirmed' AND amount_minor > 0 AND NOT is_rehearsal)",
            webinar_id,
        )
    )


async def save(
    connection: Connection, webinar_id: UUID, changes: Sequence[tuple[Registrant, Registrant]]
) -> None:
    """Store registrants of one webinar, each as it was and as it is, and move their seats."""
    await save_rows(connection, changes)
    seats = sum(after.holds_seat - before.holds_seat for before, after in changes)
    await webinars.move_seats(connection, webinar_id, seats)


async def save_rows(
    connection: Connection, changes: Sequence[tuple[Registrant, Registrant]]
) -> None:
    """Store those registrants that have changed; their seats are the caller's to move."""
    changed = [after for before, after in changes if after != before]
    if changed:
        await connection.executemany(
            _SAVE,
            [(after.id, *(getattr(after, column) for column in _SAVED)) for after in changed],
        )


async def save_identity(connection: Connection, registrant: Registrant) -> None:
    """Store a corrected name or address, and the links that go with it."""
    await connection.execute(
        "UPDATE registrants SET name = $2, email = $3, email_key = $4, link_version = $5, "
        "version = $6 WHERE id = $1",
        registrant.id,
        registrant.name,
        registrant.email,
        registrant.email_key,
        registrant.link_version,
        registrant.version,
    )


async def add_by_hand(
    connection: Connection, webinar: Webinar, application: Application, now: datetime
) -> None:
    """Insert somebody confirmed who pays nothing here, with a seat; the webinar is locked."""
    await connection.execute(
        "INSERT INTO registrants (id, organization_id, webinar_id, version, status, holds_seat, "
        "name, email, email_key, locale, amount_minor, description_version, starts_at, "
        "confirmed_at, created_at, idempotency_key, body_sha256) "
        "VALUES ($1, $2, $3, 2, 'confirmed', true, $4, $5, $6, $7, 0, $8, $9, $10, $10, $11, $12)",
        application.registrant_id,
        webinar.organization_id,
        webinar.id,
        application.name,
        application.email,
        application.email_key,
        application.locale,
        webinar.description_version,
        webinar.starts_at,
        now,
        application.idempotency_key,
        application.body_sha256,
    )
    await webinars.move_seats(connection, webinar.id, 1)


async def list_of_webinar(
    connection: Connection, webinar_id: UUID, *, after: int, limit: int
) -> list[Registrant]:
    """Registrants in the order of admission, behind the number `after`."""
    return await _many(
        connection,
        "webinar_id = $1 AND number > $2 AND NOT is_rehearsal ORDER BY number LIMIT $3",
        webinar_id,
        after,
        limit,
    )


@dataclass(frozen=True)
class Form:
    """What a registrant answered and agreed to, beside name and address."""

    answers: list[dict[str, Any]] | None
    terms_version: int | None
    terms_accepted_at: datetime | None


async def find_form(connection: Connection, registrant_id: UUID) -> Form:
    """The registrant's answers; kept apart, because no rule about seats or money needs them."""
    found = await connection.fetchrow(
        "SELECT answers, terms_version, terms_accepted_at FROM registrants WHERE id = $1",
        registrant_id,
    )
    return Form(None, None, None) if found is None else Form(**found)


async def record_join(connection: Connection, registrant: Registrant) -> None:
    """Note that a registrant went in; the caller has seen that it is confirmed."""
    await connection.execute(
        "INSERT INTO joins (organization_id, webinar_id, registrant_id) VALUES ($1, $2, $3)",
        registrant.organization_id,
        registrant.webinar_id,
        registrant.id,
    )


async def list_joins(connection: Connection, registrant_id: UUID) -> list[datetime]:
    """When a registrant went in."""
    rows: list[Record] = await connection.fetch(
        "SELECT joined_at FROM joins WHERE registrant_id = $1 ORDER BY id LIMIT 100", registrant_id
    )
    return [row["joined_at"] for row in rows]


async def _one(connection: Connection, where: str, *arguments: object) -> Registrant | None:
    found = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM registrants WHERE {where}", *arguments
    )
    return None if found is None else Registrant(**found)


async def _many(connection: Connection, where: str, *arguments: object) -> list[Registrant]:
    rows = await connection.fetch(f"SELECT {COLUMNS} FROM registrants WHERE {where}", *arguments)
    return [Registrant(**row) for row in rows]

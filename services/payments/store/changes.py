"""Stores what rules found: rows that differ, what is to be told, and what is to be looked up."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog

from services.payments import ledger, metrics
from services.payments.change import BOOKS_DELAY, Change, Trouble
from services.payments.payment import Attempt, Charge, Dispute, Payment, Refund
from shared import outbox
from shared.events import Event, PaymentFailed, PaymentFlagged
from shared.postgres import Connection

log = structlog.get_logger(__name__)

T = TypeVar("T")


async def save_changes(
    connection: Connection, changes: Iterable[tuple[Payment, Change]], now: datetime
) -> list[Event]:
    """Store what differs from before and enqueue what is to be told, in the caller's transaction.

    Each payment must have been locked in it. Returns the events.
    """
    pairs = list(changes)
    await _add_bookings(connection, pairs)
    declined = await _add_declines(connection, pairs)
    await _save_payments(connection, pairs)
    await _save_attempts(connection, pairs)
    await _save_charges(connection, pairs)
    await _save_refunds(connection, pairs)
    await _save_disputes(connection, pairs)
    await _add_lookups(connection, pairs, now)
    for before, change in pairs:
        await add_troubles(connection, change.troubles, payment=before)
    events = [event for _, change in pairs for event in change.events] + declined
    await outbox.enqueue(connection, *events)
    return events


async def add_troubles(
    connection: Connection,
    troubles: Iterable[Trouble],
    *,
    organization_id: UUID | None = None,
    payment: Payment | None = None,
) -> None:
    """Put something before a person, once for each cause and thing; its organization is told.

    Nobody has to look at money that is only played with: a rehearsal's, in test mode.
    """
    if payment is not None and payment.is_play:
        told = list(troubles)
        troubles = [trouble for trouble in told if trouble.is_real]
        for trouble in told:
            if not trouble.is_real:
                log.info("a rehearsal troubles nobody", cause=trouble.cause, about=trouble.about)
    if payment is not None:
        organization_id = payment.organization_id
    for trouble in troubles:
        is_new = await connection.fetchval(
            "INSERT INTO exceptions (cause, about, detail, organization_id, registrant_id, "
            "payment_id) VALUES ($1, $2, $3, $4, $5, $6) "
            "ON CONFLICT (cause, about) DO NOTHING RETURNING true",
            trouble.cause,
            trouble.about,
            trouble.detail[:1000],
            organization_id,
            payment.registrant_id if payment else None,
            payment.payment_id if payment else None,
        )
        if not is_new:
            continue
        metrics.exceptions.labels(trouble.cause).inc()
        if organization_id is not None:
            flagged = PaymentFlagged(
                organization_id=organization_id,
                cause=trouble.cause,
                about=trouble.about,
                payment_id=payment.payment_id if payment else None,
                registrant_id=payment.registrant_id if payment else None,
                webinar_id=payment.webinar_id if payment else None,
                detail=trouble.detail[:1000],
            )
            await outbox.enqueue(connection, flagged)


async def _add_bookings(connection: Connection, pairs: list[tuple[Payment, Change]]) -> None:
    entries = {one.id: (change, one) for _, change in pairs for one in change.bookings}
    if not entries:
        return
    bookings = [one for _, one in entries.values()]
    rows = await connection.fetch(
        "INSERT INTO ledger (stripe_balance_transaction_id, payment_id, type, source, "
        "amount_minor, fee_minor, net_minor, currency, stripe_created_at) "
        "SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], "
        "$6::bigint[], $7::bigint[], $8::text[], $9::timestamptz[]) "
        "ON CONFLICT DO NOTHING RETURNING stripe_balance_transaction_id",
        [one.id for one in bookings],
        [change.payment.payment_id for change, _ in entries.values()],
        [one.type for one in bookings],
        [one.source for one in bookings],
        [one.amount_minor for one in bookings],
        [one.fee_minor for one in bookings],
        [one.net_minor for one in bookings],
        [one.currency for one in bookings],
        [one.created_at for one in bookings],
    )
    new = {row[0] for row in rows}
    for _, change in pairs:
        ledger.book(change, [one for one in change.bookings if one.id in new])


async def _add_declines(connection: Connection, pairs: list[tuple[Payment, Change]]) -> list[Event]:
    failed: list[Event] = []
    for payment, change in pairs:
        for decline in change.declines:
            is_new = await connection.fetchval(
                "INSERT INTO declines (stripe_charge_id, payment_id, decline_code) "
                "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true",
                decline.id,
                payment.payment_id,
                decline.decline_code,
            )
            if is_new:
                failed.append(
                    PaymentFailed(
                        organization_id=payment.organization_id,
                        payment_id=payment.payment_id,
                        registrant_id=payment.registrant_id,
                        webinar_id=payment.webinar_id,
                        decline_code=decline.decline_code,
                        message=decline.message,
                    )
                )
    return failed


async def _save_payments(connection: Connection, pairs: list[tuple[Payment, Change]]) -> None:
    rows = [
        (
            after.payment_id,
            after.pay_by,
            after.hold_end,
            after.hold_end_answered_at,
            after.is_odd,
            after.paid_at,
            bool(after.charges),
            bool(after.refunds),
            bool(after.disputes),
            after.fee_minor,
            after.net_minor,
            after.settlement_currency,
            after.version,
        )
        for before, after in ((before, change.payment) for before, change in pairs)
        if _own_fields(before) != _own_fields(after)
    ]
    if rows:
        await connection.executemany(
            "UPDATE payments SET pay_by = $2, hold_end = $3, hold_end_answered_at = $4, "
            "is_odd = $5, paid_at = $6, has_charges = $7, has_refunds = $8, has_disputes = $9, "
            "fee_minor = $10, net_minor = $11, settlement_currency = $12, version = $13 "
            "WHERE payment_id = $1",
            rows,
        )


def _own_fields(payment: Payment) -> tuple[object, ...]:
    return (
        payment.pay_by,
        payment.hold_end,
        payment.hold_end_answered_at,
        payment.is_odd,
        payment.paid_at,
        payment.version,
        bool(payment.charges),
        bool(payment.refunds),
        bool(payment.disputes),
    )


async def _save_attempts(connection: Connection, pairs: list[tuple[Payment, Change]]) -> None:
    changed = [
        (change.payment, one)
        for before, change in pairs
        for one in _changed(before.attempts, change.payment.attempts)
    ]
    if not changed:
        return
    for _, attempt in changed:
        if attempt.outcome is not None:
            metrics.attempts_settled.labels(attempt.kind, attempt.outcome).inc()
    await connection.executemany(
        "UPDATE attempts SET status = $3, outcome = $4, params = coalesce($5::jsonb, params), "
        "called_at = $6, "
        "look_up_at = $7, expires_at = $8, stripe_object_id = $9, url = $10, "
        "processing_since = $11, is_closing = $12, refusal = $13, settled_at = $14, "
        "due_at = $15, tries = $16 WHERE payment_id = $1 AND number = $2",
        [_attempt_row(payment, attempt) for payment, attempt in changed],
    )


def _attempt_row(payment: Payment, attempt: Attempt) -> tuple[object, ...]:
    return (
        payment.payment_id,
        attempt.number,
        attempt.status,
        attempt.outcome,
        attempt.params,
        attempt.called_at,
        attempt.look_up_at,
        attempt.expires_at,
        attempt.stripe_object_id,
        attempt.url,
        attempt.processing_since,
        attempt.is_closing,
        attempt.refusal,
        attempt.settled_at,
        attempt.due_at,
        attempt.tries,
    )


async def _save_charges(connection: Connection, pairs: list[tuple[Payment, Change]]) -> None:
    changed: list[tuple[Payment, Charge]] = [
        (change.payment, one)
        for before, change in pairs
        for one in _changed(before.charges, change.payment.charges)
    ]
    if changed:
        await connection.executemany(
            "INSERT INTO charges (stripe_payment_intent_id, stripe_charge_id, payment_id, "
            "stripe_account_id, acting_for, is_live, amount_minor, currency, role, taken_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
            "ON CONFLICT (stripe_payment_intent_id) DO UPDATE SET "
            "stripe_charge_id = excluded.stripe_charge_id",
            [
                (
                    one.stripe_payment_intent_id,
                    one.stripe_charge_id,
                    payment.payment_id,
                    one.stripe_account_id,
                    one.acting_for,
                    one.is_live,
                    one.amount_minor,
                    one.currency,
                    one.role,
                    one.taken_at,
                )
                for payment, one in changed
            ],
        )


async def _save_refunds(connection: Connection, pairs: list[tuple[Payment, Change]]) -> None:
    changed: list[Refund] = [
        one for before, change in pairs for one in _changed(before.refunds, change.payment.refunds)
    ]
    if changed:
        await connection.executemany(
            "INSERT INTO refunds (refund_id, organization_id, registrant_id, webinar_id, "
            "payment_id, stripe_payment_intent_id, requested_minor, amount_minor, currency, "
            "origin, cause, reason, keep_seat, notify, message, status, stripe_refund_id, "
            "failure_reason, requested_at, called_at, settled_at, due_at, tries) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
            "$17, $18, $19, $20, $21, $22, $23) "
            "ON CONFLICT (refund_id) DO UPDATE SET payment_id = excluded.payment_id, "
            "stripe_payment_intent_id = excluded.stripe_payment_intent_id, "
            "amount_minor = excluded.amount_minor, currency = excluded.currency, "
            "status = excluded.status, stripe_refund_id = excluded.stripe_refund_id, "
            "failure_reason = excluded.failure_reason, called_at = excluded.called_at, "
            "settled_at = excluded.settled_at, due_at = excluded.due_at, tries = excluded.tries",
            [
                (
                    one.refund_id,
                    one.organization_id,
                    one.registrant_id,
                    one.webinar_id,
                    one.payment_id,
                    one.stripe_payment_intent_id,
                    one.requested_minor,
                    one.amount_minor,
                    one.currency,
                    one.origin,
                    one.cause,
                    one.reason,
                    one.keep_seat,
                    one.notify,
                    one.message,
                    one.status,
                    one.stripe_refund_id,
                    one.failure_reason,
                    one.requested_at,
                    one.called_at,
                    one.settled_at,
                    one.due_at,
                    one.tries,
                )
                for one in changed
            ],
        )


async def _save_disputes(connection: Connection, pairs: list[tuple[Payment, Change]]) -> None:
    changed: list[tuple[Payment, Dispute]] = [
        (change.payment, one)
        for before, change in pairs
        for one in _changed(before.disputes, change.payment.disputes)
    ]
    if changed:
        await connection.executemany(
            "INSERT INTO disputes (stripe_dispute_id, payment_id, stripe_payment_intent_id, "
            "amount_minor, currency, status, reason, opened_at, closed_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
            "ON CONFLICT (stripe_dispute_id) DO UPDATE SET status = excluded.status, "
            "amount_minor = excluded.amount_minor, reason = excluded.reason, "
            "closed_at = excluded.closed_at",
            [
                (
                    one.stripe_dispute_id,
                    payment.payment_id,
                    one.stripe_payment_intent_id,
                    one.amount_minor,
                    one.currency,
                    one.status,
                    one.reason,
                    one.opened_at,
                    one.closed_at,
                )
                for payment, one in changed
            ],
        )


async def _add_lookups(
    connection: Connection, pairs: list[tuple[Payment, Change]], now: datetime
) -> None:
    wanted = [(change.payment.payment_id, one) for _, change in pairs for one in change.lookups]
    if not wanted:
        return
    await connection.execute(
        "INSERT INTO lookups (kind, stripe_object_id, acting_for, is_live, payment_id, reason, "
        "due_at) SELECT kind, id, acting_for, is_live, payment_id, reason, due_at "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::uuid[], $6::text[], "
        "$7::timestamptz[]) "
        "AS wanted (kind, id, acting_for, is_live, payment_id, reason, due_at) "
        # What is booked never changes: a repeated event causes no second call.
        "WHERE NOT EXISTS (SELECT FROM ledger WHERE stripe_balance_transaction_id = wanted.id) "
        "ON CONFLICT (kind, stripe_object_id) DO NOTHING",
        [one.kind for _, one in wanted],
        [one.stripe_object_id for _, one in wanted],
        [one.acting_for for _, one in wanted],
        [one.is_live for _, one in wanted],
        [payment_id for payment_id, _ in wanted],
        [one.reason for _, one in wanted],
        [now + BOOKS_DELAY if one.kind == "balance_transaction" else now for _, one in wanted],
    )


def _changed(before: tuple[T, ...], after: tuple[T, ...]) -> list[T]:
    return [one for one in after if one not in before]

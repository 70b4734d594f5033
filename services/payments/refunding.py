"""Gives money back: requests are decided under the payment's lock, then Stripe is called."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.payments import refunds
from services.payments.change import REFUND_UNMATCHED, Change, Trouble
from services.payments.desk import Desk
from services.payments.facts import Fact
from services.payments.payment import Charge, Payment, Refund
from services.payments.store import changes, payments
from services.payments.store import refunds as store_refunds
from services.payments.stripe_gateway import (
    StripeAccountRefused,
    StripeBusy,
    StripeConflict,
    StripeFailure,
    StripeRefused,
)
from services.payments.stripe_gateway.intents import list_refunds, read_everything
from services.payments.stripe_gateway.refunds import create_refund, get_refund

log = structlog.get_logger(__name__)

RETRY_MAX = timedelta(minutes=5)

_REASONS = {
    "charge_already_refunded": "over_refund",
    "charge_disputed": "disputed",
}


async def refund_due(desk: Desk) -> int:
    """One round: take refunds whose time has come and bring each a step further."""
    if desk.money_crew.free <= 0:
        return 0
    async with desk.database.connection() as connection:
        taken = await store_refunds.take_due(connection, refunds.CALL_LEASE)
    for refund, now in taken:
        desk.money_crew.start(_follow(desk, refund, now), then=desk.wakes.refunds)
    return len(taken)


async def _follow(desk: Desk, refund: Refund, now: datetime) -> None:
    try:
        if refund.status == "waiting":
            await _decide(desk, refund)
        elif refund.status == "requested":
            await _start(desk, refund)
        elif refund.status == "calling":
            await _call_again(desk, refund, now)
        elif refund.status == "pending":
            await _look(desk, refund)
    except StripeRefused as refusal:
        await _refused(desk, refund, refusal)
    except StripeFailure as failure:
        await _postpone(desk, refund, failure)
    except Exception as failure:
        # Its lease ends by itself; the row is due again.
        log.warning(
            "refund waits",
            refund_id=str(refund.refund_id),
            failure=type(failure).__name__,
            exc_info=failure,
        )


async def _decide(desk: Desk, refund: Refund) -> None:
    """Look at the payment's money, then decide under its lock; without a payment it waits."""
    async with desk.database.transaction() as connection:
        found = await payments.lock_payment_of(connection, refund.registrant_id)
    if found is None:
        await _wait_for_payment(desk, refund)
        return
    payment, _ = found
    refused: dict[str, str] = {}
    for charge in payment.charges:
        try:
            await _look_at_money(desk, payment, [charge])
        except StripeRefused as refusal:
            if isinstance(refusal, StripeAccountRefused) and refusal.is_key_refused:
                raise
            refused[charge.stripe_payment_intent_id] = _reason_of(refusal)

    def decide(change: Change, now: datetime) -> None:
        refunds.decide(change, refund, now)
        chosen = change.payment.refund(refund.refund_id)
        if chosen is None or chosen.status != "requested":
            return
        # Another charge than the one that gives the money back may be out of reach.
        reason = refused.get(chosen.stripe_payment_intent_id or "")
        if reason is not None:
            refunds.fail(change, refund.refund_id, reason, now)

    await desk.merger.change(payment.payment_id, decide)


async def _wait_for_payment(desk: Desk, refund: Refund) -> None:
    """Nobody has heard of the payment yet; after ten minutes a person is told, and it waits on."""
    async with desk.database.transaction() as connection:
        await store_refunds.postpone(
            connection, refund.refund_id, min(2**refund.tries, 60) * timedelta(seconds=1)
        )
        if refunds.is_overdue(refund, await connection.fetchval("SELECT now()")):
            await changes.add_troubles(
                connection,
                [Trouble(REFUND_UNMATCHED, str(refund.refund_id))],
                organization_id=refund.organization_id,
            )


async def _look_at_money(desk: Desk, payment: Payment, charges: Iterable[Charge]) -> None:
    """Nothing moves on the word of an old snapshot: the dashboard may have been faster."""
    facts: list[Fact] = []
    for charge in charges:
        facts += await desk.call(
            "reads",
            charge,
            partial(
                read_everything,
                intent_id=charge.stripe_payment_intent_id,
                acting_for=charge.acting_for,
            ),
        )
    await desk.merger.merge({payment.payment_id: facts})


async def _start(desk: Desk, refund: Refund) -> None:
    """Call, the row saying so first."""
    payment = await _payment_of(desk, refund)
    if refund.origin == "automatic":
        # Nobody asked for it, so nobody has looked at its money yet.
        await _look_at_money(desk, payment, [_charge_of(payment, refund)])
    called: list[tuple[Payment, Refund]] = []

    def let_go(change: Change, now: datetime) -> None:
        calling = refunds.let_go(change, refund.refund_id, now)
        if calling is not None:
            called.append((change.payment, calling))

    await desk.merger.change(payment.payment_id, let_go)
    for locked, calling in called:
        await _call(desk, locked, calling)


async def _call_again(desk: Desk, refund: Refund, now: datetime) -> None:
    """Same key, same parameters; after minutes of silence Stripe is asked what it has first."""
    payment = await _payment_of(desk, refund)
    charge = _charge_of(payment, refund)
    called_at = refund.called_at or refund.requested_at
    if now - called_at >= refunds.LOOK_UP_AFTER:
        seen = await desk.call(
            "reads",
            charge,
            lambda stripe: list_refunds(stripe, charge.stripe_payment_intent_id, charge.acting_for),
        )
        await desk.merger.merge({payment.payment_id: list(seen)})
        if any(one.labels.refund_id == refund.refund_id for one in seen):
            return
        if now - called_at >= refunds.GIVE_UP_AFTER:
            # Stripe forgets a key after a day: repeating it then could give the money back twice.
            await _fail(desk, payment, refund, "no_answer")
            return
    await _call(desk, payment, refund)


async def _call(desk: Desk, payment: Payment, refund: Refund) -> None:
    charge = _charge_of(payment, refund)
    try:
        seen = await desk.call(
            "refunds",
            charge,
            lambda stripe: create_refund(stripe, payment, refund, charge.acting_for),
        )
    except StripeRefused as refusal:
        log.warning(
            "Stripe refused a refund",
            refund_id=str(refund.refund_id),
            code=refusal.code,
            param=refusal.param,
            request_id=refusal.request_id,
        )
        raise
    else:
        await desk.merger.merge({payment.payment_id: [seen]})


async def _refused(desk: Desk, refund: Refund, refusal: StripeRefused) -> None:
    """Stripe says no, and would say so again; only our own key is for an operator to mend."""
    is_key_refused = isinstance(refusal, StripeAccountRefused) and refusal.is_key_refused
    if is_key_refused or refund.payment_id is None or refund.status == "pending":
        await _postpone(desk, refund, refusal)
        return
    reason = _reason_of(refusal)
    await desk.merger.change(
        refund.payment_id,
        lambda change, now: refunds.fail(change, refund.refund_id, reason, now),
    )


def _reason_of(refusal: StripeRefused) -> str:
    if isinstance(refusal, StripeAccountRefused):
        return "account_refused"
    if refusal.param == "amount":
        return "over_refund"
    return _REASONS.get(refusal.code or "", refusal.code or f"refused_{refusal.status}")


async def _look(desk: Desk, refund: Refund) -> None:
    """A pending refund: nobody told what became of it, so Stripe is asked now and then."""
    payment = await _payment_of(desk, refund)
    charge = _charge_of(payment, refund)
    refund_id = refund.stripe_refund_id or ""
    seen = await desk.call(
        "reads", charge, lambda stripe: get_refund(stripe, refund_id, charge.acting_for)
    )
    await desk.merger.merge({payment.payment_id: [seen]})
    async with desk.database.connection() as connection:
        await store_refunds.postpone(connection, refund.refund_id, refunds.PENDING_LOOK)


async def _fail(desk: Desk, payment: Payment, refund: Refund, reason: str) -> None:
    await desk.merger.change(
        payment.payment_id,
        lambda change, now: refunds.fail(change, refund.refund_id, reason, now),
    )


async def _payment_of(desk: Desk, refund: Refund) -> Payment:
    assert refund.payment_id is not None
    async with desk.database.transaction() as connection:
        locked, _ = await payments.lock_payments(connection, [refund.payment_id])
    return locked[refund.payment_id]


def _charge_of(payment: Payment, refund: Refund) -> Charge:
    charge = payment.charge_of(refund.stripe_payment_intent_id or "")
    assert charge is not None
    return charge


async def _postpone(desk: Desk, refund: Refund, failure: StripeFailure) -> None:
    pause = min(timedelta(seconds=0.5 * 2 ** min(refund.tries, 12)), RETRY_MAX)
    if isinstance(failure, StripeConflict | StripeBusy):
        pause = timedelta(seconds=1)
    log.warning(
        "refund waits for Stripe",
        refund_id=str(refund.refund_id),
        failure=type(failure).__name__,
        seconds=pause.total_seconds(),
    )
    async with desk.database.connection() as connection:
        await store_refunds.postpone(connection, refund.refund_id, pause)
    desk.wakes.later(desk.wakes.refunds, pause.total_seconds())

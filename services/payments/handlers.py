"""Door in: what the other services tell. Each handler touches Postgres only."""

from datetime import datetime, timedelta

from services.payments import attempts, holds, refunds
from services.payments.account_checks import disconnect
from services.payments.desk import Desk
from services.payments.merging import change_in
from services.payments.payment import Attempt, Payment, payment_id_of
from services.payments.store import api_tokens, corrections, hold_ends, payments
from services.payments.store import attempts as store_attempts
from services.payments.store import refunds as store_refunds
from shared import outbox
from shared.events import (
    ApiTokenChanged,
    HoldEnded,
    RefundRequested,
    RegistrantCorrected,
    RegistrantCreated,
    StripeDisconnectRequested,
)
from shared.messaging import Bus
from shared.postgres import Connection, after_commit

DEFAULT_HOLD = timedelta(minutes=15)
HOLD_END_RETRY = timedelta(seconds=5)


class CurrencyMissing(ValueError):
    """A registrant owes money in no currency."""


class Handlers:
    """One method for each event; called once per event, in the transaction of its inbox row."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def subscribe(self, bus: Bus) -> None:
        bus.on(RegistrantCreated, self.on_registrant_created)
        bus.on(RegistrantCorrected, self.on_registrant_corrected)
        bus.on(HoldEnded, self.on_hold_ended)
        bus.on(RefundRequested, self.on_refund_requested)
        bus.on(ApiTokenChanged, self.on_api_token_changed)
        bus.on(StripeDisconnectRequested, self.on_stripe_disconnect_requested)

    async def on_registrant_created(self, event: RegistrantCreated, connection: Connection) -> None:
        """A payment for whoever owes something; nothing is opened before somebody pays."""
        if event.amount_minor == 0:
            return
        payment = await payments.add_payment(connection, payment_for(event))
        if payment is None:
            return
        # Somebody may have been faster than the bus, and waits at the pay page.
        after_commit(lambda: self._desk.waiters.tell(payment))
        if payment.hold_end is not None:
            # The end came first: a closed payment, and the answer that registration waits for.
            await outbox.enqueue(connection, holds.checkout_expired(payment, payment.hold_end))
            await payments.mark_answered(connection, payment.payment_id)
            await hold_ends.mark_matched(connection, payment.registrant_id)
        elif event.payment_method is not None:
            await self._queue_charge(connection, payment, event.payment_method)

    async def on_registrant_corrected(
        self, event: RegistrantCorrected, connection: Connection
    ) -> None:
        """Whoever comes back from paying finds their page at its new address."""
        if event.amount_minor > 0:
            await corrections.save_correction(connection, event)

    async def _queue_charge(
        self, connection: Connection, payment: Payment, payment_method: str
    ) -> None:
        """Charge a client's payment method; without a ready account the pay page takes over."""
        account = await self._desk.account_of(connection, payment)
        if account is None:
            return
        now: datetime = await connection.fetchval("SELECT now()")
        await store_attempts.add_attempt(
            connection,
            payment.payment_id,
            Attempt(
                number=1,
                kind="intent",
                status="queued",
                stripe_account_id=account.stripe_account_id,
                acting_for=account.acting_for,
                is_live=account.is_live,
                idempotency_key=attempts.idempotency_key(payment, 1, is_intent=True),
                params={"payment_method": payment_method},
                queued_at=now,
                due_at=now,
            ),
        )
        after_commit(self._desk.wakes.attempts.set)

    async def on_hold_ended(self, event: HoldEnded, connection: Connection) -> None:
        """Open nothing more, and answer once nothing can be paid any more."""
        await hold_ends.add_hold_end(connection, event, HOLD_END_RETRY)
        found = await payments.lock_payment_of(connection, event.registrant_id)
        if found is None:
            return
        changed = await change_in(
            connection,
            found[0].payment_id,
            lambda change, now: holds.end_hold(change, event.reason, now),
        )
        await hold_ends.mark_matched(connection, event.registrant_id)
        after_commit(lambda: self._desk.merger.tell([changed]))

    async def on_refund_requested(self, event: RefundRequested, connection: Connection) -> None:
        """Keep the request; a worker decides it as soon as the payment is known."""
        await store_refunds.add_request(connection, refunds.requested(event))
        after_commit(self._desk.wakes.refunds.set)

    async def on_api_token_changed(self, event: ApiTokenChanged, connection: Connection) -> None:
        await api_tokens.save_token(connection, event)

    async def on_stripe_disconnect_requested(
        self, event: StripeDisconnectRequested, connection: Connection
    ) -> None:
        """Sales stop now; the checks of accounts let go of it once nothing is open any more."""
        await disconnect(connection, event.organization_id, event.account_id, event.person)


def payment_for(event: RegistrantCreated) -> Payment:
    """What a registrant owes, frozen as the event says it."""
    if event.currency is None:
        raise CurrencyMissing(CurrencyMissing.__doc__)
    hold_until = event.pay_by or event.occurred_at + DEFAULT_HOLD
    return Payment(
        payment_id=payment_id_of(event.registrant_id),
        registrant_id=event.registrant_id,
        organization_id=event.organization_id,
        webinar_id=event.webinar_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
        webinar_title=event.webinar_title,
        registrant_name=event.name,
        email=event.email,
        locale=event.locale,
        manage_url=event.manage_url,
        card_brands_blocked=event.card_brands_blocked,
        hold_until=hold_until,
        pay_by=hold_until,
        is_rehearsal=event.is_rehearsal,
    )


async def match_hold_ends(desk: Desk) -> int:
    """One round: ends of holds whose payment had not come yet; how many have found theirs."""
    matched = 0
    async with desk.database.transaction() as connection:
        due = await hold_ends.take_due(connection, HOLD_END_RETRY)
    for row in due:
        reason = hold_ends.reason_of(row)
        async with desk.database.transaction() as connection:
            found = await payments.lock_payment_of(connection, row["registrant_id"])
            if found is None:
                continue
            changed = await change_in(
                connection,
                found[0].payment_id,
                lambda change, now, reason=reason: holds.end_hold(change, reason, now),  # type: ignore[misc] # Bound now.
            )
            await hold_ends.mark_matched(connection, row["registrant_id"])
        desk.merger.tell([changed])
        matched += 1
    return matched

"""Opens what a registrant pays by: attempts are stored, let go by pacing, called and followed.

Whoever finds an attempt without a result calls again with its key and its parameters. Nothing is
guessed: a call that stays silent is looked up at Stripe.
"""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.payments import attempts, metrics
from services.payments.accounts import Account
from services.payments.change import Change
from services.payments.desk import Desk
from services.payments.facts import IntentSeen, SessionSeen
from services.payments.pacing import Endpoint
from services.payments.payment import Attempt, Payment
from services.payments.store import attempts as store_attempts
from services.payments.store.attempts import DueAttempt
from services.payments.stripe_gateway import (
    CardDeclined,
    IdempotencyKeyReused,
    StripeAccountRefused,
    StripeBusy,
    StripeConflict,
    StripeFailure,
    StripeGateway,
    StripeRefused,
    StripeUnavailable,
)
from services.payments.stripe_gateway.intents import (
    cancel_intent,
    create_intent,
    find_intent,
    get_intent,
    intent_params,
)
from services.payments.stripe_gateway.key import PROBE_SECONDS
from services.payments.stripe_gateway.sessions import (
    TooManySessions,
    create_session,
    expire_session,
    find_session,
    get_session,
    session_params,
)

log = structlog.get_logger(__name__)

CLOCK_SLACK = timedelta(minutes=10)
"""Stripe's clock is not ours: a look-up begins this much before the call."""
CONFLICT_RETRY = timedelta(seconds=1)
SILENCE_RETRY = timedelta(seconds=0.3)
RETRY_MAX = timedelta(seconds=15)
READ_RETRY_MAX = timedelta(minutes=5)
KEY_RETRY = timedelta(seconds=PROBE_SECONDS)


async def open_session(
    desk: Desk,
    payment: Payment,
    account: Account,
    now: datetime,
    *,
    network: str | None,
) -> bool:
    """Store a new attempt, and call at once if its pace allows; False if none may be made now."""
    number = len(payment.attempts) + 1
    wait = desk.try_admit(account, "sessions")
    attempt = Attempt(
        number=number,
        kind="session",
        status="queued",
        stripe_account_id=account.stripe_account_id,
        acting_for=account.acting_for,
        is_live=account.is_live,
        idempotency_key=attempts.idempotency_key(payment, number),
        queued_at=now,
        due_at=now + timedelta(seconds=wait),
    )
    if wait == 0:
        attempt = _let_go(desk, payment, attempt, now)
    async with desk.database.connection() as connection:
        is_stored = await store_attempts.add_attempt(
            connection,
            payment.payment_id,
            attempt,
            network=network,
            network_limit=desk.settings.attempts_per_network,
        )
    if is_stored and wait == 0:
        due = DueAttempt(payment.payment_id, attempt, now)
        desk.crew.start(_call(desk, due, is_first=True), then=desk.wakes.attempts)
    elif is_stored:
        desk.wakes.attempts.set()
    return is_stored


async def follow_attempts(desk: Desk) -> int:
    """One round: take attempts whose time has come and bring each a step further."""
    if desk.crew.free <= 0:
        return 0
    async with desk.database.connection() as connection:
        taken = await store_attempts.take_due(
            connection,
            attempts.CALL_LEASE,
            paused=desk.pacer.exhausted(),
            limit=desk.crew.free,
        )
    for due in taken:
        desk.crew.start(_follow(desk, due), then=desk.wakes.attempts)
    return len(taken)


async def _follow(desk: Desk, due: DueAttempt) -> None:
    attempt = due.attempt
    try:
        if attempt.status == "queued":
            await _start(desk, due)
        elif attempt.stripe_object_id is None:
            await _call_again(desk, due)
        elif attempt.is_closing:
            await _end(desk, due)
        else:
            await _look(desk, due)
    except Exception as failure:
        # Its lease ends by itself; the row is due again.
        log.warning(
            "attempt waits",
            payment_id=str(due.payment_id),
            number=attempt.number,
            failure=type(failure).__name__,
            exc_info=failure,
        )


async def _start(desk: Desk, due: DueAttempt) -> None:
    """Let a queued attempt go, if its time has not passed meanwhile."""
    endpoint = _endpoint(due.attempt)
    wait = desk.try_admit(due.attempt, endpoint)
    if wait > 0:
        metrics.pacing_waits.labels(endpoint).inc()
        await _postpone(desk, due, timedelta(seconds=wait * random.uniform(1, 1.5)))
        return
    started: list[tuple[Attempt, datetime]] = []

    def let_go(change: Change, now: datetime) -> None:
        attempt = change.payment.attempt(due.attempt.number)
        if attempt is None or attempt.status != "queued":
            return
        if attempt.is_closing or not attempts.may_let_go(change.payment, attempt, now):
            attempts.settle(change, attempt, "void", now)
            return
        # A locked attempt comes without its parameters; what was queued with it is in ours.
        queued = replace(attempt, params=due.attempt.params)
        attempt = _let_go(desk, change.payment, queued, now)
        change.payment = change.payment.with_attempt(attempt)
        started.append((attempt, now))

    await desk.merger.change(due.payment_id, let_go)
    for attempt, now in started:
        await _call(desk, DueAttempt(due.payment_id, attempt, now), is_first=True)


def _let_go(desk: Desk, payment: Payment, attempt: Attempt, now: datetime) -> Attempt:
    """Freeze what is sent: from here on every repetition is the same to the byte."""
    params: dict[str, Any]
    if attempt.kind == "session":
        expires_at = (now + attempts.SESSION_LIFE).replace(microsecond=0)
        token = desk.signer.sign("pay", str(payment.registrant_id))
        params = session_params(
            payment,
            attempt.number,
            expires_at=expires_at,
            return_url=f"{desk.settings.public_url}/pay/{token}/return",
        )
    else:
        expires_at = None
        params = intent_params(payment, attempt.number, (attempt.params or {})["payment_method"])
    return replace(
        attempt,
        status="calling",
        params=params,
        called_at=now,
        look_up_at=now + attempts.LOOK_UP_AFTER,
        expires_at=expires_at,
        due_at=now + attempts.CALL_LEASE,
    )


async def _call_again(desk: Desk, due: DueAttempt) -> None:
    if due.attempt.look_up_at is not None and due.taken_at >= due.attempt.look_up_at:
        await _find(desk, due)
        return
    await desk.admit(due.attempt, _endpoint(due.attempt))
    await _call(desk, due)


async def _call(desk: Desk, due: DueAttempt, *, is_first: bool = False) -> None:
    """One call whose token was taken; what comes of it is stored, silence is waited out."""
    attempt, number = due.attempt, due.attempt.number
    try:
        seen = await desk.call(
            _endpoint(attempt),
            attempt,
            lambda stripe: _create(stripe, attempt),
            is_admitted=True,
        )
    except IdempotencyKeyReused:
        log.error("idempotency key reused", key=attempt.idempotency_key)
        await desk.merger.change(
            due.payment_id, lambda change, at: attempts.key_reused(change, number, at)
        )
    except StripeRefused as refusal:
        if _is_key_refused(refusal):
            await _wait_for_key(desk, due, is_first=is_first)
            return
        reason = refusal.code or str(refusal.status)
        log.warning(
            "Stripe refused to open a payment",
            payment_id=str(due.payment_id),
            code=refusal.code,
            param=refusal.param,
            request_id=refusal.request_id,
        )
        is_decline = isinstance(refusal, CardDeclined)
        await desk.merger.change(
            due.payment_id,
            lambda change, at: attempts.refused(change, number, reason, at, is_decline=is_decline),
        )
    except StripeFailure as failure:
        await _postpone(desk, due, _pause(attempt, failure), is_try=True)
    else:
        await desk.merger.merge({due.payment_id: [seen]})


async def _create(stripe: StripeGateway, attempt: Attempt) -> SessionSeen | IntentSeen:
    if stripe.is_live != attempt.is_live:
        # The key was exchanged since: what was meant to be played is never taken for real.
        raise StripeUnavailable("The key is of another mode than the attempt.")
    create = create_session if attempt.kind == "session" else create_intent
    return await create(stripe, attempt.params or {}, attempt.acting_for, attempt.idempotency_key)


async def _find(desk: Desk, due: DueAttempt) -> None:
    """Minutes of silence: ask Stripe what it has of this attempt. Nothing is nothing."""
    attempt = due.attempt
    since = (attempt.called_at or attempt.queued_at) - CLOCK_SLACK
    find = find_session if attempt.kind == "session" else find_intent
    try:
        seen = await desk.call(
            "reads",
            attempt,
            lambda stripe: find(
                stripe, due.payment_id, attempt.number, attempt.acting_for, since=since
            ),
        )
    except StripeAccountRefused as refusal:
        if _is_key_refused(refusal):
            await _wait_for_key(desk, due)
        else:
            await _refuse_account(desk, due)
    except (StripeFailure, TooManySessions) as failure:
        await _postpone(desk, due, _pause(attempt, failure), is_try=True)
    else:
        if seen is None:
            await desk.merger.change(
                due.payment_id,
                lambda change, at: attempts.voided(change, attempt.number, at),
            )
        else:
            await desk.merger.merge({due.payment_id: [seen]})


async def _end(desk: Desk, due: DueAttempt) -> None:
    """Expire the session or cancel the intent; whatever it has become instead is merged."""
    attempt = due.attempt
    object_id = attempt.stripe_object_id or ""
    end = expire_session if attempt.kind == "session" else cancel_intent
    await _read(desk, due, "expire", lambda stripe: end(stripe, object_id, attempt.acting_for))


async def _look(desk: Desk, due: DueAttempt) -> None:
    """An open attempt is past its end, or the bank took a day: see what became of it."""
    attempt = due.attempt
    object_id = attempt.stripe_object_id or ""
    get = get_session if attempt.kind == "session" else get_intent
    await _read(desk, due, "reads", lambda stripe: get(stripe, object_id, attempt.acting_for))


async def _read(desk: Desk, due: DueAttempt, endpoint: Endpoint, make: Any) -> None:
    try:
        seen: SessionSeen | IntentSeen = await desk.call(endpoint, due.attempt, make)
    except StripeRefused as refusal:
        if _is_key_refused(refusal):
            await _wait_for_key(desk, due)
        else:
            await _refuse_account(desk, due)
        return
    except StripeFailure as failure:
        pause = max(
            _pause(due.attempt, failure),
            _doubled(SILENCE_RETRY, due.attempt.tries, READ_RETRY_MAX),
        )
        await _postpone(desk, due, pause, is_try=True)
        return
    payment = (await desk.merger.merge({due.payment_id: [seen]})).get(due.payment_id)
    attempt = payment.attempt(due.attempt.number) if payment else None
    if attempt is not None and attempt.due_at == due.attempt.due_at:
        # Stripe says what we knew: its end is a little later than ours.
        await _postpone(desk, due, attempts.EXPIRY_GRACE, is_try=True)


async def _refuse_account(desk: Desk, due: DueAttempt) -> None:
    await desk.merger.change(
        due.payment_id,
        lambda change, now: attempts.unreachable(change, due.attempt.number, now),
    )


def _is_key_refused(refusal: StripeRefused) -> bool:
    return isinstance(refusal, StripeAccountRefused) and refusal.is_key_refused


async def _wait_for_key(desk: Desk, due: DueAttempt, *, is_first: bool = False) -> None:
    """Only an operator can mend the key: nothing is settled by it, and no attempt is used up.

    After an earlier call that stayed silent the parameters must stay; a first one starts anew.
    """
    log.error("Stripe refuses our key: attempts wait", payment_id=str(due.payment_id))
    pause = KEY_RETRY * random.uniform(1, 1.5)
    if not is_first:
        await _postpone(desk, due, pause)
        return
    await desk.merger.change(
        due.payment_id,
        lambda change, now: attempts.turned_away(change, due.attempt.number, now, pause),
    )


def _endpoint(attempt: Attempt) -> Endpoint:
    return "sessions" if attempt.kind == "session" else "intents"


def _pause(attempt: Attempt, failure: Exception) -> timedelta:
    if isinstance(failure, StripeConflict):
        return CONFLICT_RETRY
    longest = _doubled(SILENCE_RETRY, attempt.tries, RETRY_MAX)
    if isinstance(failure, StripeBusy):
        return longest * random.uniform(0.25, 1)
    return longest


def _doubled(first: timedelta, tries: int, longest: timedelta) -> timedelta:
    return min(first * float(2 ** min(tries, 20)), longest)


async def _postpone(desk: Desk, due: DueAttempt, pause: timedelta, *, is_try: bool = False) -> None:
    async with desk.database.connection() as connection:
        await store_attempts.postpone(
            connection, due.payment_id, due.attempt.number, pause, is_try=is_try
        )
    # Somebody may be waiting at the pay page: nothing is gained by looking late.
    desk.wakes.later(desk.wakes.attempts, pause.total_seconds())

"""Lists Stripe's events of active accounts: whatever no webhook brought is learnt here.

Events are listed by type, whether or not they were delivered, so this settles everything where no
webhook ever comes. They go into the same inbox, where a known one changes nothing.
"""

import json
from datetime import UTC, datetime, timedelta

import structlog

from services.payments.desk import Desk
from services.payments.store import reconciliations
from services.payments.store.reconciliations import DueAccount
from services.payments.store.stripe_events import StoredEvent
from services.payments.stripe_events import MONEY_EVENTS
from services.payments.stripe_gateway import StripeFailure
from services.payments.stripe_gateway.events import list_events

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
# Stripe allows 500 reads a payment and 10,000 a month at least: idle accounts cost 2,900.
WITH_WEBHOOKS = (timedelta(seconds=60), timedelta(minutes=15))
WITHOUT_WEBHOOKS = (timedelta(seconds=2), timedelta(seconds=60))
"""How often a busy account is listed, and an idle one."""
REHEARSING = timedelta(seconds=10)
"""How often the test key's account is listed, while a rehearsal in it is unsettled."""
OVERLAP = timedelta(seconds=10)
SWEEP_EVERY = timedelta(minutes=15)
SWEEP_OVERLAP = timedelta(hours=1)
"""Now and then further back: an event may become visible later than one that is younger."""
EVENTS_KEPT = timedelta(days=29)  # Stripe keeps 30.
CLOCK_SLACK = timedelta(minutes=10)


async def reconcile_due(desk: Desk) -> int:
    """One round: list the events of accounts whose turn it is; how many events were new."""
    busy, idle = WITH_WEBHOOKS if desk.settings.webhook_secrets else WITHOUT_WEBHOOKS
    async with desk.database.transaction() as connection:
        await reconciliations.add_accounts(connection)
        due = await reconciliations.take_due(
            connection,
            LEASE,
            busy=busy,
            idle=idle,
            is_live=desk.stripe.is_live,
            are_modes_apart=desk.play_money is not None,
        )
        if desk.play_money is not None:
            due += await reconciliations.take_rehearsals(connection, LEASE, every=REHEARSING)
    return sum([await _reconcile(desk, account) for account in due])


async def _reconcile(desk: Desk, account: DueAccount) -> int:
    is_sweep = account.swept_at is None or account.now - account.swept_at >= SWEEP_EVERY
    since = _start_of(account, is_sweep=is_sweep)
    new, newest = 0, account.listed_until
    try:
        pages = list_events(
            desk.gateway_of(account),
            MONEY_EVENTS,
            account.acting_for,
            since=since,
            admit=lambda: desk.admit(account, "events"),
        )
        async for page in pages:
            latest = datetime.fromtimestamp(max(one["created"] for one in page), UTC)
            newest = latest if newest is None else max(newest, latest)
            new += await _store(desk, account, page)
    except StripeFailure as failure:
        log.warning("cannot list events", account=account.name, failure=type(failure).__name__)
        async with desk.database.connection() as connection:
            await reconciliations.save_failure(connection, account.name, str(failure))
        return new
    # Only a listing that came to its end moves the cursor: pages go from new to old.
    async with desk.database.connection() as connection:
        await reconciliations.save_progress(
            connection, account.name, listed_until=newest, is_sweep=is_sweep
        )
    return new


def _start_of(account: DueAccount, *, is_sweep: bool) -> datetime:
    """From where to list: a little before what was listed last, or before the first call."""
    oldest = account.now - EVENTS_KEPT
    if account.listed_until is not None:
        overlap = SWEEP_OVERLAP if is_sweep else OVERLAP
        return max(account.listed_until - overlap, oldest)
    return max((account.first_attempt_at or account.now) - CLOCK_SLACK, oldest)


async def _store(desk: Desk, account: DueAccount, page: list[dict[str, object]]) -> int:
    events = [
        StoredEvent(
            id=str(one["id"]),
            # Listed for an account, an event does not name it as a delivered one does.
            account=account.acting_for,
            type=str(one["type"]),
            body=json.dumps(one).encode(),
        )
        for one in page
        if one["livemode"] is desk.gateway_of(account).is_live
    ]
    return await desk.inbox.add_listed(events)

"""What runs beside the doors: rounds over due rows, woken by whoever makes work."""

from datetime import timedelta

from services.payments import metrics
from services.payments.account_checks import IDLE_SECONDS as ACCOUNTS_IDLE_SECONDS
from services.payments.account_checks import AccountChecks
from services.payments.desk import Desk
from services.payments.handlers import match_hold_ends
from services.payments.looking import look_up_due
from services.payments.opening import follow_attempts
from services.payments.reconciliation import reconcile_due
from services.payments.refunding import refund_due
from services.payments.store import exceptions
from shared import retention
from shared.service import Runtime
from shared.workers import run_worker

STRIPE_EVENTS_AGE = timedelta(days=35)
IDLE_SECONDS = 1.0
RECONCILE_IDLE_SECONDS = 1.0
COUNT_SECONDS = 30


def start_workers(runtime: Runtime, desk: Desk, accounts: AccountChecks) -> None:
    """Start all of them; each is restarted by the runtime if it fails."""
    wakes = desk.wakes
    runtime.run(
        "merge",
        lambda: run_worker(
            "merge",
            desk.inbox.merge_waiting,
            idle_seconds=IDLE_SECONDS,
            wake=wakes.stripe_events,
        ),
    )
    runtime.run(
        "attempts",
        lambda: run_worker(
            "attempts",
            lambda: follow_attempts(desk),
            idle_seconds=IDLE_SECONDS,
            wake=wakes.attempts,
        ),
    )
    runtime.run(
        "refunds",
        lambda: run_worker(
            "refunds", lambda: refund_due(desk), idle_seconds=IDLE_SECONDS, wake=wakes.refunds
        ),
    )
    runtime.run(
        "lookups",
        lambda: run_worker(
            "lookups", lambda: look_up_due(desk), idle_seconds=IDLE_SECONDS, wake=wakes.lookups
        ),
    )
    runtime.run(
        "hold_ends",
        lambda: run_worker(
            "hold_ends",
            lambda: match_hold_ends(desk),
            idle_seconds=IDLE_SECONDS,
            wake=wakes.hold_ends,
        ),
    )
    runtime.run(
        "reconciliation",
        lambda: run_worker(
            "reconciliation", lambda: reconcile_due(desk), idle_seconds=RECONCILE_IDLE_SECONDS
        ),
    )
    runtime.run(
        "accounts",
        lambda: run_worker("accounts", accounts.round, idle_seconds=ACCOUNTS_IDLE_SECONDS),
    )
    if desk.play_money is not None:
        play_money = desk.play_money
        runtime.run(
            "test_account",
            lambda: run_worker(
                "test_account", play_money.round, idle_seconds=ACCOUNTS_IDLE_SECONDS
            ),
        )
    runtime.run(
        "stripe_events_retention",
        lambda: run_worker(
            "stripe_events_retention",
            lambda: prune_events(desk),
            idle_seconds=retention.EVERY_SECONDS,
        ),
    )
    runtime.run(
        "exceptions",
        lambda: run_worker(
            "exceptions", lambda: count_exceptions(desk), idle_seconds=COUNT_SECONDS
        ),
    )


async def prune_events(desk: Desk) -> int:
    """Bodies of Stripe's events go after 35 days; Stripe itself repeats none after three."""
    return await retention.prune(
        desk.database,
        "stripe_events",
        "received_at",
        STRIPE_EVENTS_AGE,
        extra="AND processed_at IS NOT NULL",
    )


async def count_exceptions(desk: Desk) -> int:
    """Show operators how many matters are open, by cause."""
    async with desk.database.connection() as connection:
        counts = await exceptions.count_open(connection)
    metrics.exceptions_open.clear()
    for cause, count in counts.items():
        metrics.exceptions_open.labels(cause).set(count)
    return 0

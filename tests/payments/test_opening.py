"""Attempts against a Stripe that fails in every way it can."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import unused_port

from services.payments.handlers import Handlers
from services.payments.stripe_gateway.sessions import get_session
from shared.events import CheckoutExpired
from tests.payments.box_office import BoxOffice, box_office, running_service
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

SESSIONS = "/v1/checkout/sessions"


async def the_session(office: BoxOffice, registrant: Any, timeout: float = 15) -> str:
    """Go on asking, as the waiting page does, until it leads to a session."""
    path = f"{office.pay_path(registrant)}"

    async def sent_on() -> str | None:
        answer = await office.get(path)
        return answer.location if answer.status == 303 else None

    location = await eventually(sent_on, timeout)
    assert "/c/pay/" in location, location
    return str(location.rsplit("/", 1)[-1])


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "server_error"},
        {"fault": "unavailable"},
        {"fault": "reset_before_commit"},
        {"fault": "reset_after_commit"},
        {"fault": "truncated_body"},
        {"fault": "bad_gateway"},
        {"fault": "rate_limit", "reason": "endpoint-rate"},
        {"fault": "rate_limit", "reason": "global-concurrency"},
        {"fault": "lock_timeout"},
    ],
    ids=lambda fault: "-".join(fault.values()),
)
async def test_a_call_that_fails_on_the_way_is_repeated_with_its_key(
    office: BoxOffice, fault: dict[str, Any]
) -> None:
    registrant = await office.registered()
    await office.stripe.fault(**fault, method="POST", path=SESSIONS)

    session_id = await the_session(office, registrant)

    [session] = await office.sessions_of(registrant)
    assert session["id"] == session_id
    [attempt] = await office.attempts(registrant)
    assert (attempt["status"], attempt["stripe_object_id"]) == ("open", session_id)
    await office.stripe.pay(session_id)
    await office.told("payments.payment.succeeded", registrant)
    assert len(await office.stripe.ledger("charge", of=registrant)) == 1


async def test_a_repeated_call_sends_the_same_to_the_byte(office: BoxOffice) -> None:
    registrant = await office.registered()
    await office.stripe.fault("reset_after_commit", method="POST", path=SESSIONS)
    office.desk.patience_seconds = 0.05
    await office.get(office.pay_path(registrant))
    [before] = await office.attempts(registrant)

    await the_session(office, registrant)

    [after] = await office.attempts(registrant)
    assert after["params"] == before["params"]
    assert after["expires_at"] == before["expires_at"]
    assert (await office.exceptions(registrant)) == []


async def test_a_stored_failure_that_happened_all_the_same_is_found(office: BoxOffice) -> None:
    """Stripe repeats a stored 500 for a day, although the session exists."""
    registrant = await office.registered()
    await office.stripe.fault("server_error_stored", method="POST", path=SESSIONS, executed=True)
    office.desk.patience_seconds = 0.05
    await office.get(office.pay_path(registrant))
    [made] = await eventually(lambda: office.sessions_of(registrant))

    await office.execute(
        "UPDATE attempts SET look_up_at = now(), due_at = now() WHERE status = 'calling'"
    )
    office.desk.wakes.attempts.set()
    session_id = await the_session(office, registrant)

    assert session_id == made["id"]
    assert len(await office.attempts(registrant)) == 1


async def test_a_stored_failure_that_did_nothing_is_over_and_may_be_asked_for_again(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    await office.stripe.fault("server_error_stored", method="POST", path=SESSIONS)
    office.desk.patience_seconds = 0.05
    await office.get(office.pay_path(registrant))

    await office.execute(
        "UPDATE attempts SET look_up_at = now(), due_at = now() WHERE status = 'calling'"
    )
    office.desk.wakes.attempts.set()

    async def void() -> bool:
        return bool((await office.attempts(registrant))[0]["outcome"] == "void")

    await eventually(void)
    refreshed = await office.get(f"{office.pay_path(registrant)}?after=1")
    assert refreshed.location == registrant.manage_url
    await the_session(office, registrant)
    assert [row["number"] for row in await office.attempts(registrant)] == [1, 2]


async def test_a_result_that_comes_after_giving_up_is_closed(office: BoxOffice) -> None:
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)
    # The look-up came too early to see the session, and the answer comes only now.
    await office.execute(
        "UPDATE attempts SET status = 'settled', outcome = 'void', stripe_object_id = NULL, "
        "url = NULL, due_at = NULL WHERE stripe_object_id = $1",
        session_id,
    )

    seen = await get_session(office.desk.stripe, session_id, None)
    [row] = await office.rows(
        "SELECT payment_id FROM payments WHERE registrant_id = $1", registrant.registrant_id
    )
    await office.desk.merger.merge({row["payment_id"]: [seen]})

    async def closed() -> bool:
        [session] = await office.sessions_of(registrant)
        return bool(session["status"] == "expired")

    await eventually(closed)
    [attempt] = await office.attempts(registrant)
    assert (attempt["outcome"], attempt["stripe_object_id"]) == ("void", session_id)


async def test_a_cancelled_hold_expires_the_session_and_is_answered_once_it_has_ended(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)

    await office.hear(office.hold_ended(registrant, "cancelled"))
    told = await office.told("payments.checkout.expired", registrant)

    assert isinstance(told, CheckoutExpired)
    assert told.reason == "cancelled"
    assert (await office.stripe.pay(session_id))["status"] == "expired"
    assert await office.stripe.ledger("charge", of=registrant) == []
    home = await office.get(office.pay_path(registrant))
    assert home.location == registrant.manage_url


async def test_a_session_that_cannot_be_ended_at_first_is_ended_later(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    await office.open_checkout(registrant)
    await office.stripe.fault(
        "server_error_stored", method="POST", path="/v1/checkout/sessions/*/expire"
    )

    await office.hear(office.hold_ended(registrant, "cancelled"))

    await office.told("payments.checkout.expired", registrant)
    [session] = await office.sessions_of(registrant)
    assert session["status"] == "expired"


async def test_a_lapsed_hold_is_answered_when_its_session_has_run_out(office: BoxOffice) -> None:
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)

    await office.hear(office.hold_ended(registrant, "lapsed"))
    still_open = await office.get(office.pay_path(registrant))
    assert session_id in (still_open.location or "")
    assert await office.published("payments.checkout.expired", of=registrant) == []

    await office.stripe.order(f"checkout/{session_id}/expire")
    await office.told("payments.checkout.expired", registrant)


async def test_a_payment_that_completes_while_the_hold_is_cancelled_is_told(
    office: BoxOffice,
) -> None:
    """Expiring comes too late: complete means paid, whatever we wanted."""
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.pay(session_id)

    await office.hear(office.hold_ended(registrant, "cancelled"))
    await office.told("payments.payment.succeeded", registrant)

    assert await office.published("payments.checkout.expired", of=registrant) == []
    again = office.hold_ended(registrant, "cancelled")
    await office.hear(again)
    assert len(await office.published("payments.payment.succeeded", of=registrant)) == 2


async def test_a_hold_that_ends_before_its_registrant_is_known_is_never_charged(
    office: BoxOffice,
) -> None:
    registrant = office.registrant(payment_method="pm_card_visa")

    await office.hear(office.hold_ended(registrant, "cancelled"))
    await office.hear(registrant)

    assert len(await office.published("payments.checkout.expired", of=registrant)) == 1
    home = await office.get(office.pay_path(registrant))
    assert home.location == registrant.manage_url
    assert await office.attempts(registrant) == []


async def test_an_open_session_past_its_end_is_looked_at(office: BoxOffice) -> None:
    """No webhook told: the attempt's own time brings it up."""
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.order(f"checkout/{session_id}/expire")

    await office.make_due("attempts")

    async def settled() -> bool:
        return bool((await office.attempts(registrant))[0]["outcome"] == "expired")

    await eventually(settled)


async def test_an_account_that_refuses_us_ends_in_a_question_for_a_person(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    await office.open_checkout(registrant)
    await office.execute(
        "UPDATE attempts SET acting_for = 'acct_gone', expires_at = now() - interval '11 minutes' "
        "FROM payments p WHERE p.payment_id = attempts.payment_id AND p.registrant_id = $1",
        registrant.registrant_id,
    )

    await office.make_due("attempts")

    await eventually(lambda: office.exceptions(registrant))
    assert await office.exceptions(registrant) == ["may_have_been_paid"]
    assert (await office.attempts(registrant))[0]["outcome"] == "unreachable"


async def test_odd_money_is_booked_closes_the_payment_and_is_flagged(office: BoxOffice) -> None:
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)
    await office.execute(
        "UPDATE payments SET amount_minor = 5000 WHERE registrant_id = $1",
        registrant.registrant_id,
    )

    await office.stripe.pay(session_id)
    flagged = await office.told("payments.payment.flagged", registrant)

    assert flagged.cause == "odd_money"
    assert await office.published("payments.payment.succeeded", of=registrant) == []
    assert (await office.attempts(registrant))[0]["outcome"] == "odd"
    home = await office.get(office.pay_path(registrant))
    assert home.location == registrant.manage_url


async def test_a_second_charge_is_given_back_by_itself(office: BoxOffice) -> None:
    registrant = await office.registered(pay_by=datetime.now(UTC) + timedelta(hours=1))
    first = await office.open_checkout(registrant)
    # A look-up that missed the first session let a second one be opened.
    await office.execute(
        "UPDATE attempts SET status = 'settled', outcome = 'void', due_at = NULL "
        "WHERE stripe_object_id = $1",
        first,
    )
    second = await office.open_checkout(registrant)
    assert first != second
    await office.stripe.pay(first)
    await office.stripe.pay(second)

    refunded = await office.told("payments.refund.succeeded", registrant)

    assert (refunded.origin, refunded.cause) == ("automatic", "duplicate")
    assert (refunded.amount_minor, refunded.paid_minor, refunded.refunded_minor) == (
        4900,
        9800,
        4900,
    )
    assert len(await office.published("payments.payment.succeeded", of=registrant)) == 1
    assert len(await office.stripe.ledger("charge", of=registrant)) == 2
    assert len(await office.stripe.ledger("refund", of=registrant)) == 1


async def test_two_replicas_open_one_session(office: BoxOffice) -> None:
    settings = office.settings.model_copy(update={"port": unused_port()})
    async with running_service(settings, office.stripe, office.http) as second:
        registrants = [await office.registered() for _ in range(5)]
        for registrant in registrants:
            path = office.pay_path(registrant)
            answers = await asyncio.gather(
                office.get(path), second.get(path), office.get(path), second.get(path)
            )

            assert {answer.status for answer in answers} == {303}
            assert len({answer.location for answer in answers}) == 1
            assert len(await office.sessions_of(registrant)) == 1


async def test_a_network_may_only_try_so_often(postgres_url: str, nats_url: str) -> None:
    async with box_office(postgres_url, nats_url, attempts_per_network=2) as office:
        registrants = [await office.registered() for _ in range(3)]

        for registrant in registrants[:2]:
            await office.open_checkout(registrant)
        answer = await office.get(office.pay_path(registrants[2]))

        assert (answer.status, answer.location) == (303, registrants[2].manage_url)
        names = {row["network"] for row in await office.rows("SELECT network FROM attempts")}
        assert len(names) == 1
        assert "127.0.0.1" not in str(names)


async def test_a_rush_waits_its_turn_and_loses_nobody(postgres_url: str, nats_url: str) -> None:
    async with box_office(postgres_url, nats_url, stripe_requests_per_second=20) as office:
        registrants = [await office.registered() for _ in range(50)]

        answers = await asyncio.gather(
            *(office.get(office.pay_path(registrant)) for registrant in registrants)
        )

        assert {answer.status for answer in answers} <= {200, 303}
        queued = await office.rows("SELECT count(*) FROM attempts WHERE status = 'queued'")
        assert queued[0]["count"] <= 29

        async def all_open() -> bool:
            rows = await office.rows("SELECT count(*) FROM attempts WHERE status = 'open'")
            return bool(rows[0]["count"] == 50)

        await eventually(all_open)


async def test_a_click_at_the_moment_the_hold_is_cancelled_leaves_nothing_open(
    office: BoxOffice,
) -> None:
    registrants = [await office.registered() for _ in range(20)]

    await asyncio.gather(
        *(office.get(office.pay_path(registrant)) for registrant in registrants),
        *(office.hear(office.hold_ended(registrant, "cancelled")) for registrant in registrants),
    )

    for registrant in registrants:
        await office.told("payments.checkout.expired", registrant)
        assert all(one["outcome"] for one in await office.attempts(registrant))
        assert all(one["status"] == "expired" for one in await office.sessions_of(registrant))


async def test_an_attempt_waits_for_a_hold_that_is_being_ended_and_then_gives_way(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    handlers = Handlers(office.desk)

    async with office.database.transaction() as connection:
        await handlers.on_hold_ended(office.hold_ended(registrant, "cancelled"), connection)
        click = asyncio.create_task(office.get(office.pay_path(registrant)))
        await eventually(
            lambda: office.rows(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND query LIKE 'INSERT INTO attempts%' AND datname = current_database()"
            ),
            what="the attempt that waits",
        )
    answer = await click

    assert answer.location == registrant.manage_url
    assert await office.attempts(registrant) == []

"""The pay link: where it leads, in every state of the payment."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.events import CheckoutOpened
from tests.payments.box_office import SIGNER, BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_first_visit_opens_a_session_and_later_ones_lead_to_it(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()

    first = await office.get(office.pay_path(registrant))
    second = await office.get(office.pay_path(registrant))

    assert (first.status, second.status) == (303, 303)
    assert first.location == second.location
    [told] = await office.published("payments.checkout.opened", of=registrant)
    assert isinstance(told, CheckoutOpened)
    assert told.attempt == 1
    assert told.pay_by - datetime.now(UTC) > timedelta(minutes=34)


async def test_ten_tabs_at_once_get_the_same_session(office: BoxOffice) -> None:
    registrant = await office.registered()

    answers = await asyncio.gather(*(office.get(office.pay_path(registrant)) for _ in range(10)))

    assert {answer.status for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert len(await office.attempts(registrant)) == 1
    assert len(await office.sessions_of(registrant)) == 1


async def test_head_makes_nothing(office: BoxOffice) -> None:
    registrant = await office.registered()

    answer = await office.get(office.pay_path(registrant), "HEAD")
    foreign = await office.get("/pay/nonsense", "HEAD")

    assert (answer.status, foreign.status) == (200, 404)
    assert await office.attempts(registrant) == []


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "a.b.c",
        "x" * 400,
        "%00.k1.x",
        SIGNER.sign("manage", "00000000-0000-4000-8000-000000000000:1"),
        SIGNER.sign("pay", "no uuid"),
    ],
)
async def test_a_token_that_is_not_ours_is_not_found(office: BoxOffice, token: str) -> None:
    answer = await office.get(f"/pay/{token}")
    back = await office.get(f"/pay/{token}/return")

    assert (answer.status, back.status) == (404, 404)
    assert "This link does not work" in answer.text


async def test_who_is_faster_than_the_bus_waits_and_is_sent_on(office: BoxOffice) -> None:
    registrant = office.registrant()

    visit = asyncio.create_task(office.get(office.pay_path(registrant)))
    await eventually(lambda: len(office.desk.waiters) > 0, what="the visitor")
    await office.hear(registrant)
    answer = await visit

    assert answer.status == 303
    assert "/c/pay/" in (answer.location or "")


async def test_an_unknown_registrant_gets_a_page_that_asks_again(
    office: BoxOffice,
) -> None:
    office.desk.patience_seconds = 0.05
    path = office.pay_path(office.registrant())

    answer = await office.get(path)

    assert answer.status == 200
    assert answer.headers["Refresh"] == f"2;url={path}"
    assert f'href="{path}"' in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert "no-referrer" in answer.headers["Referrer-Policy"]


async def test_a_slow_stripe_gets_a_page_that_leads_to_the_same_session(
    office: BoxOffice,
) -> None:
    office.desk.patience_seconds = 0.05
    registrant = await office.registered(locale="es-MX")
    await office.stripe.fault("latency", path="/v1/checkout/sessions", seconds=0.5)

    waiting = await office.get(office.pay_path(registrant))
    assert waiting.status == 200
    assert "Abriendo la página de pago" in waiting.text
    assert f"{office.pay_path(registrant)}?after=1" in waiting.text

    async def sent_on() -> str | None:
        answer = await office.get(f"{office.pay_path(registrant)}?after=1")
        return answer.location if answer.status == 303 else None

    assert "/c/pay/" in await eventually(sent_on)
    assert len(await office.attempts(registrant)) == 1


async def test_paid_leads_to_the_registrants_own_page(office: BoxOffice) -> None:
    registrant = await office.paid()

    answer = await office.get(office.pay_path(registrant))

    assert (answer.status, answer.location) == (303, registrant.manage_url)


@pytest.mark.parametrize("reason", ["lapsed", "cancelled", "superseded"])
async def test_an_ended_hold_opens_nothing(office: BoxOffice, reason: str) -> None:
    registrant = await office.registered()
    await office.hear(office.hold_ended(registrant, reason))  # type: ignore[arg-type] # One of three.

    answer = await office.get(office.pay_path(registrant))

    assert (answer.status, answer.location) == (303, registrant.manage_url)
    assert await office.attempts(registrant) == []


async def test_after_the_hold_nothing_is_opened(office: BoxOffice) -> None:
    registrant = await office.registered(pay_by=datetime.now(UTC) - timedelta(seconds=1))

    answer = await office.get(office.pay_path(registrant))

    assert (answer.status, answer.location) == (303, registrant.manage_url)
    assert await office.attempts(registrant) == []


async def test_an_organization_that_is_not_ready_opens_nothing(office: BoxOffice) -> None:
    registrant = await office.registered()
    await office.execute("UPDATE stripe_accounts SET is_ready = false")

    answer = await office.get(office.pay_path(registrant))
    await office.execute("UPDATE stripe_accounts SET is_ready = true")

    assert (answer.status, answer.location) == (303, registrant.manage_url)
    assert await office.attempts(registrant) == []


async def test_after_an_ended_session_the_link_opens_another_one_up_to_three(
    office: BoxOffice,
) -> None:
    registrant = await office.registered(pay_by=datetime.now(UTC) + timedelta(hours=2))

    for number in (1, 2, 3):
        session_id = await office.open_checkout(registrant)
        await office.stripe.order(f"checkout/{session_id}/expire")

        async def settled(number: int = number) -> bool:
            rows = await office.attempts(registrant)
            return len(rows) == number and rows[-1]["outcome"] == "expired"

        await eventually(settled)
    fourth = await office.get(office.pay_path(registrant))

    assert (fourth.status, fourth.location) == (303, registrant.manage_url)
    assert len(await office.attempts(registrant)) == 3


async def test_a_refused_call_leads_home_and_is_not_repeated_by_itself(
    office: BoxOffice,
) -> None:
    registrant = await office.registered(amount_minor=10)

    answer = await office.get(office.pay_path(registrant))
    refreshed = await office.get(f"{office.pay_path(registrant)}?after=1")

    assert (answer.status, answer.location) == (303, registrant.manage_url)
    assert refreshed.location == registrant.manage_url
    [attempt] = await office.attempts(registrant)
    assert attempt["outcome"] == "refused"
    assert await office.exceptions(registrant) == ["call_refused"]


async def test_coming_back_merges_what_stripe_says(deaf_office: BoxOffice) -> None:
    office = deaf_office
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)
    await office.stripe.pay(session_id)

    answer = await office.get(f"{office.pay_path(registrant)}/return")

    assert (answer.status, answer.location) == (303, registrant.manage_url)
    assert len(await office.published("payments.payment.succeeded", of=registrant)) == 1


async def test_coming_back_proves_nothing(office: BoxOffice) -> None:
    registrant = await office.registered()
    await office.open_checkout(registrant)

    answer = await office.get(f"{office.pay_path(registrant)}/return")

    assert (answer.status, answer.location) == (303, registrant.manage_url)
    assert await office.published("payments.payment.succeeded", of=registrant) == []


async def test_a_silent_stripe_does_not_keep_the_payer_from_the_own_page(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    await office.open_checkout(registrant)
    office.desk.patience_seconds = 0.1
    await office.stripe.fault("latency", method="GET", path="/v1/checkout/sessions/*", seconds=2)

    answer = await office.get(f"{office.pay_path(registrant)}/return")

    assert (answer.status, answer.location) == (303, registrant.manage_url)

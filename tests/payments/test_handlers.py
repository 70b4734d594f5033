"""What the other services tell this one."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.payments.handlers import CurrencyMissing
from shared.events import CheckoutExpired, PaymentSucceeded
from shared.messaging import UNREADABLE
from shared.service import RUNTIME
from tests.payments.box_office import BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEEDS_AUTHENTICATION = "pm_card_authenticationRequired"


async def test_a_redelivered_registrant_owes_once(office: BoxOffice) -> None:
    registrant = office.registrant()
    copy = registrant.model_copy(update={"event_id": uuid4()})

    await asyncio.gather(*(office.hear(event) for event in [registrant, copy] * 5))

    rows = await office.rows(
        "SELECT amount_minor, currency FROM payments WHERE registrant_id = $1",
        registrant.registrant_id,
    )
    assert rows == [{"amount_minor": 4900, "currency": "EUR"}]


async def test_a_free_registrant_owes_nothing(office: BoxOffice) -> None:
    registrant = await office.registered(amount_minor=0, currency=None, pay_by=None)

    assert not await office.rows(
        "SELECT FROM payments WHERE registrant_id = $1", registrant.registrant_id
    )


async def test_money_in_no_currency_is_refused(office: BoxOffice) -> None:
    with pytest.raises(CurrencyMissing):
        await office.registered(currency=None)


async def test_an_unreadable_message_reaches_no_handler(office: BoxOffice) -> None:
    with pytest.raises(ValidationError) as refusal:
        await office.app[RUNTIME].bus.replay("registration.registrant.created", b"{}")

    assert isinstance(refusal.value, UNREADABLE)


async def test_a_client_with_a_payment_method_is_charged_on_the_event(office: BoxOffice) -> None:
    registrant = await office.registered(payment_method="pm_card_visa")

    told = await office.told("payments.payment.succeeded", registrant)

    assert isinstance(told, PaymentSucceeded)
    assert told.amount_minor == 4900
    [attempt] = await office.attempts(registrant)
    assert (attempt["kind"], attempt["outcome"]) == ("intent", "paid")
    [charge] = await office.stripe.ledger("charge", of=registrant)
    assert charge["amount"] == 4900
    await office.told("payments.fee.settled", registrant)


@pytest.mark.parametrize(
    "fault", ["reset_after_commit", "server_error", "truncated_body", "rate_limit"]
)
async def test_an_answer_lost_after_the_charge_was_booked_charges_once(
    office: BoxOffice, fault: str
) -> None:
    await office.stripe.order("webhooks", drop=1.0)
    await office.stripe.fault(fault, method="POST", path="/v1/payment_intents")

    registrant = await office.registered(payment_method="pm_card_visa")
    await office.told("payments.payment.succeeded", registrant)

    assert len(await office.stripe.ledger("charge", of=registrant)) == 1
    assert len(await office.published("payments.payment.succeeded", of=registrant)) == 1


async def test_a_declined_payment_method_leaves_it_to_the_pay_page(office: BoxOffice) -> None:
    registrant = await office.registered(payment_method="pm_card_chargeDeclined")

    failed = await office.told("payments.payment.failed", registrant)

    async def declined() -> bool:
        return bool((await office.attempts(registrant))[0]["outcome"] == "declined")

    await eventually(declined)
    assert failed.decline_code == "generic_decline"
    assert len(await office.published("payments.payment.failed", of=registrant)) == 1
    await office.stripe.pay(await office.open_checkout(registrant))
    await office.told("payments.payment.succeeded", registrant)
    assert [row["number"] for row in await office.attempts(registrant)] == [1, 2]


async def test_a_bank_that_wants_to_see_the_payer_leaves_it_to_the_pay_page(
    office: BoxOffice,
) -> None:
    registrant = await office.registered(payment_method=NEEDS_AUTHENTICATION)

    async def cancelled() -> bool:
        return bool((await office.attempts(registrant))[0]["outcome"] == "declined")

    await eventually(cancelled)
    [attempt] = await office.attempts(registrant)
    intent = await office.stripe.api("GET", f"/v1/payment_intents/{attempt['stripe_object_id']}")
    assert intent["status"] == "canceled"
    assert "/c/pay/" in ((await office.get(office.pay_path(registrant))).location or "")


async def test_a_payment_method_that_is_not_there_leaves_it_to_the_pay_page(
    office: BoxOffice,
) -> None:
    registrant = await office.registered(payment_method="pm_unknown")

    async def refused() -> bool:
        return bool((await office.attempts(registrant))[0]["outcome"] == "refused")

    await eventually(refused)
    await office.open_checkout(registrant)


async def test_a_hold_that_nobody_paid_is_answered_at_once_and_again(office: BoxOffice) -> None:
    registrant = await office.registered()

    await office.hear(office.hold_ended(registrant))
    await office.hear(office.hold_ended(registrant))

    told = await office.published("payments.checkout.expired", of=registrant)
    assert len({event.event_id for event in told}) == 2
    assert all(isinstance(event, CheckoutExpired) for event in told)


async def test_an_end_that_overtook_its_registrant_in_mid_flight_is_matched(
    office: BoxOffice,
) -> None:
    """Both transactions ran at once and neither saw the other: a due-row brings them together."""
    registrant = await office.registered()
    await office.open_checkout(registrant)
    await office.execute(
        "INSERT INTO hold_ends (registrant_id, organization_id, webinar_id, reason, due_at) "
        "VALUES ($1, $2, $3, 'cancelled', now())",
        registrant.registrant_id,
        registrant.organization_id,
        registrant.webinar_id,
    )
    office.desk.wakes.hold_ends.set()

    await office.told("payments.checkout.expired", registrant)

    [session] = await office.sessions_of(registrant)
    assert session["status"] == "expired"


async def test_a_known_end_opens_nothing_even_before_it_is_matched(office: BoxOffice) -> None:
    registrant = await office.registered()
    await office.execute(
        "INSERT INTO hold_ends (registrant_id, organization_id, webinar_id, reason, due_at) "
        "VALUES ($1, $2, $3, 'cancelled', now() + interval '1 hour')",
        registrant.registrant_id,
        registrant.organization_id,
        registrant.webinar_id,
    )

    answer = await office.get(office.pay_path(registrant))

    assert answer.location == registrant.manage_url
    assert await office.sessions_of(registrant) == []


async def test_what_is_sold_is_described_for_stripes_dashboard(office: BoxOffice) -> None:
    registrant = await office.registered(
        locale="es-MX", card_brands_blocked=("american_express", "nonsense")
    )
    await office.open_checkout(registrant)

    [session] = await office.sessions_of(registrant)
    [attempt] = await office.attempts(registrant)

    assert session["locale"] == "es-419"
    assert session["customer_email"] == "ada@example.org"
    assert session["allowed_payment_method_types"] == ["card"]
    way_back = f"{office.url}{office.pay_path(registrant)}/return"
    assert (session["success_url"], session["cancel_url"]) == (way_back, way_back)
    assert session["client_reference_id"] == str(attempt["payment_id"])
    options = attempt["params"]["payment_method_options"]
    assert options["card"]["restrictions"]["brands_blocked"] == ["american_express"]
    described = attempt["params"]["payment_intent_data"]["description"]
    assert described == "Price your work, Ada Lovelace"
    ends = datetime.fromtimestamp(session["expires_at"], UTC)
    assert timedelta(minutes=34) < ends - datetime.now(UTC) < timedelta(minutes=36)

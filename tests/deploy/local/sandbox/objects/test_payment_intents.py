"""Charging a payment method directly, without a page."""

from typing import Any

import pytest
import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, code_of, refused


async def _create(bench: Bench, options: Any = None, **changes: Any) -> stripe.PaymentIntent:
    asked: dict[str, Any] = {"amount": 4900, "currency": "eur", **changes}
    params: Any = asked
    return await bench.client.v1.payment_intents.create_async(params, options)


async def _charge(bench: Bench, method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    return await _create(bench, confirm=True, payment_method=method, **more)


async def test_an_intent_waits_for_a_payment_method(bench: Bench) -> None:
    await bench.listen("payment_intent.created")

    intent = await _create(bench, metadata={"payment_id": "p1"}, description="W, R")

    assert intent.status == "requires_payment_method"
    assert (intent.amount_received, intent.latest_charge) == (0, None)
    assert intent.metadata.to_dict() == {"payment_id": "p1"}
    assert intent.client_secret is not None
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    await bench.listener.wait_for("payment_intent.created")


async def test_creating_and_confirming_charges_at_once(bench: Bench) -> None:
    await bench.listen()

    intent = await _charge(
        bench, metadata={"payment_id": "p1"}, expand=["latest_charge.balance_transaction"]
    )

    assert (intent.status, intent.amount_received) == ("succeeded", 4900)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.balance_transaction is None
    assert intent.latest_charge.metadata.to_dict() == {"payment_id": "p1"}
    await bench.listener.wait_for("charge.updated")
    assert bench.listener.types == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
    ]


async def test_a_method_made_before_is_charged(bench: Bench) -> None:
    method = await bench.client.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": "tok_mastercard"}}
    )

    intent = await _charge(bench, method.id)

    assert intent.payment_method == method.id


async def test_an_intent_is_confirmed_later(bench: Bench) -> None:
    intents = bench.client.v1.payment_intents
    intent = await _create(bench, payment_method="pm_card_visa")
    assert intent.status == "requires_confirmation"

    confirmed = await intents.confirm_async(intent.id, {"receipt_email": "ana@example.com"})

    assert (confirmed.status, confirmed.receipt_email) == ("succeeded", "ana@example.com")


@pytest.mark.parametrize(
    ("method", "code", "decline_code", "message"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline", "Your card was declined."),
        (
            "pm_card_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "Your card has insufficient funds.",
        ),
        (
            "pm_card_chargeDeclinedExpiredCard",
            "expired_card",
            "expired_card",
            "Your card has expired.",
        ),
    ],
)
async def test_a_declined_card_is_a_402_with_everything_about_it(
    bench: Bench, method: str, code: str, decline_code: str, message: str
) -> None:
    await bench.listen("charge.failed", "payment_intent.payment_failed")

    error = await refused(_charge(bench, method))

    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code, error.user_message) == (402, code, message)
    assert error.error is not None
    assert error.error.decline_code == decline_code
    assert error.error.payment_intent is not None
    intent = await bench.client.v1.payment_intents.retrieve_async(error.error.payment_intent.id)
    assert (intent.status, intent.latest_charge) == (
        "requires_payment_method",
        error.error.charge,
    )
    await bench.listener.wait_for("payment_intent.payment_failed")
    assert bench.listener.types == ["charge.failed", "payment_intent.payment_failed"]


async def test_a_declined_intent_takes_another_card(bench: Bench) -> None:
    error = await refused(_charge(bench, "pm_card_chargeDeclined"))
    assert error.error is not None
    assert error.error.payment_intent is not None

    again = await bench.client.v1.payment_intents.confirm_async(
        error.error.payment_intent.id, {"payment_method": "pm_card_visa"}
    )

    assert again.status == "succeeded"


async def test_3d_secure_waits_for_the_payer_and_can_be_cancelled(bench: Bench) -> None:
    intent = await _charge(
        bench, "pm_card_threeDSecure2Required", return_url="http://127.0.0.1:9/back"
    )
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    assert intent.next_action.redirect_to_url.url == f"{bench.url}/3ds/{intent.id}"

    cancelled = await bench.client.v1.payment_intents.cancel_async(
        intent.id, {"cancellation_reason": "abandoned"}
    )

    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    assert cancelled.next_action is None
    assert cancelled.canceled_at is not None


async def test_without_a_return_address_the_sdk_is_to_ask(bench: Bench) -> None:
    intent = await _charge(bench, "pm_card_authenticationRequired")

    assert intent.next_action is not None
    assert intent.next_action.type == "use_stripe_sdk"


async def test_the_payer_passes_3d_secure_on_a_page(bench: Bench) -> None:
    intent = await _charge(bench, "pm_card_threeDSecure2Required")

    async with bench.http.post(
        f"{bench.url}/3ds/{intent.id}", data={"answer": "complete"}
    ) as response:
        text = await response.text()

    assert "The payment succeeded" in text
    paid = await bench.client.v1.payment_intents.retrieve_async(intent.id)
    assert paid.status == "succeeded"


@pytest.mark.parametrize("more", [{"off_session": True}, {"error_on_requires_action": True}])
async def test_nobody_to_ask_is_a_declined_card(bench: Bench, more: dict[str, Any]) -> None:
    error = await refused(_charge(bench, "pm_card_threeDSecure2Required", **more))

    assert (error.http_status, error.code) == (402, "authentication_required")
    assert error.error is not None
    assert error.error.charge is None


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_chargeDeclined"])
async def test_a_succeeded_intent_cannot_be_cancelled_but_a_declined_one_can(
    bench: Bench, method: str
) -> None:
    intents = bench.client.v1.payment_intents
    if method == "pm_card_visa":
        intent_id = (await _charge(bench, method)).id
        error = await refused(intents.cancel_async(intent_id))
        assert error.code == "payment_intent_unexpected_state"
        assert "it has a status of succeeded" in str(error.user_message)
    else:
        error = await refused(_charge(bench, method))
        assert error.error is not None
        assert error.error.payment_intent is not None
        assert (await intents.cancel_async(error.error.payment_intent.id)).status == "canceled"


async def test_a_cancelled_intent_cannot_be_confirmed(bench: Bench) -> None:
    intent = await _create(bench)
    intents = bench.client.v1.payment_intents
    await intents.cancel_async(intent.id)

    error = await refused(intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"}))

    assert error.code == "payment_intent_unexpected_state"
    assert error.error is not None
    assert error.error.payment_intent is not None


async def test_confirming_needs_a_payment_method(bench: Bench) -> None:
    error = await refused(_create(bench, confirm=True))

    assert "missing a payment method" in str(error.user_message)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "xxx"}, None, "currency"),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({"application_fee_amount": 100}, None, "application_fee_amount"),
        ({"return_url": "http://x.example"}, None, "return_url"),
        (
            {"payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
    ],
)
async def test_a_wrong_intent_is_refused(
    bench: Bench, changes: dict[str, Any], code: str | None, param: str
) -> None:
    error = await refused(_create(bench, **changes))

    assert (error.http_status, code_of(error)) == (400, code)
    assert error.error is not None
    assert error.error.param == param


async def test_checkouts_own_intent_is_left_to_checkout(bench: Bench) -> None:
    session = await bench.session()
    intent_id = (await bench.pay(session.id, "4000000000000002"))["payment_intent"]
    intents = bench.client.v1.payment_intents

    confirming = await refused(intents.confirm_async(intent_id, {"payment_method": "pm_card_visa"}))
    cancelling = await refused(intents.cancel_async(intent_id))

    assert "created by Checkout" in str(confirming.user_message)
    assert "created by Checkout" in str(cancelling.user_message)


async def test_an_intent_can_be_changed_before_it_is_paid(bench: Bench) -> None:
    intents = bench.client.v1.payment_intents
    intent = await _create(bench, metadata={"a": "1"})

    changed = await intents.update_async(
        intent.id,
        {"amount": 5900, "description": "Seat", "metadata": {"b": "2"},
         "payment_method": "pm_card_visa"},
    )  # fmt: skip
    await intents.confirm_async(intent.id)
    error = await refused(intents.update_async(intent.id, {"amount": 100}))

    assert (changed.amount, changed.description, changed.status) == (
        5900,
        "Seat",
        "requires_confirmation",
    )
    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}
    assert error.code == "payment_intent_unexpected_state"


async def test_a_connected_account_is_charged_with_its_fee(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")

    intent = await _create(
        bench,
        {"stripe_account": ANNA},
        confirm=True,
        payment_method="pm_card_visa",
        application_fee_amount=100,
    )

    assert (intent.application, intent.application_fee_amount) == ("ca_sandbox", 100)


async def test_intents_are_listed(bench: Bench) -> None:
    made = [(await _create(bench)).id for _ in range(2)]

    found = await bench.client.v1.payment_intents.list_async()

    assert [one.id for one in found.data] == made[::-1]


async def test_an_unknown_intent_is_missing(bench: Bench) -> None:
    error = await refused(bench.client.v1.payment_intents.retrieve_async("pi_none"))

    assert error.user_message == "No such payment_intent: 'pi_none'"

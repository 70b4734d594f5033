"""Paying a session with every sort of card, and what is told of it."""

from typing import Any

import pytest
import stripe

from tests.deploy.local.sandbox.bench import Bench, line_item


async def _types(bench: Bench) -> list[str]:
    """What has happened, oldest first."""
    events = await bench.client.v1.events.list_async({"limit": 100})
    return [str(event.type) for event in events.data][::-1]


async def test_a_declined_card_leaves_the_session_open(bench: Bench) -> None:
    session = await bench.session()

    answer = await bench.pay(session.id, "4000000000009995")

    assert (answer["outcome"], answer["decline_code"]) == ("declined", "insufficient_funds")
    assert answer["message"] == "Your card has insufficient funds."
    after = await bench.client.v1.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent"]}
    )
    assert (after.status, after.payment_status) == ("open", "unpaid")
    assert isinstance(after.payment_intent, stripe.PaymentIntent)
    assert after.payment_intent.status == "requires_payment_method"
    assert after.payment_intent.last_payment_error is not None
    assert after.payment_intent.last_payment_error.decline_code == "insufficient_funds"
    assert await _types(bench) == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


async def test_a_second_card_pays_with_the_same_intent(bench: Bench) -> None:
    session = await bench.session()
    first = await bench.pay(session.id, "4000000000000002")

    second = await bench.pay(session.id)

    assert second["payment_intent"] == first["payment_intent"]
    assert second["status"] == "complete"
    charges = await bench.client.v1.charges.list_async({"payment_intent": first["payment_intent"]})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
        ("4000000000006975", "card_declined", "card_velocity_exceeded"),
        ("4100000000000019", "card_declined", "fraudulent"),
    ],
)
async def test_each_declining_card_says_why(
    bench: Bench, card: str, code: str, decline_code: str
) -> None:
    answer = await bench.pay((await bench.session()).id, card)

    assert (answer["code"], answer["decline_code"]) == (code, decline_code)


@pytest.mark.parametrize("card", ["4000002500003155", "4000000000003220", "4000002760003184"])
async def test_a_card_with_3d_secure_pays_when_the_payer_passes(bench: Bench, card: str) -> None:
    session = await bench.session()

    waiting = await bench.pay(session.id, card, three_d_secure="leave")
    assert (waiting["outcome"], waiting["status"]) == ("requires_action", "open")
    done = await bench.control(
        f"payment_intents/{waiting['payment_intent']}/authenticate", {"three_d_secure": "complete"}
    )

    assert done["outcome"] == "succeeded"
    charge = await bench.client.v1.charges.retrieve_async(done["charge"])
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.three_d_secure is not None
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert "payment_intent.requires_action" in await _types(bench)


async def test_a_failed_3d_secure_charges_nothing_and_leaves_the_session_open(bench: Bench) -> None:
    session = await bench.session()

    answer = await bench.pay(session.id, "4000002500003155", three_d_secure="fail")

    assert (answer["outcome"], answer["status"], answer["charge"]) == ("declined", "open", None)
    assert answer["code"] == "payment_intent_authentication_failure"
    assert (await bench.client.v1.charges.list_async()).data == []


async def test_one_card_declines_after_a_passed_3d_secure(bench: Bench) -> None:
    answer = await bench.pay((await bench.session()).id, "4000008400001629")

    assert (answer["outcome"], answer["decline_code"]) == ("declined", "generic_decline")


async def test_a_disputed_card_opens_its_dispute_within_the_payment(bench: Bench) -> None:
    await bench.paid("4000000000000259")

    assert await _types(bench) == [
        "payment_intent.created",
        "charge.succeeded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("restrictions", "card", "is_refused"),
    [
        ({"brands_blocked": ["american_express"]}, "378282246310005", True),
        ({"brands_blocked": ["discover_global_network"]}, "6011111111111117", True),
        ({"brands_blocked": ["visa", "mastercard"]}, "5555555555554444", True),
        ({"brands_blocked": ["american_express"]}, "4242424242424242", False),
        ({"funding_types_blocked": ["prepaid"]}, "5105105105105100", True),
        ({"funding_types_blocked": ["debit"]}, "4242424242424242", False),
    ],
)
async def test_blocked_cards_are_refused_without_a_charge(
    bench: Bench, restrictions: dict[str, Any], card: str, is_refused: bool
) -> None:
    session = await bench.session(payment_method_options={"card": {"restrictions": restrictions}})

    answer = await bench.control(
        f"checkout/{session.id}/pay", {"card": card}, status=402 if is_refused else 200
    )

    assert ("error" in answer) is is_refused
    assert len((await bench.client.v1.charges.list_async()).data) == int(not is_refused)


async def test_a_number_that_is_no_card_is_refused(bench: Bench) -> None:
    session = await bench.session()

    answer = await bench.control(
        f"checkout/{session.id}/pay", {"card": "4242424242424241"}, status=402
    )

    assert answer["error"] == "Your card number is invalid."


async def test_a_complete_session_takes_no_second_payment(bench: Bench) -> None:
    session = await bench.session()
    await bench.pay(session.id)

    answer = await bench.control(f"checkout/{session.id}/pay", {}, status=409)

    assert answer["error"] == "This session is complete."
    assert len((await bench.client.v1.charges.list_async()).data) == 1


async def test_an_expired_session_takes_no_payment(bench: Bench) -> None:
    session = await bench.session()
    await bench.control(f"checkout/{session.id}/expire")

    await bench.control(f"checkout/{session.id}/pay", {}, status=409)

    assert (await bench.client.v1.charges.list_async()).data == []


async def test_nothing_to_pay_completes_without_an_intent(bench: Bench) -> None:
    session = await bench.session(line_items=[line_item(0)])
    assert session.payment_status == "no_payment_required"

    answer = await bench.pay(session.id)

    assert (answer["status"], answer["payment_intent"]) == ("complete", None)
    assert await _types(bench) == ["checkout.session.completed"]


async def test_a_bank_debit_completes_unpaid_and_pays_later(bench: Bench) -> None:
    await bench.control("settings", {"bank_debit_delay": 60})
    session = await bench.session()

    answer = await bench.control(f"checkout/{session.id}/pay", {"iban": "AT61 1904 3002 3457 3201"})
    assert (answer["status"], answer["payment_status"]) == ("complete", "unpaid")
    intent = await bench.client.v1.payment_intents.retrieve_async(answer["payment_intent"])
    assert intent.status == "processing"
    await bench.control("clock", {"advance": 61})

    paid = await bench.client.v1.checkout.sessions.retrieve_async(session.id)
    assert paid.payment_status == "paid"
    types = await _types(bench)
    assert types.index("checkout.session.completed") < types.index(
        "checkout.session.async_payment_succeeded"
    )


async def test_a_bank_debit_may_fail_later(bench: Bench) -> None:
    await bench.control("settings", {"bank_debit_delay": 60})
    session = await bench.session()
    await bench.control(f"checkout/{session.id}/pay", {"iban": "AT861904300235473202"})

    await bench.control("clock", {"advance": 61})

    failed = await bench.client.v1.checkout.sessions.retrieve_async(session.id)
    assert (failed.status, failed.payment_status) == ("complete", "unpaid")
    assert (await _types(bench))[-1] == "checkout.session.async_payment_failed"
    assert await bench.ledger() == []


async def test_a_bank_debit_is_refused_where_only_cards_are_allowed(bench: Bench) -> None:
    session = await bench.session(allowed_payment_method_types=["card"])

    answer = await bench.control(
        f"checkout/{session.id}/pay", {"iban": "AT611904300234573201"}, status=402
    )

    assert answer["error"] == "Bank debits are not accepted here."


async def test_an_unknown_iban_is_refused(bench: Bench) -> None:
    session = await bench.session()

    answer = await bench.control(f"checkout/{session.id}/pay", {"iban": "AT00"}, status=402)

    assert "not a test account" in answer["error"]


async def test_the_payers_name_and_email_end_in_the_session_and_the_charge(bench: Bench) -> None:
    session = await bench.session()

    answer = await bench.pay(session.id, name="Ana Ruiz", email="ana@example.com")

    paid = await bench.client.v1.checkout.sessions.retrieve_async(session.id)
    charge = await bench.client.v1.charges.retrieve_async(answer["charge"])
    assert paid.customer_details is not None
    assert (paid.customer_details.name, paid.customer_details.email) == (
        "Ana Ruiz",
        "ana@example.com",
    )
    assert charge.billing_details.name == "Ana Ruiz"


async def test_an_account_that_was_stopped_takes_no_payment(bench: Bench) -> None:
    session = await bench.session()
    await bench.control("accounts/acct_sandbox_platform", {"charges_enabled": False})

    answer = await bench.control(f"checkout/{session.id}/pay", {}, status=402)

    assert answer["error"] == "This account cannot take payments at the moment."
    assert (await bench.client.v1.charges.list_async()).data == []


async def test_shipping_is_shown_again_on_the_charge(bench: Bench) -> None:
    shipping = {"name": "Ana", "address": {"line1": "Calle 1", "country": "ES"}}
    charge_id = await bench.paid(payment_intent_data={"shipping": shipping})

    charge = await bench.client.v1.charges.retrieve_async(charge_id)

    assert charge.shipping is not None
    assert charge.shipping.name == "Ana"
    assert charge.shipping.address is not None
    assert (charge.shipping.address.line1, charge.shipping.address.city) == ("Calle 1", None)

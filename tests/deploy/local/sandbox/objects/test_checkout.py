"""Checkout Sessions through the API."""

import time
from typing import Any

import pytest
import stripe

from tests.deploy.local.sandbox.bench import Bench, code_of, line_item, refused

HOUR = 3600


async def test_a_session_is_open_unpaid_and_has_a_page(bench: Bench) -> None:
    session = await bench.session(customer_email="ana@example.com", locale="es")

    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.url == f"{bench.url}/c/pay/{session.id}"
    assert (session.amount_total, session.currency) == (4900, "eur")
    assert session.payment_intent is None
    assert session.customer_details is not None
    assert session.customer_details.email == "ana@example.com"
    assert session.livemode is False


async def test_the_total_is_the_sum_of_its_lines(bench: Bench) -> None:
    session = await bench.session(line_items=[line_item(1000, quantity=2), line_item(550)])

    assert (session.amount_subtotal, session.amount_total) == (2550, 2550)


async def test_a_price_made_before_can_be_sold(bench: Bench) -> None:
    product = await bench.client.v1.products.create_async({"name": "Seat"})
    price = await bench.client.v1.prices.create_async(
        {"currency": "eur", "unit_amount": 700, "product": product.id}
    )

    session = await bench.session(line_items=[{"price": price.id, "quantity": 2}])

    lines = await bench.client.v1.checkout.sessions.line_items.list_async(session.id)
    assert session.amount_total == 1400
    assert lines.data[0].description == "Seat"
    assert lines.data[0].price is not None
    assert lines.data[0].price.id == price.id


async def test_an_unknown_price_is_refused(bench: Bench) -> None:
    error = await refused(bench.session(line_items=[{"price": "price_none", "quantity": 1}]))

    assert (error.http_status, error.code) == (400, "resource_missing")


async def test_two_currencies_in_one_session_are_refused(bench: Bench) -> None:
    error = await refused(bench.session(line_items=[line_item(), line_item(currency="usd")]))

    assert "same currency" in str(error.user_message)


async def test_a_refused_session_leaves_no_prices_behind(bench: Bench) -> None:
    await refused(bench.session(line_items=[line_item(), line_item(currency="usd")]))

    assert (await bench.client.v1.prices.list_async()).data == []


async def test_a_line_needs_a_price_and_a_quantity(bench: Bench) -> None:
    priceless = await refused(bench.session(line_items=[{"quantity": 1}]))
    endless = await refused(bench.session(line_items=[{"price_data": line_item()["price_data"]}]))

    assert (priceless.code, endless.code) == ("parameter_missing", "parameter_missing")


async def test_a_product_that_was_made_before_can_be_priced(bench: Bench) -> None:
    product = await bench.client.v1.products.create_async({"name": "Seat"})
    data: Any = {"currency": "eur", "unit_amount": 800, "product": product.id}

    session = await bench.session(line_items=[{"price_data": data, "quantity": 1}])

    assert session.amount_total == 800


@pytest.mark.parametrize(
    ("amount", "currency", "message"),
    [
        (49, "eur", "must add up to at least €0.50 eur"),
        (29, "gbp", "must add up to at least £0.30 gbp"),
        (49, "jpy", "must add up to at least ¥50 jpy"),
        (1, "vnd", "must add up to at least €0.50 eur"),
        (100_000_000, "eur", "must be no more than €999,999.99"),
    ],
)
async def test_a_total_out_of_range_is_refused(
    bench: Bench, amount: int, currency: str, message: str
) -> None:
    error = await refused(bench.session(line_items=[line_item(amount, currency)]))

    assert error.code in ("amount_too_small", "amount_too_large")
    assert message in str(error.user_message)


@pytest.mark.parametrize(("amount", "currency"), [(5125, "kwd"), (510, "isk"), (10_050, "ugx")])
async def test_an_amount_that_a_currency_cannot_hold_is_refused(
    bench: Bench, amount: int, currency: str
) -> None:
    error = await refused(bench.session(line_items=[line_item(amount, currency)]))

    assert error.code == "parameter_invalid_integer"


async def test_an_unknown_currency_is_refused(bench: Bench) -> None:
    error = await refused(bench.session(line_items=[line_item(currency="xxx")]))

    assert str(error.user_message).startswith("Invalid currency: xxx.")


async def test_a_currency_in_capitals_is_answered_in_small_letters(bench: Bench) -> None:
    assert (await bench.session(line_items=[line_item(currency="EUR")])).currency == "eur"


async def test_a_session_lives_a_day_unless_told_otherwise(bench: Bench) -> None:
    assert abs((await bench.session()).expires_at - time.time() - 24 * HOUR) < 5


@pytest.mark.parametrize("seconds", [29 * 60, 25 * HOUR])
async def test_an_end_too_near_or_too_far_is_refused(bench: Bench, seconds: int) -> None:
    error = await refused(bench.session(expires_at=int(time.time()) + seconds))

    assert error.error is not None
    assert error.error.param == "expires_at"


async def test_a_session_ends_at_its_time_and_says_so(bench: Bench) -> None:
    await bench.listen("checkout.session.expired")
    session = await bench.session(expires_at=int(time.time()) + 1860)

    await bench.control("clock", {"advance": 1900})

    ended = await bench.client.v1.checkout.sessions.retrieve_async(session.id)
    assert (ended.status, ended.url, ended.payment_status) == ("expired", None, "unpaid")
    event = await bench.listener.wait_for("checkout.session.expired")
    assert event["data"]["object"]["id"] == session.id


async def test_an_open_session_can_be_expired_once(bench: Bench) -> None:
    session = await bench.session()
    sessions = bench.client.v1.checkout.sessions

    ended = await sessions.expire_async(session.id)
    error = await refused(sessions.expire_async(session.id))

    assert (ended.status, ended.url) == ("expired", None)
    assert error.http_status == 400
    assert "has a status of `expired`" in str(error.user_message)


async def test_a_paid_session_cannot_be_expired(bench: Bench) -> None:
    session = await bench.session()
    await bench.pay(session.id)

    error = await refused(bench.client.v1.checkout.sessions.expire_async(session.id))

    assert "has a status of `complete`" in str(error.user_message)


async def test_expiring_cancels_what_was_tried(bench: Bench) -> None:
    session = await bench.session()
    tried = await bench.pay(session.id, "4000000000000002")

    await bench.client.v1.checkout.sessions.expire_async(session.id)

    intent = await bench.client.v1.payment_intents.retrieve_async(tried["payment_intent"])
    assert intent.status == "canceled"


async def test_the_old_parameter_for_payment_methods_is_unknown(bench: Bench) -> None:
    error = await refused(bench.session(payment_method_types=["card"]))

    assert error.code == "parameter_unknown"
    assert error.user_message == "Received unknown parameter: payment_method_types"


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, ["card", "sepa_debit"]),
        ({"allowed_payment_method_types": ["card", "link"]}, ["card"]),
        ({"excluded_payment_method_types": ["sepa_debit"]}, ["card"]),
        ({"line_items": [line_item(currency="usd")]}, ["card"]),
    ],
)
async def test_payment_methods_are_what_is_left(
    bench: Bench, changes: dict[str, Any], offered: list[str]
) -> None:
    assert (await bench.session(**changes)).payment_method_types == offered


@pytest.mark.parametrize(
    "changes",
    [
        {"allowed_payment_method_types": ["ideal"]},
        {"allowed_payment_method_types": ["card"], "excluded_payment_method_types": ["link"]},
    ],
)
async def test_no_payment_method_left_is_refused(bench: Bench, changes: dict[str, Any]) -> None:
    assert (await refused(bench.session(**changes))).http_status == 400


async def test_blocked_brands_are_kept_and_unknown_ones_refused(bench: Bench) -> None:
    restrictions = {"brands_blocked": ["american_express"], "funding_types_blocked": ["prepaid"]}
    session = await bench.session(payment_method_options={"card": {"restrictions": restrictions}})
    error = await refused(
        bench.session(
            payment_method_options={"card": {"restrictions": {"brands_blocked": ["diners"]}}}
        )
    )

    assert session.payment_method_options is not None
    assert session.payment_method_options.card is not None
    assert session.payment_method_options.card.to_dict()["restrictions"] == restrictions
    assert "brands_blocked" in str(error.user_message)


async def test_automatic_tax_needs_what_the_account_lacks(bench: Bench) -> None:
    error = await refused(bench.session(automatic_tax={"enabled": True}))

    assert "automatic tax" in str(error.user_message)


async def test_an_application_fee_needs_a_connected_account(bench: Bench) -> None:
    error = await refused(bench.session(payment_intent_data={"application_fee_amount": 100}))

    assert error.error is not None
    assert error.error.param == "payment_intent_data[application_fee_amount]"


async def test_an_account_that_may_not_charge_sells_nothing(bench: Bench) -> None:
    await bench.control("accounts/acct_sandbox_new/connect")

    error = await refused(bench.session({"stripe_account": "acct_sandbox_new"}))

    assert "cannot currently make charges" in str(error.user_message)


async def test_sessions_are_found_by_intent_status_and_email(bench: Bench) -> None:
    paid = await bench.session(customer_email="ana@example.com")
    intent = (await bench.pay(paid.id))["payment_intent"]
    still_open = await bench.session()
    sessions = bench.client.v1.checkout.sessions

    async def found(params: Any) -> list[str]:
        return [one.id for one in (await sessions.list_async(params)).data]

    assert await found({"payment_intent": intent}) == [paid.id]
    assert await found({"status": "open"}) == [still_open.id]
    assert await found({"customer_details": {"email": "ana@example.com"}}) == [paid.id]
    by_reference: Any = {"client_reference_id": "x"}
    error = await refused(sessions.list_async(by_reference))
    assert error.code == "parameter_unknown"


async def test_a_sessions_metadata_can_be_changed(bench: Bench) -> None:
    session = await bench.session(metadata={"a": "1"})

    changed = await bench.client.v1.checkout.sessions.update_async(
        session.id, {"metadata": {"b": "2"}}
    )

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}


async def test_line_items_come_in_pages(bench: Bench) -> None:
    session = await bench.session(line_items=[line_item(100 * n) for n in range(1, 4)])
    lines = bench.client.v1.checkout.sessions.line_items

    first = await lines.list_async(session.id, {"limit": 2})
    rest = await lines.list_async(session.id, {"starting_after": first.data[-1].id})

    assert ([line.amount_total for line in first.data], first.has_more) == ([100, 200], True)
    assert ([line.amount_total for line in rest.data], rest.has_more) == ([300], False)


async def test_more_than_a_hundred_lines_are_refused(bench: Bench) -> None:
    error = await refused(bench.session(line_items=[line_item(100) for _ in range(101)]))

    assert "maximum 100" in str(error.user_message)


async def test_an_unknown_session_is_missing(bench: Bench) -> None:
    error = await refused(bench.client.v1.checkout.sessions.retrieve_async("cs_test_none"))

    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, code_of(error)) == (404, "resource_missing")

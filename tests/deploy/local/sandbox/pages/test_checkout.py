"""The pay page and the bank's page, as a browser without any script uses them."""

import asyncio
import re
from typing import Any

import pytest

from tests.deploy.local.sandbox.bench import Bench, Listener, line_item, until


async def _get(bench: Bench, address: str) -> tuple[int, str]:
    async with bench.http.get(address, allow_redirects=False) as response:
        return response.status, await response.text()


async def _submit(bench: Bench, address: str, **form: str) -> tuple[int, str, str]:
    async with bench.http.post(address, data=form, allow_redirects=False) as response:
        return response.status, await response.text(), response.headers.get("Location", "")


def _url(session: Any) -> str:
    assert session.url is not None
    return str(session.url)


async def test_the_page_says_what_is_asked_and_that_it_is_a_test(bench: Bench) -> None:
    session = await bench.session(
        customer_email="ana@example.com", line_items=[line_item(1250, quantity=2)]
    )

    status, text = await _get(bench, _url(session))

    assert status == 200
    assert "<b>TEST</b>" in text
    assert "Sandbox Events asks for" in text
    assert "€25.00" in text
    assert "Price your work, 2 times €12.50" in text
    assert "ana@example.com" in text
    assert 'href="http://127.0.0.1:9/back"' in text
    assert "<script" not in text


async def test_names_are_escaped(bench: Bench) -> None:
    item = line_item()
    item["price_data"]["product_data"]["name"] = "<img src=x>"

    _, text = await _get(bench, _url(await bench.session(line_items=[item])))

    assert "<img" not in text
    assert "&lt;img src=x&gt;" in text


async def test_a_page_forbids_scripts_and_frames(bench: Bench) -> None:
    async with bench.http.get(_url(await bench.session())) as response:
        policy = response.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_typed_card_pays_and_leads_on(bench: Bench) -> None:
    session = await bench.session()

    status, _, location = await _submit(
        bench,
        _url(session),
        card="other",
        number="4242 4242 4242 4242",
        expiry="03 / 31",
        cvc="123",
        name="Ana Ruiz",
        email="ana@example.com",
    )

    assert (status, location) == (303, f"http://127.0.0.1:9/done?session={session.id}")
    charge = (await bench.client.v1.charges.list_async()).data[0]
    assert charge.billing_details.name == "Ana Ruiz"
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.exp_year == 2031


async def test_a_form_without_a_choice_takes_the_typed_number(bench: Bench) -> None:
    status, _, _ = await _submit(
        bench, _url(await bench.session()), number="4242424242424242", expiry="12/34", cvc="123"
    )

    assert status == 303


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"number": "4242"}, "Your card number is invalid."),
        ({"number": "4242424242424242", "expiry": "13/30"}, "expiration date is invalid"),
        ({"number": "4242424242424242", "expiry": "01/20"}, "expiration year is in the past"),
        ({"number": "4242424242424242", "cvc": "12"}, "security code is invalid"),
    ],
)
async def test_a_mistyped_card_is_said_and_what_was_typed_stays(
    bench: Bench, form: dict[str, str], message: str
) -> None:
    session = await bench.session()

    status, text, _ = await _submit(bench, _url(session), card="other", **form)

    assert status == 422
    assert message in text.replace("&#39;", "'")
    assert f'value="{form["number"]}"' in text
    assert (await bench.client.v1.charges.list_async()).data == []


async def test_a_declined_card_is_said_and_the_page_stays(bench: Bench) -> None:
    session = await bench.session()

    status, text, _ = await _submit(bench, _url(session), card="4000000000009995")

    assert status == 402
    assert "Nothing was paid" in text
    assert "Your card has insufficient funds." in text
    assert "Pay €49.00 in the test" in text
    assert re.search(r'value="4000000000009995" checked', text)


async def test_a_blocked_card_is_said(bench: Bench) -> None:
    session = await bench.session(
        payment_method_options={"card": {"restrictions": {"brands_blocked": ["visa"]}}}
    )

    status, text, _ = await _submit(bench, _url(session), card="4242424242424242")

    assert status == 402
    assert "Visa cards are not accepted here." in text


async def test_the_bank_asks_and_the_payer_completes(bench: Bench) -> None:
    session = await bench.session()
    status, _, challenge = await _submit(bench, _url(session), card="4000000000003220")
    assert status == 303
    assert challenge.startswith("/3ds/pi_")

    _, text = await _get(bench, bench.url + challenge)
    status, _, location = await _submit(bench, bench.url + challenge, answer="complete")

    assert "Is it you who pays €49.00 to Sandbox Events?" in text
    assert (status, location) == (303, f"http://127.0.0.1:9/done?session={session.id}")
    _, _, again = await _submit(bench, bench.url + challenge, answer="complete")
    assert again == f"/c/pay/{session.id}"


async def test_the_bank_asks_and_the_payer_fails(bench: Bench) -> None:
    session = await bench.session()
    _, _, challenge = await _submit(bench, _url(session), card="4000000000003220")

    status, text, _ = await _submit(bench, bench.url + challenge, answer="fail")

    assert status == 402
    assert "unable to authenticate your payment method" in text
    assert (await bench.client.v1.charges.list_async()).data == []


async def test_a_bank_debit_is_typed_and_leads_on(bench: Bench) -> None:
    session = await bench.session()
    _, text = await _get(bench, _url(session))
    assert "Bank debit" in text

    status, _, _ = await _submit(bench, _url(session), card="iban", iban="AT61 1904 3002 3457 3201")

    assert status == 303
    _, after = await _get(bench, _url(session))
    assert "Your bank is being asked" in after


async def test_only_cards_are_offered_where_only_cards_are_allowed(bench: Bench) -> None:
    session = await bench.session(allowed_payment_method_types=["card"])

    _, text = await _get(bench, _url(session))

    assert "Bank debit" not in text


async def test_nothing_to_pay_needs_no_card(bench: Bench) -> None:
    session = await bench.session(line_items=[line_item(0)])

    _, text = await _get(bench, _url(session))
    status, _, _ = await _submit(bench, _url(session))

    assert "There is nothing to pay." in text
    assert status == 303


async def test_the_payer_is_held_back_until_the_webhook_was_taken(bench: Bench) -> None:
    await bench.listen("checkout.session.completed")
    bench.listener.hold = asyncio.Event()
    session = await bench.session()

    waiting = asyncio.create_task(_submit(bench, _url(session), card="4242424242424242"))
    await until(lambda: bool(bench.listener.letters))
    assert not waiting.done()
    bench.listener.hold.set()

    assert (await waiting)[0] == 303


async def test_the_payer_is_not_held_back_for_ever(bench: Bench) -> None:
    await bench.listen("checkout.session.completed", url="http://127.0.0.1:9/nobody")
    await bench.control("settings", {"redirect_wait": 0.1})

    status, _, _ = await _submit(bench, _url(await bench.session()), card="4242424242424242")

    assert status == 303


async def test_a_refused_webhook_is_waited_for_until_its_retry(bench: Bench) -> None:
    listener: Listener = bench.listener
    listener.answers = [500]
    await bench.listen("checkout.session.completed")

    status, _, _ = await _submit(bench, _url(await bench.session()), card="4242424242424242")

    assert status == 303
    assert len(listener.letters) == 2


async def test_a_complete_session_has_a_page_of_its_own(bench: Bench) -> None:
    session = await bench.session()
    await bench.pay(session.id)

    status, text = await _get(bench, _url(session))
    again, after, _ = await _submit(bench, _url(session), card="4242424242424242")

    assert (status, again) == (200, 200)
    assert "You have already paid" in text
    assert "You have already paid" in after
    assert f"done?session={session.id}" in text
    assert len((await bench.client.v1.charges.list_async()).data) == 1


async def test_an_expired_session_has_a_page_of_its_own(bench: Bench) -> None:
    session = await bench.session()
    status, _, location = await _submit(bench, f"{_url(session)}/expire")
    assert (status, location) == (303, f"/c/pay/{session.id}")

    _, text = await _get(bench, _url(session))

    assert "This session has expired" in text
    assert 'href="http://127.0.0.1:9/back"' in text


async def test_a_session_expires_under_the_payers_hands(bench: Bench) -> None:
    session = await bench.session()
    _, _, challenge = await _submit(bench, _url(session), card="4000000000003220")
    await bench.client.v1.checkout.sessions.expire_async(session.id)

    _, _, location = await _submit(bench, bench.url + challenge, answer="complete")

    assert location == f"/c/pay/{session.id}"
    assert (await bench.client.v1.charges.list_async()).data == []


@pytest.mark.parametrize(
    "path", ["/c/pay/cs_test_none", "/3ds/pi_none", "/setup/alink_none", "/receipts/ch_none"]
)
async def test_what_is_not_there_has_a_page_too(bench: Bench, path: str) -> None:
    status, text = await _get(bench, bench.url + path)

    assert status == 404
    assert "There is nothing here" in text


@pytest.mark.parametrize("path", ["/c/pay/cs_none", "/c/pay/cs_none/expire", "/3ds/pi_none"])
async def test_nothing_is_done_to_what_is_not_there(bench: Bench, path: str) -> None:
    status, _, _ = await _submit(bench, bench.url + path, answer="complete")

    assert status == 404


async def test_the_receipt_shows_the_charge(bench: Bench) -> None:
    charge = await bench.paid(payment_intent_data={"description": "Price your work, Ana"})

    _, text = await _get(bench, f"{bench.url}/receipts/{charge}")

    assert "Price your work, Ana" in text
    assert "€49.00" in text


async def test_the_style_is_served(bench: Bench) -> None:
    async with bench.http.get(f"{bench.url}/static/sandbox.css") as response:
        assert response.status == 200
        assert response.content_type == "text/css"

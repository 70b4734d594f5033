"""The control API's own manners; what it causes is tested with what it touches."""

from typing import Any

import pytest

from tests.deploy.local.sandbox.bench import Bench


async def test_paying_waits_for_nothing(bench: Bench) -> None:
    await bench.listen("checkout.session.completed", url="http://127.0.0.1:9/nobody")
    session = await bench.session()

    answer = await bench.pay(session.id)

    assert answer == {
        "session": session.id,
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": answer["payment_intent"],
        "outcome": "succeeded",
        "charge": answer["charge"],
        "code": None,
        "decline_code": None,
        "message": None,
        "needs_authentication": False,
    }


async def test_a_session_is_expired(bench: Bench) -> None:
    session = await bench.session()

    answer = await bench.control(f"checkout/{session.id}/expire")

    assert (answer["session"], answer["status"]) == (session.id, "expired")


async def test_an_organizers_refund_has_no_request_of_ours(bench: Bench) -> None:
    charge = await bench.paid()

    refund = await bench.control("refunds", {"charge": charge, "amount": 900})

    events = await bench.client.v1.events.list_async({"type": "refund.created"})
    assert (refund["amount"], refund["metadata"]) == (900, {})
    assert events.data[0].request is not None
    assert events.data[0].request.idempotency_key is None


async def test_a_refund_that_stripe_would_refuse_is_refused(bench: Bench) -> None:
    charge = await bench.paid()

    answer = await bench.control("refunds", {"charge": charge, "amount": 9900}, status=400)

    assert answer["error"]["param"] == "amount"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("checkout/cs_test_none/pay", {}, 404),
        ("checkout/cs_test_none/expire", {}, 404),
        ("refunds", {"charge": "ch_none"}, 404),
        ("refunds", {}, 404),
        ("refunds/re_none", {"status": "failed"}, 404),
        ("disputes", {"charge": "ch_none"}, 404),
        ("disputes/du_none", {"status": "won"}, 404),
        ("payment_intents/pi_none/authenticate", {}, 404),
        ("payouts", {"account": "acct_none"}, 404),
        ("refunds", {"charge": "ch_none", "colour": "red"}, 400),
    ],
)
async def test_what_is_not_there_is_said_to_be_missing(
    bench: Bench, path: str, body: dict[str, Any], status: int
) -> None:
    answer = await bench.control(path, body, status=status)

    assert answer["error"]


async def test_wrong_values_are_refused(bench: Bench) -> None:
    charge = await bench.paid()
    refund = await bench.control("refunds", {"charge": charge, "amount": 100})
    session = await bench.session()

    await bench.control("refunds", {"charge": charge, "amount": -1}, status=400)
    await bench.control("refunds", {"charge": charge, "amount": True}, status=400)
    await bench.control(f"refunds/{refund['id']}", {"status": "lost"}, status=400)
    await bench.control(f"refunds/{refund['id']}", {"status": "succeeded"}, status=409)
    await bench.control("disputes", {"charge": charge, "reason": "mood"}, status=400)
    await bench.control("disputes", {"charge": charge, "status": "mood"}, status=400)
    await bench.control(f"checkout/{session.id}/pay", {"three_d_secure": "perhaps"}, status=400)


async def test_nobody_authenticates_what_does_not_ask(bench: Bench) -> None:
    intent = (await bench.pay((await bench.session()).id))["payment_intent"]

    await bench.control(f"payment_intents/{intent}/authenticate", {}, status=409)


@pytest.mark.parametrize("body", [b"{", b"[1]"])
async def test_what_is_no_json_object_is_refused(bench: Bench, body: bytes) -> None:
    async with bench.http.post(f"{bench.url}/_sandbox/refunds", data=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]

"""The books that the product's own are compared with."""

from typing import Any

from tests.deploy.local.sandbox.bench import ANNA, Bench


async def _lines(bench: Bench) -> list[tuple[str, int, str]]:
    return [(one["type"], one["amount"], one["currency"]) for one in await bench.ledger()]


async def test_every_movement_of_a_payment_is_one_positive_line(bench: Bench) -> None:
    charge = await bench.paid(payment_intent_data={"metadata": {"payment_id": "p1"}})
    await bench.settled(charge)
    refund = await bench.client.v1.refunds.create_async(
        {"charge": charge, "amount": 900, "metadata": {"refund_id": "r1"}}
    )

    entries = await bench.ledger()

    assert sorted(await _lines(bench)) == [
        ("charge", 4900, "eur"),
        ("fee", 172, "eur"),
        ("refund", 900, "eur"),
    ]
    by_type = {one["type"]: one for one in entries}
    assert set(by_type["charge"]) >= {
        "type", "id", "charge", "amount", "currency", "account", "metadata", "created"
    }  # fmt: skip
    assert by_type["charge"]["id"] == charge
    assert by_type["charge"]["metadata"] == {"payment_id": "p1"}
    assert by_type["refund"]["id"] == refund.id
    assert by_type["refund"]["metadata"] == {"refund_id": "r1"}
    assert by_type["fee"]["charge"] == charge
    assert {one["account"] for one in entries} == {"acct_sandbox_platform"}


async def test_a_dispute_its_fee_and_its_reversal_are_lines(bench: Bench) -> None:
    charge = await bench.paid()
    await bench.settled(charge)
    dispute = await bench.control("disputes", {"charge": charge})
    await bench.control(f"disputes/{dispute['id']}", {"status": "won"})

    assert sorted(await _lines(bench)) == [
        ("charge", 4900, "eur"),
        ("dispute", 4900, "eur"),
        ("dispute_reversal", 4900, "eur"),
        ("fee", 172, "eur"),
        ("fee", 1500, "eur"),
    ]


async def test_a_refund_that_failed_has_a_line_for_the_way_back(bench: Bench) -> None:
    charge = await bench.paid()
    refund = await bench.control("refunds", {"charge": charge, "amount": 900})
    await bench.control(f"refunds/{refund['id']}", {"status": "failed"})

    lines = [line for line in await _lines(bench) if line[0].startswith("refund")]

    assert sorted(lines) == [("refund", 900, "eur"), ("refund_failure", 900, "eur")]


async def test_connected_accounts_and_application_fees_are_told_apart(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    options: Any = {"stripe_account": ANNA}
    charge = await bench.paid(options=options, payment_intent_data={"application_fee_amount": 500})
    await bench.settled(charge, options)

    entries = await bench.ledger()

    assert {one["account"] for one in entries} == {ANNA}
    assert sorted(one["type"] for one in entries) == ["application_fee", "charge", "fee"]


async def test_failed_attempts_are_no_lines(bench: Bench) -> None:
    await bench.paid("4000000000000002")

    assert await bench.ledger() == []

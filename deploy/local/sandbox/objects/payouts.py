"""Payouts: what an account's balance sent to its bank, and which movements it was made of."""

from deploy.local.sandbox import money
from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Choice, Moments, Text
from deploy.local.sandbox.objects import balance
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, new_id

STATES = ("paid", "pending", "in_transit", "canceled", "failed")


def pay_out(sandbox: Sandbox, account: str) -> Entry | None:
    """Send everything available to the bank at once; None if there is nothing to send."""
    now = sandbox.world.clock.seconds()
    currency = balance.settlement_currency(sandbox, account)
    movements = [
        entry
        for entry in sandbox.world.newest_first("balance_transaction", account)
        if entry.hidden["payout"] is None
        and entry.object["type"] != "payout"
        and entry.object["currency"] == currency
        and entry.object["available_on"] <= now
    ]
    total = sum(entry.object["net"] for entry in movements)
    if total <= 0:
        return None
    payout_id = new_id("po_1")
    booking = balance.book(
        sandbox,
        account,
        type="payout",
        conversion=money.Conversion(-total, currency, None),
        source=payout_id,
        description="STRIPE PAYOUT",
        reporting_category="payout",
        is_immediate=True,
    )
    for entry in (*movements, booking):
        entry.hidden["payout"] = payout_id
        sandbox.world.save(entry)
    payout = sandbox.world.add(
        "payout",
        account,
        {
            "id": payout_id,
            "object": "payout",
            "amount": total,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": now,
            "automatic": True,
            "balance_transaction": booking.id,
            "created": now,
            "currency": currency,
            "description": "STRIPE PAYOUT",
            "destination": new_id("ba_1"),
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "completed",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "paid",
            "trace_id": None,
            "type": "bank_account",
        },
    )
    sandbox.emit("payout.created", account, payout.object)
    sandbox.emit("payout.paid", account, payout.object)
    return payout


def retrieve(call: Call) -> JsonObject:
    return call.entry("payout", "payout", param="payout").object


def list_all(call: Call) -> JsonObject:
    status = call.params.get("status")
    return page(call, "payout", wanted=lambda entry: status in (None, entry.object["status"]))


OPERATIONS = [
    Operation(
        "GET",
        "/v1/payouts",
        list_all,
        accepts(
            {"created": Moments(), "status": Choice(STATES)},
            unplayed=("arrival_date", "destination"),
            lists=True,
        ),
    ),
    Operation("GET", "/v1/payouts/:id", retrieve, accepts({"id": Text()})),
]

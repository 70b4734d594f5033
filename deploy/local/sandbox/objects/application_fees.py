"""The platform's shares of connected accounts' charges, and what it gives back of them."""

from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Moments, Text
from deploy.local.sandbox.objects import balance
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject, new_id


def give_back(sandbox: Sandbox, charge: Entry, refunded: int) -> None:
    """Return the share of the fee that belongs to a refund of this amount."""
    fees = sandbox.world.where("application_fee", PLATFORM, "charge", charge.id)
    if not fees:
        return
    fee = fees[0]
    state = fee.object
    if charge.object["refunded"]:
        amount = state["amount"] - state["amount_refunded"]
    else:
        amount = state["amount"] * refunded // charge.object["amount"]
    if amount <= 0:
        return
    refund_id = new_id("fr_1")
    booking = balance.book(
        sandbox,
        PLATFORM,
        type="application_fee_refund",
        conversion=balance.converted(sandbox, PLATFORM, -amount, state["currency"]),
        source=refund_id,
        description=f"Application fee refund for {charge.account}",
        reporting_category="platform_earning_refund",
    )
    refund = sandbox.world.add(
        "fee_refund",
        PLATFORM,
        {
            "id": refund_id,
            "object": "fee_refund",
            "amount": amount,
            "balance_transaction": booking.id,
            "created": sandbox.world.clock.seconds(),
            "currency": state["currency"],
            "fee": fee.id,
            "metadata": {},
        },
    )
    state["amount_refunded"] += amount
    state["refunded"] = state["amount_refunded"] >= state["amount"]
    state["refunds"]["data"].insert(0, refund.object)
    sandbox.world.save(fee)
    balance.book(
        sandbox,
        charge.account,
        type="application_fee_refund",
        conversion=balance.converted(sandbox, charge.account, amount, state["currency"]),
        source=refund_id,
        description="Application fee refund",
        reporting_category="fee",
    )
    sandbox.emit("application_fee.refunded", PLATFORM, state)


def retrieve(call: Call) -> JsonObject:
    return call.entry("application_fee", "application fee").object


def list_all(call: Call) -> JsonObject:
    among = None
    if "charge" in call.params:
        among = call.world.where("application_fee", call.account, "charge", call.params["charge"])
    return page(call, "application_fee", among=among)


OPERATIONS = [
    Operation(
        "GET",
        "/v1/application_fees",
        list_all,
        accepts({"charge": Text(), "created": Moments()}, lists=True),
    ),
    Operation("GET", "/v1/application_fees/:id", retrieve, accepts()),
]

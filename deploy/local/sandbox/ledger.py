"""The sandbox's books, for whoever compares them with his own: every movement of money."""

from collections.abc import Iterator

from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject


def entries(sandbox: Sandbox) -> list[JsonObject]:
    """Every charge, refund, dispute and fee ever booked, oldest first; amounts are positive.

    Money that came back to the account is `refund_failure` (a refund that failed or was
    cancelled) and `dispute_reversal`; `status` is the state of the thing behind the entry.
    """
    found = [
        *_charges(sandbox),
        *_refunds(sandbox),
        *_disputes(sandbox),
        *_fees(sandbox),
    ]
    return sorted(found, key=lambda entry: int(entry["created"]))


def _line(
    type: str, thing: Entry, charge: Entry | None, *, amount: int, currency: str
) -> JsonObject:
    return {
        "type": type,
        "id": thing.id,
        "charge": None if charge is None else charge.id,
        "payment_intent": None if charge is None else charge.object["payment_intent"],
        "amount": amount,
        "currency": currency,
        "account": thing.account,
        "metadata": thing.object.get("metadata", {}),
        "status": thing.object.get("status"),
        "created": thing.object["created"],
    }


def _charges(sandbox: Sandbox) -> Iterator[JsonObject]:
    for charge in sandbox.world.everything("charge"):
        state = charge.object
        if state["status"] == "succeeded":
            yield _line(
                "charge", charge, charge, amount=state["amount"], currency=state["currency"]
            )


def _refunds(sandbox: Sandbox) -> Iterator[JsonObject]:
    for refund in sandbox.world.everything("refund"):
        state = refund.object
        charge = sandbox.world.get("charge", state["charge"])
        amount, currency = state["amount"], state["currency"]
        yield _line("refund", refund, charge, amount=amount, currency=currency)
        if state["status"] in ("failed", "canceled"):
            yield _line("refund_failure", refund, charge, amount=amount, currency=currency)


def _disputes(sandbox: Sandbox) -> Iterator[JsonObject]:
    for dispute in sandbox.world.everything("dispute"):
        state = dispute.object
        charge = sandbox.world.get("charge", state["charge"])
        for movement in state["balance_transactions"]:
            kind = "dispute" if movement["amount"] < 0 else "dispute_reversal"
            yield _line(kind, dispute, charge, amount=state["amount"], currency=state["currency"])


def _fees(sandbox: Sandbox) -> Iterator[JsonObject]:
    for booking in sandbox.world.everything("balance_transaction"):
        state = booking.object
        charge = _charge_behind(sandbox, state["source"])
        for detail in state["fee_details"]:
            if detail["amount"]:
                yield _line(
                    "fee" if detail["type"] == "stripe_fee" else "application_fee",
                    booking,
                    charge,
                    amount=detail["amount"],
                    currency=detail["currency"],
                ) | {"metadata": {} if charge is None else charge.object["metadata"]}


def _charge_behind(sandbox: Sandbox, source: str) -> Entry | None:
    charge = sandbox.world.find("charge", source)
    if charge is not None:
        return charge
    for kind in ("refund", "dispute"):
        thing = sandbox.world.find(kind, source)
        if thing is not None:
            return sandbox.world.find("charge", thing.object["charge"])
    return None

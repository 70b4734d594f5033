"""Refunds: money going back, at once or after a while, and now and then coming back again."""

from deploy.local.sandbox import cards, money
from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import (
    Choice,
    Email,
    Flag,
    Integer,
    Metadata,
    Moments,
    Text,
    merged_metadata,
)
from deploy.local.sandbox.api.refusals import Refusal, no_such
from deploy.local.sandbox.objects import application_fees, balance
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, new_id

UNFINISHED = ("pending", "requires_action")


def refund(
    sandbox: Sandbox,
    charge: Entry,
    *,
    amount: int | None = None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
    instructions_email: str | None = None,
    refund_application_fee: bool = False,
) -> Entry:
    """Give money back; raises the refusal that the API answers."""
    state = charge.object
    left = _refundable(sandbox, charge)
    asked = left if amount is None else amount
    if asked > left:
        raise Refusal(
            400,
            f"Refund amount ({money.words(asked, state['currency'])}) is greater than unrefunded "
            f"amount on charge ({money.words(left, state['currency'])})",
            param="amount",
            is_stored=True,
        )
    number = charge.hidden["number"]
    story = cards.card(number).refund if number else None
    is_short = sandbox.world.get("account", charge.account).hidden["refunds_pending"]
    is_pending = story == "succeeds_later" or is_short
    entry = sandbox.world.add(
        "refund",
        charge.account,
        {
            "id": new_id("re_3" if state["id"].startswith("ch_") else "pyr_1"),
            "object": "refund",
            "amount": asked,
            "balance_transaction": None,
            "charge": charge.id,
            "created": sandbox.world.clock.seconds(),
            "currency": state["currency"],
            "customer": None,
            "customer_account": None,
            "destination_details": _destination(state),
            "metadata": metadata or {},
            "payment_intent": state["payment_intent"],
            "payment_method": state["payment_method"],
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if is_pending else "succeeded",
            "transfer_reversal": None,
        },
        {"outcome": None if is_short else story, "outcome_due": None},
    )
    if instructions_email is not None:
        entry.object["instructions_email"] = instructions_email
    if is_pending:
        entry.object["pending_reason"] = "insufficient_funds" if is_short else "processing"
    if not is_short:
        _book(sandbox, entry, charge)
    _count(sandbox, charge, asked)
    if refund_application_fee:
        application_fees.give_back(sandbox, charge, asked)
    sandbox.emit("refund.created", charge.account, entry.object)
    sandbox.emit(
        "charge.refunded",
        charge.account,
        state,
        {"amount_refunded": state["amount_refunded"] - asked},
    )
    if entry.hidden["outcome"] is not None:
        entry.hidden["outcome_due"] = sandbox.world.clock.now() + sandbox.settings.refund_delay
        sandbox.world.save(entry)
        resume(sandbox, entry)
    return entry


def resume(sandbox: Sandbox, entry: Entry) -> None:
    """Put the change of mind of a test card on the agenda."""
    if entry.hidden["outcome_due"] is not None and entry.hidden["outcome"] is not None:
        sandbox.world.agenda.add(
            entry.hidden["outcome_due"], lambda: _change_of_mind(sandbox, entry)
        )


def _change_of_mind(sandbox: Sandbox, entry: Entry) -> None:
    outcome, entry.hidden["outcome"] = entry.hidden["outcome"], None
    if outcome == "succeeds_later" and entry.object["status"] in UNFINISHED:
        settle(sandbox, entry, "succeeded")
    elif outcome == "fails_later" and entry.object["status"] == "succeeded":
        settle(sandbox, entry, "failed", failure_reason="expired_or_canceled_card")


def settle(
    sandbox: Sandbox, entry: Entry, status: str, *, failure_reason: str | None = None
) -> None:
    """Move a refund to another state; a failed or cancelled one puts the money back."""
    state = entry.object
    charge = sandbox.world.get("charge", state["charge"])
    previous = {"status": state["status"]}
    state["status"] = status
    state.pop("pending_reason", None)
    if status == "succeeded" and state["balance_transaction"] is None:
        _book(sandbox, entry, charge)
    elif status in ("failed", "canceled"):
        _count(sandbox, charge, -state["amount"])
        if status == "failed":
            state["failure_reason"] = failure_reason or "unknown"
        if state["balance_transaction"] is not None:
            state["failure_balance_transaction"] = balance.book(
                sandbox,
                entry.account,
                type="refund_failure",
                conversion=balance.converted(
                    sandbox, entry.account, state["amount"], state["currency"]
                ),
                source=entry.id,
                description="REFUND FAILURE",
                reporting_category="refund_failure",
            ).id
    sandbox.world.save(entry)
    sandbox.emit("refund.updated", entry.account, state, previous)
    sandbox.emit("charge.refund.updated", entry.account, state, previous)
    if status == "failed":
        sandbox.emit("refund.failed", entry.account, state)


def _refundable(sandbox: Sandbox, charge: Entry) -> int:
    state = charge.object
    if state["status"] != "succeeded":
        raise Refusal(
            400,
            f"This PaymentIntent ({state['payment_intent']}) does not have a successful charge to "
            "refund.",
            is_stored=True,
        )
    for dispute in sandbox.world.where("dispute", charge.account, "charge", charge.id):
        if not dispute.object["is_charge_refundable"]:
            raise Refusal(
                400,
                f"Charge {charge.id} has been charged back; cannot issue a refund.",
                code="charge_disputed",
                is_stored=True,
            )
    left: int = state["amount_captured"] - state["amount_refunded"]
    if left <= 0:
        raise Refusal(
            400,
            f"Charge {charge.id} has already been refunded.",
            code="charge_already_refunded",
            is_stored=True,
        )
    return left


def _destination(charge: JsonObject) -> JsonObject:
    if charge["payment_method_details"]["type"] != "card":
        return {"eu_bank_transfer": {"reference": None, "reference_status": "pending"},
                "type": "eu_bank_transfer"}  # fmt: skip
    return {
        "card": {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "type": "card",
    }


def _book(sandbox: Sandbox, entry: Entry, charge: Entry) -> None:
    state = entry.object
    described = charge.object["description"]
    state["balance_transaction"] = balance.book(
        sandbox,
        entry.account,
        type="refund" if state["id"].startswith("re_") else "payment_refund",
        conversion=balance.converted(sandbox, entry.account, -state["amount"], state["currency"]),
        source=entry.id,
        description="REFUND FOR CHARGE" + (f" ({described})" if described else ""),
        reporting_category="refund",
    ).id
    sandbox.world.save(entry)


def _count(sandbox: Sandbox, charge: Entry, amount: int) -> None:
    state = charge.object
    state["amount_refunded"] += amount
    state["refunded"] = state["amount_refunded"] >= state["amount_captured"]
    sandbox.world.save(charge)


def create(call: Call) -> JsonObject:
    given = call.params
    entry = refund(
        call.sandbox,
        _target(call),
        amount=given.get("amount"),
        reason=given.get("reason"),
        metadata=given.get("metadata"),
        instructions_email=given.get("instructions_email"),
        refund_application_fee=given.get("refund_application_fee", False),
    )
    return entry.object


def _target(call: Call) -> Entry:
    if "charge" not in call.params and "payment_intent" not in call.params:
        raise Refusal(
            400,
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
        )
    if "charge" in call.params:
        charge = call.world.find("charge", call.params["charge"], call.account)
        if charge is None:
            raise no_such("charge", call.params["charge"], is_stored=True)
        return charge
    intent = call.world.find("payment_intent", call.params["payment_intent"], call.account)
    if intent is None:
        raise no_such(
            "payment_intent", call.params["payment_intent"], param="payment_intent", is_stored=True
        )
    charge_id = intent.object["latest_charge"]
    if charge_id is None:
        raise Refusal(
            400,
            f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
            is_stored=True,
        )
    return call.world.get("charge", charge_id)


def retrieve(call: Call) -> JsonObject:
    return call.entry("refund", "refund", param="refund").object


def list_all(call: Call) -> JsonObject:
    among = None
    for name in ("charge", "payment_intent"):
        if name in call.params:
            among = call.world.where("refund", call.account, name, call.params[name])
    return page(call, "refund", among=among)


def update(call: Call) -> JsonObject:
    entry = call.entry("refund", "refund", param="refund")
    before = entry.object["metadata"]
    entry.object["metadata"] = merged_metadata(before, call.params.get("metadata"))
    if entry.object["metadata"] != before:
        call.world.save(entry)
        call.sandbox.emit("refund.updated", call.account, entry.object, {"metadata": before})
    return entry.object


def cancel(call: Call) -> JsonObject:
    entry = call.entry("refund", "refund", param="refund")
    if entry.object["status"] not in UNFINISHED:
        raise Refusal(400, "Canceling this refund is unsupported.", is_stored=True)
    entry.hidden["outcome"] = None
    settle(call.sandbox, entry, "canceled")
    return entry.object


_CREATE = accepts(
    {
        "amount": Integer(1),
        "charge": Text(),
        "instructions_email": Email(),
        "metadata": Metadata(),
        "payment_intent": Text(),
        "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
        "refund_application_fee": Flag(),
    },
    unplayed=("currency", "customer", "origin", "reverse_transfer"),
)

OPERATIONS = [
    Operation("POST", "/v1/refunds", create, _CREATE),
    Operation(
        "GET",
        "/v1/refunds",
        list_all,
        accepts({"charge": Text(), "created": Moments(), "payment_intent": Text()}, lists=True),
    ),
    Operation("GET", "/v1/refunds/:id", retrieve, accepts()),
    Operation("POST", "/v1/refunds/:id", update, accepts({"metadata": Metadata()})),
    Operation("POST", "/v1/refunds/:id/cancel", cancel, accepts()),
]

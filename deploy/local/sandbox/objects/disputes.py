"""Disputes: a cardholder asks the bank for the money back, and the bank decides."""

from deploy.local.sandbox import money
from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import (
    Flag,
    Metadata,
    Moments,
    Record,
    Text,
    merged_metadata,
)
from deploy.local.sandbox.api.refusals import Refusal
from deploy.local.sandbox.objects import balance
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, new_id

_DAY = 86_400

# What the payer's bank calls the reason.
_NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6.1"}
REASONS = (
    "fraudulent",
    "product_not_received",
    "product_unacceptable",
    "duplicate",
    "subscription_canceled",
    "credit_not_processed",
    "unrecognized",
    "general",
)
STATES = (
    "needs_response",
    "under_review",
    "won",
    "lost",
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "prevented",
    "appeal_needs_response",
    "appeal_under_review",
)
CLOSED = ("won", "lost", "warning_closed", "prevented")

_EVIDENCE_TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
_EVIDENCE_FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
# docs.stripe.com/testing: these texts decide a test dispute.
_MAGIC = {
    "winning_evidence": "won",
    "losing_evidence": "lost",
    "escalate_inquiry_evidence": "needs_response",
}


def open_for(
    sandbox: Sandbox,
    charge: Entry,
    reason: str = "fraudulent",
    *,
    is_inquiry: bool = False,
    amount: int | None = None,
) -> Entry:
    """A new dispute over what the charge still holds; an inquiry takes no money yet."""
    now = sandbox.world.clock.seconds()
    state = charge.object
    disputed = amount or state["amount_captured"]
    details = state["payment_method_details"]
    brand = details["card"]["brand"] if details["type"] == "card" else "visa"
    dispute = sandbox.world.add(
        "dispute",
        charge.account,
        {
            "id": new_id("du_1"),
            "object": "dispute",
            "amount": disputed,
            "balance_transactions": [],
            "charge": charge.id,
            "created": now,
            "currency": state["currency"],
            "enhanced_eligibility_types": [],
            "evidence": dict.fromkeys((*_EVIDENCE_TEXTS, *_EVIDENCE_FILES))
            | {"enhanced_evidence": {}},
            "evidence_details": {
                "due_by": (now // _DAY + 9) * _DAY - 1,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": is_inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": state["payment_intent"],
            "payment_method_details": {
                "card": {
                    "brand": brand,
                    "case_type": "inquiry" if is_inquiry else "chargeback",
                    "network": brand,
                    "network_reason_code": (
                        "10" if is_inquiry else _NETWORK_REASONS.get(reason, "10.4")
                    ),
                },
                "type": "card",
            },
            "reason": reason,
            "status": "warning_needs_response" if is_inquiry else "needs_response",
        },
    )
    state["disputed"] = True
    sandbox.world.save(charge)
    if not is_inquiry:
        _withdraw(sandbox, dispute)
    sandbox.emit("charge.dispute.created", charge.account, dispute.object)
    if not is_inquiry:
        sandbox.emit("charge.dispute.funds_withdrawn", charge.account, dispute.object)
    return dispute


def decide(sandbox: Sandbox, dispute: Entry, status: str) -> None:
    """Move a dispute to its next or last state, with the money that goes with it."""
    state = dispute.object
    was_inquiry = state["status"].startswith("warning")
    previous = {"status": state["status"]}
    state["status"] = status
    state["is_charge_refundable"] = status in ("won", "warning_closed") or status.startswith(
        "warning"
    )
    has_withdrawn = has_reinstated = False
    if status == "won" and not was_inquiry:
        _reinstate(sandbox, dispute)
        has_reinstated = True
    elif status in ("needs_response", "lost") and was_inquiry:
        state["payment_method_details"]["card"]["case_type"] = "chargeback"
        _withdraw(sandbox, dispute)
        has_withdrawn = True
    sandbox.world.save(dispute)
    is_closed = status in CLOSED
    kind = "charge.dispute.closed" if is_closed else "charge.dispute.updated"
    if has_withdrawn:
        sandbox.emit("charge.dispute.funds_withdrawn", dispute.account, state)
    if has_reinstated:
        sandbox.emit("charge.dispute.funds_reinstated", dispute.account, state)
    sandbox.emit(kind, dispute.account, state, None if is_closed else previous)


def is_open(dispute: Entry) -> bool:
    return dispute.object["status"] not in CLOSED


def _withdraw(sandbox: Sandbox, dispute: Entry) -> None:
    state = dispute.object
    conversion = balance.converted(sandbox, dispute.account, -state["amount"], state["currency"])
    fee = balance.fixed_fee(sandbox, dispute.account, money.DISPUTE_FEE)
    _move(
        sandbox,
        dispute,
        conversion,
        description=f"Chargeback withdrawal for {state['charge']}",
        reporting_category="dispute",
        fees=[balance.fee_detail(fee, conversion.currency, "Dispute fee")],
    )


def _reinstate(sandbox: Sandbox, dispute: Entry) -> None:
    """The money comes back; the fee does not."""
    state = dispute.object
    _move(
        sandbox,
        dispute,
        balance.converted(sandbox, dispute.account, state["amount"], state["currency"]),
        description=f"Chargeback reversal for {state['charge']}",
        reporting_category="dispute_reversal",
        fees=[],
    )


def _move(
    sandbox: Sandbox,
    dispute: Entry,
    conversion: money.Conversion,
    *,
    description: str,
    reporting_category: str,
    fees: list[JsonObject],
) -> None:
    booking = balance.book(
        sandbox,
        dispute.account,
        type="adjustment",
        conversion=conversion,
        source=dispute.id,
        description=description,
        reporting_category=reporting_category,
        fees=fees,
    )
    dispute.object["balance_transactions"].append(booking.object)
    sandbox.world.save(dispute)


def retrieve(call: Call) -> JsonObject:
    return call.entry("dispute", "dispute", param="dispute").object


def list_all(call: Call) -> JsonObject:
    among = None
    for name in ("charge", "payment_intent"):
        if name in call.params:
            among = call.world.where("dispute", call.account, name, call.params[name])
    return page(call, "dispute", among=among)


def _open_entry(call: Call) -> Entry:
    dispute = call.entry("dispute", "dispute", param="dispute")
    if not is_open(dispute):
        raise Refusal(400, "This dispute is already closed", is_stored=True)
    return dispute


def update(call: Call) -> JsonObject:
    dispute = _open_entry(call)
    state = dispute.object
    state["metadata"] = merged_metadata(state["metadata"], call.params.get("metadata"))
    evidence = call.params.get("evidence")
    if evidence is None:
        call.world.save(dispute)
        call.sandbox.emit("charge.dispute.updated", call.account, state)
        return state
    state["evidence"].update(evidence)
    details = state["evidence_details"]
    details["has_evidence"] = True
    if call.params.get("submit", True):
        details["submission_count"] += 1
        details["submission_method"] = "manual"
        under_review = (
            "warning_under_review" if state["status"].startswith("warning") else "under_review"
        )
        decide(
            call.sandbox, dispute, _MAGIC.get(evidence.get("uncategorized_text", ""), under_review)
        )
    else:
        call.world.save(dispute)
        call.sandbox.emit("charge.dispute.updated", call.account, state)
    return state


def close(call: Call) -> JsonObject:
    """Accept the dispute: it is lost at once."""
    dispute = _open_entry(call)
    is_inquiry = dispute.object["status"].startswith("warning")
    decide(call.sandbox, dispute, "warning_closed" if is_inquiry else "lost")
    return dispute.object


_UPDATE = accepts(
    {
        "evidence": Record(
            {name: Text(20_000, may_be_unset=True) for name in _EVIDENCE_TEXTS},
            unplayed=frozenset((*_EVIDENCE_FILES, "enhanced_evidence", "appeal")),
        ),
        "metadata": Metadata(),
        "submit": Flag(),
    },
    unplayed=("intended_submission_method",),
)

OPERATIONS = [
    Operation(
        "GET",
        "/v1/disputes",
        list_all,
        accepts({"charge": Text(), "created": Moments(), "payment_intent": Text()}, lists=True),
    ),
    Operation("GET", "/v1/disputes/:id", retrieve, accepts()),
    Operation("POST", "/v1/disputes/:id", update, _UPDATE),
    Operation("POST", "/v1/disputes/:id/close", close, accepts()),
]

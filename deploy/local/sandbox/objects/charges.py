"""Charges: one attempt to take money with a payment method, and its settlement afterwards."""

from deploy.local.sandbox import cards, money
from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Metadata, Moments, Text, merged_metadata
from deploy.local.sandbox.objects import balance
from deploy.local.sandbox.sandbox import CLIENT_ID, Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject, new_id


def add(
    sandbox: Sandbox,
    intent: Entry,
    method: Entry,
    *,
    status: str,
    decline: cards.Decline | None = None,
    was_authenticated: bool = False,
) -> Entry:
    """The record of one attempt: succeeded, pending (bank debit) or failed."""
    asked, now = intent.object, sandbox.world.clock.seconds()
    has_failed = status == "failed"
    details = _payment_method_details(method, asked["amount"], has_failed, was_authenticated)
    charge_id = new_id("ch_3" if method.object["type"] == "card" else "py_3")
    return sandbox.world.add(
        "charge",
        intent.account,
        {
            "id": charge_id,
            "object": "charge",
            "amount": asked["amount"],
            "amount_captured": 0 if has_failed else asked["amount"],
            "amount_refunded": 0,
            "application": asked["application"],
            "application_fee": None,
            "application_fee_amount": asked["application_fee_amount"],
            "balance_transaction": None,
            "billing_details": method.object["billing_details"],
            "calculated_statement_descriptor": "SANDBOX EVENTS",
            "captured": not has_failed,
            "created": now,
            "currency": asked["currency"],
            "customer": None,
            "description": asked["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": decline.code if decline else None,
            "failure_message": decline.message if decline else None,
            "fraud_details": {},
            "livemode": False,
            "metadata": dict(asked["metadata"]),
            "on_behalf_of": None,
            "outcome": _outcome(status, decline),
            "paid": not has_failed,
            "payment_intent": intent.id,
            "payment_method": method.id,
            "payment_method_details": details,
            "radar_options": {},
            "receipt_email": asked["receipt_email"],
            "receipt_number": None,
            "receipt_url": f"{sandbox.base_url}/receipts/{charge_id}",
            "refunded": False,
            "review": None,
            "shipping": asked["shipping"],
            "source_transfer": None,
            "statement_descriptor": asked["statement_descriptor"],
            "statement_descriptor_suffix": asked["statement_descriptor_suffix"],
            "status": status,
            "transfer_data": None,
            "transfer_group": None,
        },
        {"number": method.hidden.get("number"), "settles_at": None},
    )


def _outcome(status: str, decline: cards.Decline | None) -> JsonObject | None:
    if status == "pending":
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "not_assessed",
            "seller_message": "Payment is processing.",
            "type": "authorized",
        }
    return {
        "advice_code": "try_again_later" if decline else None,
        "network_advice_code": None,
        "network_decline_code": "01" if decline else None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": (decline.decline_code or decline.code) if decline else None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": (
            "The bank did not return any further details with this decline."
            if decline
            else "Payment complete."
        ),
        "type": "issuer_declined" if decline else "authorized",
    }


def _payment_method_details(
    method: Entry, amount: int, has_failed: bool, was_authenticated: bool
) -> JsonObject:
    if method.object["type"] == "sepa_debit":
        debit = method.object["sepa_debit"]
        names = ("bank_code", "branch_code", "country", "fingerprint", "last4")
        return {
            "sepa_debit": {name: debit[name] for name in names}
            | {"expected_debit_date": None, "mandate": None},
            "type": "sepa_debit",
        }
    card = method.object["card"]
    three_d_secure = None
    if was_authenticated:
        three_d_secure = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": new_id("", 36),
            "version": "2.2.0",
        }
    return {
        "card": {
            "amount_authorized": None if has_failed else amount,
            "authorization_code": None if has_failed else new_id("", 6).upper(),
            "brand": card["brand"],
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": cards.card(method.hidden["number"]).cvc_check,
            },
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "extended_authorization": {"status": "disabled"},
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card["brand"],
            "network_token": {"used": False},
            "network_transaction_id": None if has_failed else new_id("", 15),
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": three_d_secure,
            "transaction_link_id": None,
            "wallet": None,
        },
        "type": "card",
    }


def plan_settlement(sandbox: Sandbox, charge: Entry) -> None:
    """Book the charge a moment later: until then its balance transaction is null."""
    delay = sandbox.settings.settlement_delay
    charge.hidden["settles_at"] = sandbox.world.clock.now() + delay
    sandbox.world.save(charge)
    resume(sandbox, charge)


def resume(sandbox: Sandbox, charge: Entry) -> None:
    """Put what is still to happen to a charge on the agenda."""
    if charge.hidden["settles_at"] is not None and charge.object["balance_transaction"] is None:
        sandbox.world.agenda.add(charge.hidden["settles_at"], lambda: settle(sandbox, charge))


def settle(sandbox: Sandbox, charge: Entry) -> None:
    """Book the charge with its fees, once; `charge.updated` carries the balance transaction."""
    state = charge.object
    if state["balance_transaction"] is not None or state["status"] != "succeeded":
        return
    conversion = balance.converted(sandbox, charge.account, state["amount"], state["currency"])
    fees = [
        balance.fee_detail(
            money.processing_fee(conversion.amount, conversion.currency),
            conversion.currency,
            "Stripe processing fees",
        )
    ]
    previous: JsonObject = {"balance_transaction": None}
    if state["application_fee_amount"]:
        previous["application_fee"] = None
        fees.append(_take_application_fee(sandbox, charge))
    state["balance_transaction"] = balance.book(
        sandbox,
        charge.account,
        type="charge" if state["id"].startswith("ch_") else "payment",
        conversion=conversion,
        source=charge.id,
        description=state["description"],
        reporting_category="charge",
        fees=fees,
    ).id
    sandbox.world.save(charge)
    sandbox.emit("charge.updated", charge.account, state, previous)


def _take_application_fee(sandbox: Sandbox, charge: Entry) -> JsonObject:
    """The platform's share, booked on the platform's own balance."""
    state = charge.object
    amount, currency = state["application_fee_amount"], state["currency"]
    fee_id = new_id("fee_1")
    booking = balance.book(
        sandbox,
        PLATFORM,
        type="application_fee",
        conversion=balance.converted(sandbox, PLATFORM, amount, currency),
        source=fee_id,
        description=f"Application fee from {charge.account}",
        reporting_category="platform_earning",
    )
    fee = sandbox.world.add(
        "application_fee",
        PLATFORM,
        {
            "id": fee_id,
            "object": "application_fee",
            "account": charge.account,
            "amount": amount,
            "amount_refunded": 0,
            "application": CLIENT_ID,
            "balance_transaction": booking.id,
            "charge": charge.id,
            "created": sandbox.world.clock.seconds(),
            "currency": currency,
            "fee_source": {"charge": charge.id, "type": "charge"},
            "livemode": False,
            "originating_transaction": None,
            "refunded": False,
            "refunds": {
                "object": "list",
                "data": [],
                "has_more": False,
                "url": f"/v1/application_fees/{fee_id}/refunds",
            },
        },
    )
    state["application_fee"] = fee.id
    sandbox.emit("application_fee.created", PLATFORM, fee.object)
    converted = balance.converted(sandbox, charge.account, amount, currency)
    return balance.fee_detail(
        converted.amount, converted.currency, "Sandbox Events application fee", CLIENT_ID
    )


def retrieve(call: Call) -> JsonObject:
    return call.entry("charge", "charge").object


def list_all(call: Call) -> JsonObject:
    intent = call.params.get("payment_intent")
    among = None
    if intent is not None:
        among = call.world.where("charge", call.account, "payment_intent", intent)
    return page(call, "charge", among=among)


def update(call: Call) -> JsonObject:
    entry = call.entry("charge", "charge")
    previous: JsonObject = {}
    for name in ("description", "receipt_email"):
        if name in call.params and call.params[name] != entry.object[name]:
            previous[name] = entry.object[name]
            entry.object[name] = call.params[name]
    metadata = merged_metadata(entry.object["metadata"], call.params.get("metadata"))
    if metadata != entry.object["metadata"]:
        previous["metadata"] = entry.object["metadata"]
        entry.object["metadata"] = metadata
    if previous:
        call.world.save(entry)
        call.sandbox.emit("charge.updated", call.account, entry.object, previous)
    return entry.object


OPERATIONS = [
    Operation(
        "GET",
        "/v1/charges",
        list_all,
        accepts(
            {"created": Moments(), "payment_intent": Text()},
            unplayed=("customer", "transfer_group"),
            lists=True,
        ),
    ),
    Operation("GET", "/v1/charges/:id", retrieve, accepts()),
    Operation(
        "POST",
        "/v1/charges/:id",
        update,
        accepts(
            {
                "description": Text(may_be_unset=True),
                "receipt_email": Text(may_be_unset=True),
                "metadata": Metadata(),
            },
            unplayed=("customer", "fraud_details", "shipping", "transfer_group"),
        ),
    ),
]

"""Confirming a payment intent: the bank pays, declines, asks for 3-D Secure, or takes its time."""

from dataclasses import dataclass
from enum import Enum

from deploy.local.sandbox import cards
from deploy.local.sandbox.objects import charges, disputes
from deploy.local.sandbox.objects.payment_methods import IBANS
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, new_id

AUTHENTICATION_FAILED = cards.Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again.",
)
AUTHENTICATION_REQUIRED = cards.Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)


class Verdict(Enum):
    SUCCEEDED = "succeeded"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    charge: Entry | None = None
    decline: cards.Decline | None = None


def confirm(
    sandbox: Sandbox,
    intent: Entry,
    method: Entry,
    *,
    was_authenticated: bool = False,
    may_ask: bool = True,
    return_url: str | None = None,
) -> Outcome:
    """Try to take the money; every change is made and told before this returns."""
    if method.object["type"] == "sepa_debit":
        return _debit(sandbox, intent, method)
    card = cards.card(method.hidden["number"])
    if card.needs_authentication and not was_authenticated:
        if not may_ask:
            return _fail(sandbox, intent, method, AUTHENTICATION_REQUIRED)
        return _ask_for_authentication(sandbox, intent, method, return_url)
    if card.decline is not None:
        charge = charges.add(sandbox, intent, method, status="failed", decline=card.decline)
        sandbox.emit("charge.failed", intent.account, charge.object)
        return _fail(sandbox, intent, method, card.decline, charge)
    charge = charges.add(
        sandbox, intent, method, status="succeeded", was_authenticated=was_authenticated
    )
    _take(intent, method, charge)
    sandbox.world.save(intent)
    sandbox.emit("charge.succeeded", intent.account, charge.object)
    if card.dispute is not None:
        disputes.open_for(sandbox, charge, card.dispute, is_inquiry=card.is_inquiry)
    sandbox.emit("payment_intent.succeeded", intent.account, intent.object)
    charges.plan_settlement(sandbox, charge)
    return Outcome(Verdict.SUCCEEDED, charge)


def fail_authentication(sandbox: Sandbox, intent: Entry) -> Outcome:
    """The payer did not pass the 3-D Secure challenge; nothing was charged."""
    method = sandbox.world.get("payment_method", intent.object["payment_method"])
    return _fail(sandbox, intent, method, AUTHENTICATION_FAILED)


def cancel(sandbox: Sandbox, intent: Entry, reason: str | None) -> None:
    state = intent.object
    state.update(
        status="canceled",
        canceled_at=sandbox.world.clock.seconds(),
        cancellation_reason=reason,
        next_action=None,
        amount_capturable=0,
    )
    sandbox.world.save(intent)
    sandbox.emit("payment_intent.canceled", intent.account, state)


def finish_debit(sandbox: Sandbox, intent: Entry, *, succeeds: bool) -> Outcome | None:
    """The bank's answer to a debit, once; None if it was answered before."""
    if intent.object["status"] != "processing":
        return None
    charge = sandbox.world.get("charge", intent.object["latest_charge"])
    method = sandbox.world.get("payment_method", intent.object["payment_method"])
    if succeeds:
        charge.object.update(status="succeeded", paid=True)
        sandbox.world.save(charge)
        _take(intent, method, charge)
        sandbox.world.save(intent)
        sandbox.emit("charge.succeeded", intent.account, charge.object)
        sandbox.emit("payment_intent.succeeded", intent.account, intent.object)
        charges.plan_settlement(sandbox, charge)
        return Outcome(Verdict.SUCCEEDED, charge)
    decline = cards.Decline(
        "debit_not_authorized", None, "The customer has notified their bank about this payment."
    )
    charge.object.update(
        status="failed",
        paid=False,
        captured=False,
        amount_captured=0,
        failure_code=decline.code,
        failure_message=decline.message,
    )
    sandbox.world.save(charge)
    sandbox.emit("charge.failed", intent.account, charge.object)
    return _fail(sandbox, intent, method, decline, charge)


def _take(intent: Entry, method: Entry, charge: Entry) -> None:
    intent.object.update(
        status="succeeded",
        amount_received=intent.object["amount"],
        latest_charge=charge.id,
        payment_method=method.id,
        next_action=None,
        last_payment_error=None,
    )


def _debit(sandbox: Sandbox, intent: Entry, method: Entry) -> Outcome:
    charge = charges.add(sandbox, intent, method, status="pending")
    intent.object.update(
        status="processing",
        latest_charge=charge.id,
        payment_method=method.id,
        last_payment_error=None,
    )
    intent.hidden["debit_due"] = sandbox.world.clock.now() + sandbox.settings.bank_debit_delay
    intent.hidden["debit_succeeds"] = IBANS.get(method.hidden["iban"], True)
    sandbox.world.save(intent)
    sandbox.emit("charge.pending", intent.account, charge.object)
    sandbox.emit("payment_intent.processing", intent.account, intent.object)
    return Outcome(Verdict.PROCESSING, charge)


def _ask_for_authentication(
    sandbox: Sandbox, intent: Entry, method: Entry, return_url: str | None
) -> Outcome:
    challenge = f"{sandbox.base_url}/3ds/{intent.id}"
    next_action: JsonObject
    if return_url is None:
        next_action = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": challenge},
        }
    else:
        next_action = {
            "redirect_to_url": {"return_url": return_url, "url": challenge},
            "type": "redirect_to_url",
        }
    intent.object.update(
        status="requires_action", payment_method=method.id, next_action=next_action
    )
    sandbox.world.save(intent)
    sandbox.emit("payment_intent.requires_action", intent.account, intent.object)
    return Outcome(Verdict.REQUIRES_ACTION)


def _fail(
    sandbox: Sandbox,
    intent: Entry,
    method: Entry,
    decline: cards.Decline,
    charge: Entry | None = None,
) -> Outcome:
    intent.object.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=payment_error(method, decline, charge),
    )
    if charge is not None:
        intent.object["latest_charge"] = charge.id
    sandbox.world.save(intent)
    sandbox.emit("payment_intent.payment_failed", intent.account, intent.object)
    return Outcome(Verdict.DECLINED, charge, decline)


def payment_error(method: Entry, decline: cards.Decline, charge: Entry | None) -> JsonObject:
    error: JsonObject = {
        "code": decline.code,
        "doc_url": "https://docs.stripe.com/error-codes/" + decline.code.replace("_", "-"),
        "message": decline.message,
        "payment_method": dict(method.object),
        "payment_method_type": method.object["type"],
        "type": "card_error" if method.object["type"] == "card" else "invalid_request_error",
    }
    if charge is not None:
        error["charge"] = charge.id
        error["advice_code"] = "try_again_later"
        error["network_decline_code"] = "01"
    if decline.decline_code is not None:
        error["decline_code"] = decline.decline_code
    if decline is AUTHENTICATION_FAILED:
        error["type"] = "invalid_request_error"
    return error


def new_intent(
    sandbox: Sandbox,
    account: str,
    *,
    amount: int,
    currency: str,
    application: str | None,
    hidden: JsonObject,
    **given: object,
) -> Entry:
    """A payment intent that waits for a payment method, and its event."""
    intent_id = new_id("pi_3")
    intent = sandbox.world.add(
        "payment_intent",
        account,
        {
            "id": intent_id,
            "object": "payment_intent",
            "allowed_payment_method_types": None,
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": application,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": f"{intent_id}_secret_{new_id('', 25)}",
            "confirmation_method": "automatic",
            "created": sandbox.world.clock.seconds(),
            "currency": currency,
            "customer": None,
            "customer_account": None,
            "description": None,
            "excluded_payment_method_types": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "managed_payments": {"enabled": False},
            "metadata": {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {
                "card": {
                    "installments": None,
                    "mandate_options": None,
                    "network": None,
                    "request_three_d_secure": "automatic",
                }
            },
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
            **given,
        },
        hidden,
    )
    sandbox.emit("payment_intent.created", account, intent.object)
    return intent

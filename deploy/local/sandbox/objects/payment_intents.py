"""Payment intents as the API offers them: create, confirm, read, update and cancel."""

from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.method_types import METHOD_TYPES
from deploy.local.sandbox.api.operations import SHIPPING, Call, Operation, accepts, shipping
from deploy.local.sandbox.api.parameters import (
    Choice,
    Email,
    Flag,
    Integer,
    Kind,
    Many,
    Metadata,
    Moments,
    Record,
    Removed,
    Text,
    Unused,
    Url,
    merged_metadata,
)
from deploy.local.sandbox.api.refusals import Refusal
from deploy.local.sandbox.objects import accounts, amounts, confirmation, payment_methods
from deploy.local.sandbox.objects.confirmation import Outcome, Verdict
from deploy.local.sandbox.sandbox import CLIENT_ID
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELLABLE = (*CONFIRMABLE, "requires_capture", "processing")

_DESCRIPTIVE: dict[str, Kind] = {
    "description": Text(1000, may_be_unset=True),
    "metadata": Metadata(),
    "receipt_email": Email(may_be_unset=True),
    "statement_descriptor": Text(22, may_be_unset=True),
    "statement_descriptor_suffix": Text(22, may_be_unset=True),
}
_UNPLAYED = (
    "amount_details",
    "hooks",
    "payment_details",
    "payment_method_data",
    "setup_future_usage",
)
_UNPLAYED_AT_FIRST = (
    *_UNPLAYED,
    "confirmation_token",
    "customer",
    "customer_account",
    "mandate",
    "mandate_data",
    "on_behalf_of",
    "payment_method_configuration",
    "radar_options",
    "transfer_data",
    "transfer_group",
    "use_stripe_sdk",
)
_METHOD_OPTIONS = Record(
    {
        "card": Record(
            {"request_three_d_secure": Choice(("any", "automatic", "challenge"))},
            unplayed=frozenset(
                (
                    "capture_method",
                    "cvc_token",
                    "installments",
                    "mandate_options",
                    "moto",
                    "network",
                    "request_extended_authorization",
                    "request_incremental_authorization",
                    "request_multicapture",
                    "request_overcapture",
                    "require_cvc_recollection",
                    "setup_credential_usage",
                    "setup_future_usage",
                    "statement_descriptor_suffix_kana",
                    "statement_descriptor_suffix_kanji",
                    "stored_credential_usage",
                    "three_d_secure",
                )
            ),
        )
    },
    unplayed=frozenset(METHOD_TYPES),
)
_CAPTURE = Choice(("automatic", "automatic_async"), unplayed=("manual",))
_METHOD_TYPES = Many(Text())
_REMOVED = Removed(
    "payment_method_types_no_longer_supported",
    "Use allowed_payment_method_types or excluded_payment_method_types instead.",
)

_CREATE = accepts(
    {
        **_DESCRIPTIVE,
        "amount": Integer(1, is_required=True),
        "currency": Text(3, is_required=True),
        "application_fee_amount": Integer(0),
        "allowed_payment_method_types": _METHOD_TYPES,
        "excluded_payment_method_types": _METHOD_TYPES,
        "automatic_payment_methods": Record(
            {"enabled": Flag(is_required=True), "allow_redirects": Choice(("always", "never"))}
        ),
        "capture_method": _CAPTURE,
        "confirm": Flag(),
        "confirmation_method": Choice(("automatic",), unplayed=("manual",)),
        "error_on_requires_action": Flag(),
        "off_session": Unused(),
        "payment_method": Text(),
        "payment_method_types": _REMOVED,
        "payment_method_options": _METHOD_OPTIONS,
        "return_url": Url(),
        "shipping": SHIPPING,
    },
    unplayed=_UNPLAYED_AT_FIRST,
)


def create(call: Call) -> JsonObject:
    given = call.params
    accounts.require_charges(call)
    currency = amounts.currency(given["currency"], "currency")
    amounts.check_exact(given["amount"], currency, "amount")
    amounts.check_range(call.sandbox, call.account, given["amount"], currency, total=False)
    fee = given.get("application_fee_amount")
    amounts.check_application_fee(call.account, fee, given["amount"], "application_fee_amount")
    is_confirmed = given.get("confirm", False)
    for name in ("off_session", "error_on_requires_action", "return_url"):
        if name in given and not is_confirmed:
            raise Refusal(
                400,
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless "
                "`confirm` is set to true.",
                param=name,
            )
    method = None
    if "payment_method" in given:
        method = payment_methods.resolve(call.sandbox, call.account, given["payment_method"])
    automatic = given.get("automatic_payment_methods")
    intent = confirmation.new_intent(
        call.sandbox,
        call.account,
        amount=given["amount"],
        currency=currency,
        application=None if call.account == PLATFORM else CLIENT_ID,
        hidden={"session": None},
        application_fee_amount=fee,
        allowed_payment_method_types=given.get("allowed_payment_method_types"),
        excluded_payment_method_types=given.get("excluded_payment_method_types"),
        automatic_payment_methods=(
            {"allow_redirects": "always", "enabled": True}
            if automatic is None
            else {"allow_redirects": "always", **automatic}
        ),
        description=given.get("description"),
        metadata=given.get("metadata", {}),
        payment_method=None if method is None else method.id,
        receipt_email=given.get("receipt_email"),
        shipping=shipping(given.get("shipping")),
        statement_descriptor=given.get("statement_descriptor"),
        statement_descriptor_suffix=given.get("statement_descriptor_suffix"),
        status="requires_payment_method" if method is None else "requires_confirmation",
    )
    if is_confirmed:
        return _confirmed(call, intent, method)
    return intent.object


def _confirmed(call: Call, intent: Entry, method: Entry | None) -> JsonObject:
    if method is None:
        raise Refusal(
            400,
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
            is_stored=True,
            payment_intent=intent.object,
        )
    may_ask = not call.params.get("error_on_requires_action", False)
    outcome = confirmation.confirm(
        call.sandbox,
        intent,
        method,
        may_ask=may_ask and call.params.get("off_session") in (None, "false"),
        return_url=call.params.get("return_url"),
    )
    if outcome.verdict is Verdict.DECLINED:
        raise declined(intent, outcome)
    return intent.object


def declined(intent: Entry, outcome: Outcome) -> Refusal:
    """The 402 of a declined card; its records stay."""
    decline = outcome.decline
    assert decline is not None
    return Refusal(
        402,
        decline.message,
        type="card_error",
        code=decline.code,
        decline_code=decline.decline_code,
        advice_code="try_again_later" if outcome.charge is not None else None,
        network_decline_code="01" if outcome.charge is not None else None,
        charge=None if outcome.charge is None else outcome.charge.id,
        payment_intent=dict(intent.object),
        payment_method=intent.object["last_payment_error"]["payment_method"],
        is_stored=True,
    )


def _entry(call: Call) -> Entry:
    return call.entry("payment_intent", "payment_intent", param="intent")


def _unexpected_state(intent: Entry, message: str) -> Refusal:
    return Refusal(
        400,
        message,
        code="payment_intent_unexpected_state",
        is_stored=True,
        payment_intent=dict(intent.object),
    )


def _refuse_checkouts(intent: Entry, verb: str) -> None:
    if intent.hidden["session"] is not None:
        raise Refusal(
            400,
            f"You cannot {verb} this PaymentIntent because it was created by Checkout. Use the "
            "Checkout Session instead.",
            is_stored=True,
        )


def confirm(call: Call) -> JsonObject:
    intent = _entry(call)
    _refuse_checkouts(intent, "confirm")
    status = intent.object["status"]
    if status not in CONFIRMABLE:
        raise _unexpected_state(
            intent,
            f"This PaymentIntent could not be confirmed because it has a status of {status}. Only "
            "a PaymentIntent with one of the following statuses may be confirmed: "
            f"{', '.join(CONFIRMABLE)}.",
        )
    method_id = call.params.get("payment_method") or intent.object["payment_method"]
    method = None
    if method_id is not None:
        method = payment_methods.resolve(call.sandbox, call.account, method_id)
    if "receipt_email" in call.params:
        intent.object["receipt_email"] = call.params["receipt_email"]
    return _confirmed(call, intent, method)


def cancel(call: Call) -> JsonObject:
    intent = _entry(call)
    _refuse_checkouts(intent, "cancel")
    status = intent.object["status"]
    if status not in CANCELLABLE:
        raise _unexpected_state(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {status}. Only a "
            "PaymentIntent with one of the following statuses may be canceled: "
            f"{', '.join(CANCELLABLE)}.",
        )
    confirmation.cancel(call.sandbox, intent, call.params.get("cancellation_reason"))
    return intent.object


def retrieve(call: Call) -> JsonObject:
    return _entry(call).object


def update(call: Call) -> JsonObject:
    intent = _entry(call)
    state = intent.object
    if "amount" in call.params and state["status"] not in CONFIRMABLE:
        raise _unexpected_state(
            intent,
            "This PaymentIntent's amount could not be updated because it has a status of "
            f"{state['status']}. You may only update the amount of a PaymentIntent with one of "
            f"the following statuses: {', '.join(CONFIRMABLE)}.",
        )
    if "amount" in call.params:
        amounts.check_exact(call.params["amount"], state["currency"], "amount")
        amounts.check_range(
            call.sandbox, call.account, call.params["amount"], state["currency"], total=False
        )
        state["amount"] = call.params["amount"]
    for name in _DESCRIPTIVE:
        if name in call.params and name != "metadata":
            state[name] = call.params[name]
    state["metadata"] = merged_metadata(state["metadata"], call.params.get("metadata"))
    if "payment_method" in call.params:
        method = payment_methods.resolve(call.sandbox, call.account, call.params["payment_method"])
        state["payment_method"] = method.id
        if state["status"] == "requires_payment_method":
            state["status"] = "requires_confirmation"
    call.world.save(intent)
    return state


def list_all(call: Call) -> JsonObject:
    return page(call, "payment_intent")


_LIST = accepts({"created": Moments()}, unplayed=("customer", "customer_account"), lists=True)
_CONFIRM = accepts(
    {
        "error_on_requires_action": Flag(),
        "off_session": Unused(),
        "payment_method": Text(),
        "receipt_email": Email(may_be_unset=True),
        "return_url": Url(),
        "capture_method": _CAPTURE,
    },
    unplayed=(
        *_UNPLAYED,
        "allowed_payment_method_types",
        "amount_to_confirm",
        "confirmation_token",
        "excluded_payment_method_types",
        "mandate",
        "mandate_data",
        "payment_method_options",
        "radar_options",
        "shipping",
        "use_stripe_sdk",
    ),
)
_CANCEL = accepts(
    {
        "cancellation_reason": Choice(
            ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
        )
    }
)
_UPDATE = accepts(
    {**_DESCRIPTIVE, "amount": Integer(1), "payment_method": Text()},
    unplayed=(
        *_UNPLAYED,
        "allowed_payment_method_types",
        "application_fee_amount",
        "capture_method",
        "currency",
        "customer",
        "customer_account",
        "excluded_payment_method_types",
        "payment_method_configuration",
        "payment_method_options",
        "shipping",
        "transfer_data",
        "transfer_group",
    ),
)

OPERATIONS = [
    Operation("POST", "/v1/payment_intents", create, _CREATE),
    Operation("GET", "/v1/payment_intents", list_all, _LIST),
    Operation("GET", "/v1/payment_intents/:id", retrieve, accepts({"client_secret": Unused()})),
    Operation("POST", "/v1/payment_intents/:id", update, _UPDATE),
    Operation("POST", "/v1/payment_intents/:id/confirm", confirm, _CONFIRM),
    Operation("POST", "/v1/payment_intents/:id/cancel", cancel, _CANCEL),
]

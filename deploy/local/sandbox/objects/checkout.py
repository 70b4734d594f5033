"""Checkout Sessions as the API offers them: create, read, list, update and expire."""

from deploy.local.sandbox.api.lists import list_answer, page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import LIST_PARTS, merged_metadata
from deploy.local.sandbox.api.refusals import Refusal, invalid_value, missing_parameter, no_such
from deploy.local.sandbox.objects import accounts, amounts, catalogue, checkout_payment
from deploy.local.sandbox.objects.checkout_parameters import CREATE, LIST, UPDATE
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, new_id

_DAY = 86_400
_SHORTEST = 30 * 60
_PLAYED_METHODS = ("card", "sepa_debit")


def create(call: Call) -> JsonObject:
    given = call.params
    now = call.seconds
    _check_required(given)
    expires_at = _expiry(given.get("expires_at"), now)
    accounts.require_charges(call)
    drafts = [
        _draft(call, item, f"line_items[{index}]") for index, item in enumerate(given["line_items"])
    ]
    items = [
        _line_item(asked, draft) for asked, draft in zip(given["line_items"], drafts, strict=True)
    ]
    currency = _one_currency(items)
    total = sum(item["amount_total"] for item in items)
    intent_data = given.get("payment_intent_data", {})
    if total:
        amounts.check_range(call.sandbox, call.account, total, currency, total=True)
    amounts.check_application_fee(
        call.account,
        intent_data.get("application_fee_amount"),
        total,
        "payment_intent_data[application_fee_amount]",
    )
    if given.get("automatic_tax", {}).get("enabled"):
        raise Refusal(
            400,
            "You must have a valid head office address to enable automatic tax calculation in "
            "test mode. Visit https://dashboard.stripe.com/test/settings/tax to update it.",
        )
    session_id = "cs_test_a1" + new_id("", 56)
    shape = _shape(call, session_id, items, currency, total, expires_at)
    for asked, draft in zip(given["line_items"], drafts, strict=True):
        if "price" not in asked:
            catalogue.keep(call, draft)
    session = call.world.add(
        "checkout.session",
        call.account,
        shape,
        {
            "line_items": items,
            "payment_intent_data": intent_data,
            "application_fee_amount": intent_data.get("application_fee_amount"),
        },
    )
    resume(call.sandbox, session)
    return session.object


def _check_required(given: JsonObject) -> None:
    if "mode" not in given:
        raise missing_parameter("mode")
    if not given.get("line_items"):
        raise missing_parameter("line_items")
    if "success_url" not in given:
        raise missing_parameter("success_url")


def _expiry(asked: int | None, now: int) -> int:
    if asked is None:
        return now + _DAY
    if asked < now + _SHORTEST:
        raise invalid_value(
            "expires_at",
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
        )
    if asked > now + _DAY:
        raise invalid_value(
            "expires_at",
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
        )
    return asked


def _draft(call: Call, asked: JsonObject, param: str) -> catalogue.Draft:
    """What a line sells; nothing is kept before the whole session is known to be right."""
    if "price" in asked:
        price = call.world.find("price", asked["price"], call.account)
        if price is None:
            raise no_such("price", asked["price"], param=f"{param}[price]", status=400)
        product = call.world.get("product", price.object["product"])
        draft = catalogue.Draft(price.object, product.object, is_new_product=False)
    elif "price_data" in asked:
        draft = catalogue.draft_price(call, asked["price_data"], f"{param}[price_data]")
    else:
        raise missing_parameter(f"{param}[price]")
    if "quantity" not in asked:
        raise missing_parameter(f"{param}[quantity]")
    return draft


def _line_item(asked: JsonObject, draft: catalogue.Draft) -> JsonObject:
    amount = draft.price["unit_amount"] * asked["quantity"]
    return {
        "id": new_id("li_1"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": draft.price["currency"],
        "description": draft.product["name"],
        "metadata": asked.get("metadata", {}),
        "price": draft.price,
        "quantity": asked["quantity"],
    }


def _one_currency(items: list[JsonObject]) -> str:
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid_value(
            "line_items",
            "All prices on a Checkout Session must have the same currency. Found: "
            f"{', '.join(sorted(currencies))}.",
        )
    currency: str = items[0]["currency"]
    return currency


def _method_types(given: JsonObject, currency: str) -> list[str]:
    """What the account could offer, less what the request leaves out."""
    possible = [name for name in _PLAYED_METHODS if name == "card" or currency == "eur"]
    allowed = given.get("allowed_payment_method_types")
    excluded = given.get("excluded_payment_method_types", [])
    if allowed is not None and excluded:
        raise Refusal(
            400,
            "You may only specify one of these parameters: allowed_payment_method_types, "
            "excluded_payment_method_types.",
        )
    offered = [
        name for name in possible if (allowed is None or name in allowed) and name not in excluded
    ]
    if not offered:
        raise invalid_value(
            "allowed_payment_method_types"
            if allowed is not None
            else "excluded_payment_method_types",
            "No valid payment method types for this Checkout Session. Ensure that you have "
            "activated payment methods compatible with your chosen currency.",
        )
    return offered


def _method_options(given: JsonObject) -> JsonObject:
    card = given.get("payment_method_options", {}).get("card", {})
    options = {"request_three_d_secure": card.get("request_three_d_secure", "automatic")}
    if "restrictions" in card:
        options["restrictions"] = {
            name: blocked for name, blocked in card["restrictions"].items() if blocked
        }
    return {"card": options}


# What every session has alike; shared between them, for nothing ever changes it.
_FIXED: JsonObject = {
    "after_expiration": None,
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "client_secret": None,
    "collected_information": {
        "business_name": None,
        "individual_name": None,
        "shipping_details": None,
    },
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    },
    "customer": None,
    "customer_account": None,
    "discounts": [],
    "invoice": None,
    "livemode": False,
    "managed_payments": {"enabled": False},
    "mode": "payment",
    "optional_items": [],
    "payment_intent": None,
    "payment_link": None,
    "payment_method_configuration_details": None,
    "permissions": None,
    "recovered_from": None,
    "saved_payment_method_options": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "status": "open",
    "subscription": None,
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "ui_mode": "hosted_page",
    "wallet_options": None,
}
_INVOICE_DATA: JsonObject = {
    "account_tax_ids": None,
    "custom_fields": None,
    "description": None,
    "footer": None,
    "issuer": None,
    "metadata": {},
    "rendering_options": None,
}


def _shape(
    call: Call,
    session_id: str,
    items: list[JsonObject],
    currency: str,
    total: int,
    expires_at: int,
) -> JsonObject:
    given = call.params
    email = given.get("customer_email")
    name = call.world.get("account", call.account).object["settings"]["dashboard"]["display_name"]
    return {
        "id": session_id,
        "object": "checkout.session",
        **_FIXED,
        "adaptive_pricing": given.get("adaptive_pricing", {"enabled": False}),
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "allowed_payment_method_types": given.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "billing_address_collection": given.get("billing_address_collection"),
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0f6149",
            "display_name": name or "",
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": call.seconds,
        "currency": currency,
        "customer_creation": given.get("customer_creation", "if_required"),
        "customer_details": (
            None if email is None else checkout_payment.customer_details(email, None)
        ),
        "customer_email": email,
        "excluded_payment_method_types": given.get("excluded_payment_method_types"),
        "expires_at": expires_at,
        "integration_identifier": given.get("integration_identifier"),
        "invoice_creation": {
            "enabled": given.get("invoice_creation", {}).get("enabled", False),
            "invoice_data": _INVOICE_DATA,
        },
        "locale": given.get("locale"),
        "metadata": given.get("metadata", {}),
        "origin_context": given.get("origin_context"),
        "payment_method_collection": given.get("payment_method_collection", "if_required"),
        "payment_method_options": _method_options(given),
        "payment_method_types": _method_types(given, currency),
        "payment_status": "unpaid" if total else "no_payment_required",
        "phone_number_collection": given.get("phone_number_collection", {"enabled": False}),
        "submit_type": given.get("submit_type"),
        "success_url": given["success_url"],
        "url": f"{call.base_url}/c/pay/{session_id}",
    }


def resume(sandbox: Sandbox, session: Entry) -> None:
    """Put a session's end on the agenda."""
    if session.object["status"] == "open":
        sandbox.world.agenda.add(
            session.object["expires_at"], lambda: checkout_payment.expire(sandbox, session)
        )


def _entry(call: Call) -> Entry:
    found = call.world.find("checkout.session", call.ids[0], call.account)
    if found is None:
        raise no_such("checkout.session", call.ids[0], param="session")
    return found


def retrieve(call: Call) -> JsonObject:
    return _entry(call).object


def list_all(call: Call) -> JsonObject:
    given = call.params
    status = given.get("status")
    email = given.get("customer_details", {}).get("email")
    among = None
    if "payment_intent" in given:
        among = call.world.where(
            "checkout.session", call.account, "payment_intent", given["payment_intent"]
        )
    return page(
        call,
        "checkout.session",
        among=among,
        wanted=lambda entry: (
            (status is None or entry.object["status"] == status)
            and (email is None or (entry.object["customer_details"] or {}).get("email") == email)
        ),
    )


def update(call: Call) -> JsonObject:
    session = _entry(call)
    session.object["metadata"] = merged_metadata(
        session.object["metadata"], call.params.get("metadata")
    )
    call.world.save(session)
    return session.object


def expire(call: Call) -> JsonObject:
    session = _entry(call)
    status = session.object["status"]
    if status != "open":
        raise Refusal(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{status}`.",
            is_stored=True,
        )
    checkout_payment.expire(call.sandbox, session)
    return session.object


def list_line_items(call: Call) -> JsonObject:
    items = _entry(call).hidden["line_items"]
    limit = min(100, max(1, call.params.get("limit", 10)))
    after = call.params.get("starting_after")
    start = next((n + 1 for n, item in enumerate(items) if item["id"] == after), 0)
    return list_answer(call.path, items[start : start + limit], len(items) > start + limit)


OPERATIONS = [
    Operation("POST", "/v1/checkout/sessions", create, CREATE),
    Operation("GET", "/v1/checkout/sessions", list_all, LIST),
    Operation("GET", "/v1/checkout/sessions/:id", retrieve, accepts()),
    Operation("POST", "/v1/checkout/sessions/:id", update, UPDATE),
    Operation("POST", "/v1/checkout/sessions/:id/expire", expire, accepts()),
    Operation("GET", "/v1/checkout/sessions/:id/line_items", list_line_items, accepts(LIST_PARTS)),
]

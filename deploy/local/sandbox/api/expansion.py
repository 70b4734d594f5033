"""Expands ids into objects where a request asks for it, on a copy of the answer."""

from typing import Any

from deploy.local.sandbox.api.lists import list_answer
from deploy.local.sandbox.api.presentation import shown
from deploy.local.sandbox.api.refusals import Refusal
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import JsonObject

MOST_LEVELS = 4

# The kind behind each expandable field, by the object that holds it.
_KINDS: dict[str, dict[str, str]] = {
    "checkout.session": {"payment_intent": "payment_intent"},
    "payment_intent": {"latest_charge": "charge", "payment_method": "payment_method"},
    "charge": {
        "balance_transaction": "balance_transaction",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
        "application_fee": "application_fee",
    },
    "refund": {
        "balance_transaction": "balance_transaction",
        "failure_balance_transaction": "balance_transaction",
        "charge": "charge",
        "payment_intent": "payment_intent",
        "payment_method": "payment_method",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "balance_transaction": {"source": "*"},
    "application_fee": {
        "charge": "charge",
        "originating_transaction": "charge",
        "balance_transaction": "balance_transaction",
        "account": "account",
    },
    "fee_refund": {"balance_transaction": "balance_transaction", "fee": "application_fee"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "payout": {"balance_transaction": "balance_transaction"},
}

# Fields that name something that this sandbox never has: expandable, and always null.
_ALWAYS_NULL: dict[str, frozenset[str]] = {
    "checkout.session": frozenset(
        {"customer", "invoice", "payment_link", "setup_intent", "subscription"}
    ),
    "payment_intent": frozenset({"customer", "on_behalf_of", "review", "application"}),
    "charge": frozenset(
        {"customer", "on_behalf_of", "review", "source_transfer", "transfer", "application"}
    ),
    "refund": frozenset({"customer", "source_transfer_reversal", "transfer_reversal"}),
    "payout": frozenset({"destination", "failure_balance_transaction"}),
    "payment_method": frozenset({"customer"}),
}

_INLINE_LISTS = {("checkout.session", "line_items"), ("charge", "refunds")}

# What a list holds, so that a wrong path is refused for an empty one too.
_COLLECTIONS = {
    "/v1/application_fees": "application_fee",
    "/v1/balance_transactions": "balance_transaction",
    "/v1/charges": "charge",
    "/v1/checkout/sessions": "checkout.session",
    "/v1/disputes": "dispute",
    "/v1/payment_intents": "payment_intent",
    "/v1/payouts": "payout",
    "/v1/prices": "price",
    "/v1/products": "product",
    "/v1/refunds": "refund",
}

_KIND_BY_PREFIX = {
    "ch": "charge",
    "py": "charge",
    "re": "refund",
    "pyr": "refund",
    "du": "dispute",
    "fee": "application_fee",
    "fr": "fee_refund",
    "po": "payout",
}


def expanded(sandbox: Sandbox, thing: JsonObject, paths: list[str]) -> JsonObject:
    """A copy of the answer with these paths expanded; raises a refusal for an impossible one."""
    for path in paths:
        segments = path.split(".")
        if len(segments) > MOST_LEVELS:
            raise Refusal(
                400,
                f"You cannot expand more than {MOST_LEVELS} levels of a property ({path}).",
                param="expand",
            )
        if thing.get("object") == "list":
            if segments[0] != "data" or len(segments) == 1:
                raise _impossible(segments[0], f"data.{segments[0]}")
            _check_items(_COLLECTIONS.get(thing["url"]), segments[1])
            thing = {**thing, "data": [_deeper(sandbox, i, segments[1:]) for i in thing["data"]]}
        else:
            thing = _deeper(sandbox, thing, segments)
    return thing


def _check_items(kind: str | None, name: str) -> None:
    if kind is not None and not (
        name in _KINDS.get(kind, {})
        or name in _ALWAYS_NULL.get(kind, ())
        or (kind, name) in _INLINE_LISTS
    ):
        raise _impossible(name)


def _impossible(name: str, instead: str | None = None) -> Refusal:
    hint = f" You may want to try expanding '{instead}' instead." if instead else ""
    return Refusal(400, f"This property cannot be expanded ({name}).{hint}", param="expand")


def _deeper(sandbox: Sandbox, thing: JsonObject, segments: list[str]) -> JsonObject:
    name, rest = segments[0], segments[1:]
    holder = thing.get("object", "")
    value = thing.get(name)
    if isinstance(value, dict) and rest and name != "metadata":
        if value.get("object") == "list" and rest[0] == "data":
            items = value["data"]
            if len(rest) > 1:
                items = [_deeper(sandbox, item, rest[1:]) for item in items]
            return {**thing, name: {**value, "data": items}}
        return {**thing, name: _deeper(sandbox, value, rest)}
    if isinstance(value, dict) and value.get("object") is not None:
        return thing
    if (holder, name) in _INLINE_LISTS:
        return _with_list(sandbox, thing, name, rest)
    if name in _ALWAYS_NULL.get(holder, ()):
        return thing
    kind = _KINDS.get(holder, {}).get(name)
    if kind is None:
        raise _impossible(name)
    if value is None:
        return thing
    referred = _referred(sandbox, kind, value)
    if referred is None:
        return thing
    return {**thing, name: _deeper(sandbox, referred, rest) if rest else referred}


def _referred(sandbox: Sandbox, kind: str, thing_id: Any) -> JsonObject | None:
    if kind == "*":
        kind = _KIND_BY_PREFIX.get(thing_id.split("_")[0], "")
    entry = sandbox.world.find(kind, thing_id)
    return None if entry is None else shown(sandbox, entry)


def _with_list(sandbox: Sandbox, thing: JsonObject, name: str, rest: list[str]) -> JsonObject:
    if name == "line_items":
        session = sandbox.world.get("checkout.session", thing["id"])
        items = session.hidden["line_items"]
        url = f"/v1/checkout/sessions/{thing['id']}/line_items"
    else:
        charge = sandbox.world.get("charge", thing["id"])
        refunds = sandbox.world.where("refund", charge.account, "charge", charge.id)
        items = [shown(sandbox, refund) for refund in reversed(refunds)]
        url = f"/v1/charges/{thing['id']}/refunds"
    with_list = {**thing, name: list_answer(url, items)}
    return _deeper(sandbox, with_list, [name, *rest]) if rest else with_list

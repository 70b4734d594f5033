"""Products and prices: what a line item sells."""

from dataclasses import dataclass

from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import (
    Choice,
    Flag,
    Integer,
    Many,
    Metadata,
    Moments,
    Record,
    Text,
    Url,
)
from deploy.local.sandbox.api.refusals import Refusal, missing_parameter, no_such
from deploy.local.sandbox.objects import amounts
from deploy.local.sandbox.world import Entry, JsonObject, new_id


@dataclass(frozen=True, slots=True)
class Draft:
    """A price that was checked and is not yet kept, with its product."""

    price: JsonObject
    product: JsonObject
    is_new_product: bool


def _new_product(call: Call, given: JsonObject, *, active: bool) -> JsonObject:
    return {
        "id": given.get("id") or new_id("prod_", 14),
        "object": "product",
        "active": active,
        "created": call.seconds,
        "default_price": None,
        "description": given.get("description"),
        "images": given.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": given.get("metadata", {}),
        "name": given["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": given.get("statement_descriptor"),
        "tax_code": given.get("tax_code"),
        "type": "service",
        "unit_label": given.get("unit_label"),
        "updated": call.seconds,
        "url": given.get("url"),
    }


def _new_price(call: Call, given: JsonObject, product_id: str, *, active: bool) -> JsonObject:
    return {
        "id": new_id("price_1"),
        "object": "price",
        "active": active,
        "billing_scheme": "per_unit",
        "created": call.seconds,
        "currency": given["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": given.get("lookup_key"),
        "metadata": given.get("metadata", {}),
        "nickname": given.get("nickname"),
        "product": product_id,
        "recurring": None,
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": given["unit_amount"],
        "unit_amount_decimal": str(given["unit_amount"]),
    }


def draft_price(call: Call, asked: JsonObject, param: str) -> Draft:
    """A price for one session, with its product; neither is offered anywhere else."""
    asked = {**asked, "currency": amounts.currency(asked["currency"], f"{param}[currency]")}
    if "unit_amount" not in asked:
        raise Refusal(
            400,
            f"You must specify either `unit_amount` or `unit_amount_decimal` in `{param}`.",
            code="parameter_missing",
            param=f"{param}[unit_amount]",
        )
    amounts.check_exact(asked["unit_amount"], asked["currency"], f"{param}[unit_amount]")
    is_new = "product_data" in asked
    if is_new:
        product = _new_product(call, asked["product_data"], active=False)
    elif "product" in asked:
        product = _product(call, asked["product"], f"{param}[product]").object
    else:
        raise missing_parameter(f"{param}[product]")
    return Draft(_new_price(call, asked, product["id"], active=False), product, is_new)


def keep(call: Call, draft: Draft) -> None:
    if draft.is_new_product:
        call.world.add("product", call.account, draft.product)
    call.world.add("price", call.account, draft.price)


def _product(call: Call, product_id: str, param: str) -> Entry:
    product = call.world.find("product", product_id, call.account)
    if product is None:
        raise no_such("product", product_id, param=param, status=400)
    return product


def create_product(call: Call) -> JsonObject:
    if "id" in call.params and call.world.find("product", call.params["id"], call.account):
        raise Refusal(400, "Product already exists.", code="resource_already_exists", param="id")
    product = call.world.add(
        "product",
        call.account,
        _new_product(call, call.params, active=call.params.get("active", True)),
    )
    default = call.params.get("default_price_data")
    if default is not None:
        draft = draft_price(call, {**default, "product": product.id}, "default_price_data")
        keep(call, draft)
        product.object["default_price"] = draft.price["id"]
    call.sandbox.emit("product.created", call.account, product.object)
    return product.object


def create_price(call: Call) -> JsonObject:
    given = {**call.params, "currency": amounts.currency(call.params["currency"], "currency")}
    if "unit_amount" not in given:
        raise missing_parameter("unit_amount")
    amounts.check_exact(given["unit_amount"], given["currency"], "unit_amount")
    if "product_data" in given:
        new = _new_product(call, given["product_data"], active=True)
        product = call.world.add("product", call.account, new)
    elif "product" in given:
        product = _product(call, given["product"], "product")
    else:
        raise missing_parameter("product")
    price = call.world.add(
        "price",
        call.account,
        _new_price(call, given, product.id, active=given.get("active", True)),
    )
    call.sandbox.emit("price.created", call.account, price.object)
    return price.object


def retrieve_product(call: Call) -> JsonObject:
    return call.entry("product", "product").object


def retrieve_price(call: Call) -> JsonObject:
    return call.entry("price", "price", param="price").object


def list_products(call: Call) -> JsonObject:
    active = call.params.get("active")
    return page(
        call,
        "product",
        wanted=lambda entry: active is None or entry.object["active"] == active,
    )


def list_prices(call: Call) -> JsonObject:
    active, product = call.params.get("active"), call.params.get("product")
    return page(
        call,
        "price",
        wanted=lambda entry: (
            (active is None or entry.object["active"] == active)
            and product in (None, entry.object["product"])
        ),
    )


_PRODUCT_DATA = Record(
    {
        "name": Text(is_required=True),
        "id": Text(),
        "active": Flag(),
        "metadata": Metadata(),
        "statement_descriptor": Text(22),
        "tax_code": Text(),
        "unit_label": Text(),
    },
    unplayed=frozenset(("tax_details",)),
)
_CREATE_PRODUCT = accepts(
    {
        "name": Text(is_required=True),
        "id": Text(),
        "active": Flag(),
        "default_price_data": Record(
            {"currency": Text(3, is_required=True), "unit_amount": Integer(0)},
            unplayed=frozenset(
                (
                    "currency_options",
                    "custom_unit_amount",
                    "metadata",
                    "recurring",
                    "tax_behavior",
                    "unit_amount_decimal",
                )
            ),
        ),
        "description": Text(40_000),
        "images": Many(Url(), most=8),
        "metadata": Metadata(),
        "statement_descriptor": Text(22),
        "tax_code": Text(),
        "unit_label": Text(),
        "url": Url(),
    },
    unplayed=("marketing_features", "package_dimensions", "shippable", "tax_details", "type"),
)
_CREATE_PRICE = accepts(
    {
        "currency": Text(3, is_required=True),
        "active": Flag(),
        "lookup_key": Text(200),
        "metadata": Metadata(),
        "nickname": Text(),
        "product": Text(),
        "product_data": _PRODUCT_DATA,
        "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
        "unit_amount": Integer(0),
    },
    unplayed=(
        "billing_scheme",
        "currency_options",
        "custom_unit_amount",
        "recurring",
        "tiers",
        "tiers_mode",
        "transfer_lookup_key",
        "transform_quantity",
        "unit_amount_decimal",
    ),
)

OPERATIONS = [
    Operation("POST", "/v1/products", create_product, _CREATE_PRODUCT),
    Operation(
        "GET",
        "/v1/products",
        list_products,
        accepts(
            {"active": Flag(), "created": Moments()},
            unplayed=("ids", "shippable", "type", "url"),
            lists=True,
        ),
    ),
    Operation("GET", "/v1/products/:id", retrieve_product, accepts()),
    Operation("POST", "/v1/prices", create_price, _CREATE_PRICE),
    Operation(
        "GET",
        "/v1/prices",
        list_prices,
        accepts(
            {"active": Flag(), "created": Moments(), "product": Text()},
            unplayed=("currency", "lookup_keys", "recurring", "type"),
            lists=True,
        ),
    ),
    Operation("GET", "/v1/prices/:id", retrieve_price, accepts()),
]

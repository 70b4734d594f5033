"""What each operation accepts, held against the parameters that stripe-python declares.

A parameter that the SDK knows is played or openly refused; one that it does not know is unknown.
"""

import importlib
import inspect
from typing import Any, ForwardRef, Literal, NotRequired, Union, get_args, get_origin

import pytest
from stripe._request_options import RequestOptions

from deploy.local.sandbox.api.method_types import METHOD_TYPES
from deploy.local.sandbox.api.operations import Operation
from deploy.local.sandbox.api.parameters import Choice, Many, Record
from deploy.local.sandbox.server import OPERATIONS

# Where the SDK declares the parameters of an operation; those without any have no entry.
DECLARED = {
    "POST /v1/checkout/sessions": "checkout:SessionCreateParams",
    "GET /v1/checkout/sessions": "checkout:SessionListParams",
    "POST /v1/checkout/sessions/:id": "checkout:SessionUpdateParams",
    "GET /v1/checkout/sessions/:id/line_items": "checkout:SessionLineItemListParams",
    "POST /v1/payment_intents": "PaymentIntentCreateParams",
    "GET /v1/payment_intents": "PaymentIntentListParams",
    "POST /v1/payment_intents/:id": "PaymentIntentUpdateParams",
    "POST /v1/payment_intents/:id/confirm": "PaymentIntentConfirmParams",
    "POST /v1/payment_intents/:id/cancel": "PaymentIntentCancelParams",
    "POST /v1/refunds": "RefundCreateParams",
    "GET /v1/refunds": "RefundListParams",
    "POST /v1/refunds/:id": "RefundUpdateParams",
    "GET /v1/charges": "ChargeListParams",
    "POST /v1/charges/:id": "ChargeUpdateParams",
    "GET /v1/disputes": "DisputeListParams",
    "POST /v1/disputes/:id": "DisputeUpdateParams",
    "GET /v1/events": "EventListParams",
    "GET /v1/balance_transactions": "BalanceTransactionListParams",
    "GET /v1/payouts": "PayoutListParams",
    "GET /v1/application_fees": "ApplicationFeeListParams",
    "POST /v1/webhook_endpoints": "WebhookEndpointCreateParams",
    "POST /v1/webhook_endpoints/:id": "WebhookEndpointUpdateParams",
    "POST /v1/account_links": "AccountLinkCreateParams",
    "POST /v1/products": "ProductCreateParams",
    "GET /v1/products": "ProductListParams",
    "POST /v1/prices": "PriceCreateParams",
    "GET /v1/prices": "PriceListParams",
    "POST /v1/payment_methods": "PaymentMethodCreateParams",
    "POST /v2/core/accounts": "v2.core:AccountCreateParams",
    "GET /v2/core/accounts/:id": "v2.core:AccountRetrieveParams",
    "POST /v2/core/account_links": "v2.core:AccountLinkCreateParams",
}
BY_NAME = {f"{one.method} {one.path}": one for one in OPERATIONS}

# Sent by older clients, refused with a code of its own, and gone from the SDK.
GONE = {"payment_method_types"}
# One list of payment methods serves all operations, though not each knows each of them.
ALLOWED = {*GONE, *METHOD_TYPES, "expand"}
# Kept from the classes of the SDK's older interface, where options travel with the parameters.
OPTIONS = set(RequestOptions.__annotations__)


def _declared(place: str) -> type:
    package, _, name = place.rpartition(":")
    module = importlib.import_module(".".join(filter(None, ("stripe.params", package))))
    found: type = getattr(module, name)
    return found


def _plain(annotation: Any, module: str) -> list[Any]:
    """The types that an annotation allows, without its wrappers."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        names = {**vars(importlib.import_module("typing")), **vars(importlib.import_module(module))}
        return [
            one for part in _alternatives(annotation) for one in _plain(eval(part, names), module)
        ]
    if get_origin(annotation) in (NotRequired, Union):
        return [one for part in get_args(annotation) for one in _plain(part, module)]
    return [annotation]


def _alternatives(text: str) -> list[str]:
    """`A|B` written as text; a bar within brackets separates nothing."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign == "[") - (sign == "]")
        if sign == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [part.strip() for part in found]


def _differences(ours: Record, theirs: type, path: str) -> list[str]:
    annotations = inspect.get_annotations(theirs)
    declared = set(annotations) - OPTIONS
    known = set(ours.parts) | set(ours.unplayed)
    found = [f"{path}{name}: not in the SDK" for name in sorted(known - declared - ALLOWED)]
    found += [f"{path}{name}: in the SDK only" for name in sorted(declared - known)]
    for name, kind in ours.parts.items():
        if name in annotations:
            inner = kind.item if isinstance(kind, Many) else kind
            types = [
                part
                for one in _plain(annotations[name], theirs.__module__)
                for part in (
                    _plain(get_args(one)[0], theirs.__module__)
                    if get_origin(one) is list
                    else [one]
                )
            ]
            if isinstance(inner, Record):
                nested = next(one for one in types if hasattr(one, "__required_keys__"))
                found += _differences(inner, nested, f"{path}{name}.")
            if isinstance(inner, Choice):
                literals = {
                    value for one in types if get_origin(one) is Literal for value in get_args(one)
                }
                words = {*inner.among, *inner.unplayed}
                if literals and words != literals - {""}:
                    found.append(f"{path}{name}: {sorted(words ^ literals)} differ")
    return found


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_an_operation_knows_exactly_the_sdks_parameters(name: str) -> None:
    operation: Operation = BY_NAME[name]

    assert _differences(operation.parameters, _declared(DECLARED[name]), "") == []

"""Payment methods: a card with its test number, or a bank debit that takes its time."""

from deploy.local.sandbox import cards
from deploy.local.sandbox.api.method_types import METHOD_TYPES
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import (
    Choice,
    Email,
    Integer,
    Metadata,
    Record,
    Text,
    Unused,
    merged_metadata,
)
from deploy.local.sandbox.api.refusals import Refusal, missing_parameter, no_such
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, new_id

# docs.stripe.com/payments/sepa-debit: these test accounts succeed or fail after a while.
IBANS = {
    "AT611904300234573201": True,
    "DE89370400440532013000": True,
    "AT861904300235473202": False,
    "DE62370400440532013001": False,
}


class NotACard(ValueError):
    """The number has no card's length or check digit."""


def add_card(
    sandbox: Sandbox,
    account: str,
    number: str,
    *,
    name: str | None = None,
    email: str | None = None,
    expires: tuple[int, int] = (12, 2034),
    metadata: dict[str, str] | None = None,
) -> Entry:
    number = cards.digits(number)
    if not cards.is_card_number(number):
        raise NotACard(number)
    card = cards.card(number)
    return sandbox.world.add(
        "payment_method",
        account,
        {
            "id": new_id("pm_1"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing_details(name, email),
            "card": {
                "brand": card.brand,
                "checks": {
                    "address_line1_check": None,
                    "address_postal_code_check": None,
                    "cvc_check": "unchecked",
                },
                "country": card.country,
                "display_brand": card.brand,
                "exp_month": expires[0],
                "exp_year": expires[1],
                "fingerprint": cards.fingerprint(number),
                "funding": card.funding,
                "generated_from": None,
                "last4": card.last4,
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            "created": sandbox.world.clock.seconds(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": metadata or {},
            "type": "card",
        },
        {"number": number},
    )


def add_bank_debit(
    sandbox: Sandbox, account: str, iban: str, *, name: str | None, email: str | None
) -> Entry:
    return sandbox.world.add(
        "payment_method",
        account,
        {
            "id": new_id("pm_1"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing_details(name, email),
            "created": sandbox.world.clock.seconds(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": {},
            "sepa_debit": {
                "bank_code": iban[4:9],
                "branch_code": "",
                "country": iban[:2],
                "fingerprint": cards.fingerprint(iban),
                "generated_from": {"charge": None, "setup_attempt": None},
                "last4": iban[-4:],
            },
            "type": "sepa_debit",
        },
        {"iban": iban},
    )


def billing_details(name: str | None, email: str | None) -> JsonObject:
    return {
        "address": {
            "city": None,
            "country": None,
            "line1": None,
            "line2": None,
            "postal_code": None,
            "state": None,
        },
        "email": email,
        "name": name,
        "phone": None,
        "tax_id": None,
    }


def resolve(sandbox: Sandbox, account: str, method_id: str) -> Entry:
    """The payment method of this id; `pm_card_visa` and its relatives make one."""
    number = cards.number_for(method_id)
    if number is not None:
        return add_card(sandbox, account, number)
    entry = sandbox.world.find("payment_method", method_id, account)
    if entry is None:
        raise no_such("PaymentMethod", method_id, param="payment_method", status=400)
    return entry


# Methods that only a terminal or a page makes.
_NOT_BY_REQUEST = ("card_present", "demo_pay", "interac_present")
TYPES = tuple(name for name in METHOD_TYPES if name not in _NOT_BY_REQUEST)
_CREATE = accepts(
    {
        "type": Choice(("card",), unplayed=TYPES),
        "card": Record(
            {
                "number": Text(),
                "exp_month": Integer(1, 12),
                "exp_year": Integer(2000, 2100),
                "cvc": Text(4),
                "token": Text(),
            },
            unplayed=frozenset(("networks",)),
        ),
        "billing_details": Record(
            {
                "name": Text(may_be_unset=True),
                "email": Email(may_be_unset=True),
                "phone": Unused(),
                "address": Unused(),
            },
            unplayed=frozenset(("tax_id",)),
        ),
        "metadata": Metadata(),
        "allow_redisplay": Unused(),
    },
    unplayed=("customer", "payment_method", "radar_options", *METHOD_TYPES),
)


def create(call: Call) -> JsonObject:
    if "type" not in call.params:
        raise missing_parameter("type")
    card = call.params.get("card")
    if card is None:
        raise missing_parameter("card")
    number = card.get("number")
    if "token" in card:
        number = cards.number_for(card["token"])
        if number is None:
            raise no_such("token", card["token"], param="card[token]", status=400)
    elif number is None:
        raise missing_parameter("card[number]")
    details = call.params.get("billing_details", {})
    try:
        entry = add_card(
            call.sandbox,
            call.account,
            number,
            name=details.get("name"),
            email=details.get("email"),
            expires=(card.get("exp_month", 12), card.get("exp_year", 2034)),
            metadata=call.params.get("metadata"),
        )
    except NotACard as wrong:
        raise Refusal(
            402,
            "Your card number is incorrect.",
            type="card_error",
            code="incorrect_number",
            param="number",
        ) from wrong
    return entry.object


def retrieve(call: Call) -> JsonObject:
    return call.entry("payment_method", "PaymentMethod", param="payment_method").object


def update(call: Call) -> JsonObject:
    entry = call.entry("payment_method", "PaymentMethod", param="payment_method")
    entry.object["metadata"] = merged_metadata(
        entry.object["metadata"], call.params.get("metadata")
    )
    call.world.save(entry)
    return entry.object


OPERATIONS = [
    Operation("POST", "/v1/payment_methods", create, _CREATE),
    Operation("GET", "/v1/payment_methods/:id", retrieve, accepts()),
    Operation("POST", "/v1/payment_methods/:id", update, accepts({"metadata": Metadata()})),
]

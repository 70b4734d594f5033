"""Version 2 of accounts, as far as hosted onboarding needs it."""

from datetime import UTC, datetime

from deploy.local.sandbox.api.method_types import METHOD_CAPABILITIES
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import (
    Choice,
    Flag,
    Many,
    Metadata,
    Record,
    Text,
    Unused,
    Url,
)
from deploy.local.sandbox.api.refusals import Refusal
from deploy.local.sandbox.objects import accounts
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject, new_id

INCLUDABLE = (
    "configuration.customer",
    "configuration.merchant",
    "configuration.recipient",
    "defaults",
    "future_requirements",
    "identity",
    "requirements",
)


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _shown(entry: Entry, include: list[str]) -> JsonObject:
    """The account as version 2 sees it; what is not included is null."""
    state = entry.object
    is_included = set(include).__contains__
    return {
        "id": entry.id,
        "object": "v2.core.account",
        "applied_configurations": ["merchant"],
        "closed": bool(entry.hidden.get("closed")),
        "configuration": (
            {"customer": None, "merchant": _merchant(state), "recipient": None}
            if is_included("configuration.merchant")
            else None
        ),
        "contact_email": state["email"],
        "contact_phone": None,
        "created": _iso(state["created"]),
        "dashboard": "full",
        "defaults": _defaults(state) if is_included("defaults") else None,
        "display_name": state["settings"]["dashboard"]["display_name"],
        "future_requirements": None,
        "identity": (
            {
                "attestations": None,
                "business_details": None,
                "country": state["country"].lower(),
                "entity_type": "company" if state["details_submitted"] else None,
                "individual": None,
            }
            if is_included("identity")
            else None
        ),
        "livemode": False,
        "metadata": state["metadata"],
        "requirements": _requirements(state) if is_included("requirements") else None,
    }


def _merchant(state: JsonObject) -> JsonObject:
    is_active = state["capabilities"].get("card_payments") == "active"
    missing = [{"code": "requirements_past_due", "resolution": "provide_info"}]
    return {
        "applied": True,
        "bacs_debit_payments": None,
        "branding": None,
        "capabilities": {
            "card_payments": {
                "status": "active" if is_active else "restricted",
                "status_details": [] if is_active else missing,
            }
        },
        "card_payments": None,
        "konbini_payments": None,
        "mcc": state["business_profile"]["mcc"],
        "script_statement_descriptor": None,
        "sepa_debit_payments": None,
        "statement_descriptor": None,
        "support": None,
    }


def _defaults(state: JsonObject) -> JsonObject:
    return {
        "currency": state["default_currency"],
        "locales": [],
        "payout_methods": None,
        "profile": None,
        "responsibilities": {
            "fees_collector": "stripe",
            "losses_collector": "stripe",
            "requirements_collector": "stripe",
        },
    }


def _requirements(state: JsonObject) -> JsonObject:
    due = state["requirements"]["currently_due"]
    deadline: JsonObject = {"status": "past_due"}
    return {
        "alternatives": [],
        "entries": [
            {
                "awaiting_action_from": "user",
                "description": name,
                "errors": [],
                "impact": {
                    "restricts_capabilities": [
                        {
                            "capability": "card_payments",
                            "configuration": "merchant",
                            "deadline": deadline,
                        }
                    ]
                },
                "minimum_deadline": deadline,
                "reference": None,
                "requested_reasons": [{"code": "routine_onboarding"}],
            }
            for name in due
        ],
        "summary": {"minimum_deadline": {**deadline, "time": None}} if due else None,
    }


def _entry(call: Call, account_id: str) -> Entry:
    entry = call.world.find("account", account_id)
    if entry is None or entry.hidden.get("closed") or not call.sandbox.is_connected(entry.id):
        raise Refusal(404, f"No such account: '{account_id}'", code="not_found")
    return entry


def create(call: Call) -> JsonObject:
    given = call.params
    entry = accounts.add(
        call.sandbox,
        new_id("acct_1", 15),
        given.get("display_name") or "New account",
        email=given.get("contact_email"),
        country=given.get("identity", {}).get("country", "de").upper(),
        currency=given.get("defaults", {}).get("currency", "eur").lower(),
        is_ready=False,
        is_connected=True,
        is_controlled=True,
    )
    entry.object["metadata"] = given.get("metadata", {})
    call.world.save(entry)
    return _shown(entry, given.get("include", []))


def retrieve(call: Call) -> JsonObject:
    return _shown(_entry(call, call.ids[0]), call.params.get("include", []))


def close(call: Call) -> JsonObject:
    entry = _entry(call, call.ids[0])
    if entry.id == PLATFORM:
        raise Refusal(400, "You cannot close your own account.", code="account_not_closable")
    entry.hidden["closed"] = True
    shown = _shown(entry, [])
    accounts.disconnect(call.sandbox, entry)
    return shown


def create_link(call: Call) -> JsonObject:
    use_case = call.params["use_case"]
    details = use_case["account_onboarding"]
    entry = _entry(call, call.params["account"])
    refresh = details["refresh_url"]
    link = accounts.new_link(call, entry, details.get("return_url", refresh), refresh)
    return {
        "object": "v2.core.account_link",
        "account": entry.id,
        "created": _iso(link["created"]),
        "expires_at": _iso(link["expires_at"]),
        "livemode": False,
        "url": link["url"],
        "use_case": {
            "account_onboarding": {
                "collection_options": None,
                "refresh_url": refresh,
                "return_url": details.get("return_url"),
            },
            "type": "account_onboarding",
        },
    }


_INCLUDE = Many(Choice(INCLUDABLE))
_CREATE = accepts(
    {
        "configuration": Record(
            {
                "merchant": Record(
                    {
                        "capabilities": Record(
                            {"card_payments": Record({"requested": Flag(is_required=True)})},
                            unplayed=frozenset(METHOD_CAPABILITIES),
                        ),
                        "mcc": Text(4),
                    },
                    unplayed=frozenset(
                        (
                            "bacs_debit_payments",
                            "branding",
                            "card_payments",
                            "konbini_payments",
                            "script_statement_descriptor",
                            "sepa_debit_payments",
                            "statement_descriptor",
                            "support",
                        )
                    ),
                )
            },
            unplayed=frozenset(("customer", "recipient")),
        ),
        "contact_email": Text(),
        "dashboard": Choice(("full",), unplayed=("express", "none")),
        "defaults": Record(
            {
                "currency": Text(3),
                "locales": Unused(),
                "responsibilities": Record(
                    {
                        "fees_collector": Choice(
                            ("stripe",),
                            unplayed=("application", "application_custom", "application_express"),
                        ),
                        "losses_collector": Choice(("stripe",), unplayed=("application",)),
                    }
                ),
            },
            unplayed=frozenset(("profile",)),
        ),
        "display_name": Text(),
        "identity": Record(
            {"country": Text(2), "entity_type": Text()},
            unplayed=frozenset(("attestations", "business_details", "individual")),
        ),
        "include": _INCLUDE,
        "metadata": Metadata(),
    },
    unplayed=("account_token", "contact_phone"),
)
_CREATE_LINK = accepts(
    {
        "account": Text(is_required=True),
        "use_case": Record(
            {
                "type": Choice(
                    ("account_onboarding",), unplayed=("account_update",), is_required=True
                ),
                "account_onboarding": Record(
                    {
                        "collection_options": Unused(),
                        "refresh_url": Url(is_required=True),
                        "return_url": Url(),
                    },
                    is_required=True,
                ),
            },
            is_required=True,
            unplayed=frozenset(("account_update",)),
        ),
    }
)

OPERATIONS = [
    Operation("POST", "/v2/core/accounts", create, _CREATE),
    Operation("GET", "/v2/core/accounts/:id", retrieve, accepts({"include": _INCLUDE})),
    Operation(
        "POST",
        "/v2/core/accounts/:id/close",
        close,
        accepts({"applied_configurations": Unused()}),
    ),
    Operation("POST", "/v2/core/account_links", create_link, _CREATE_LINK),
]

"""Accounts: the platform's own, and those that may connect to it."""

from deploy.local.sandbox.api.lists import list_answer
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Choice, Flag, Record, Text, Url
from deploy.local.sandbox.api.refusals import Refusal, account_invalid
from deploy.local.sandbox.sandbox import CLIENT_ID, Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject, new_id

ANNA = "acct_sandbox_anna"
NEW = "acct_sandbox_new"

DOCUMENT = "representative.verification.document"
"""What Stripe may ask for after everything else was given."""

_MISSING_DETAILS = [
    "business_profile.url",
    "external_account",
    "representative.first_name",
    "tos_acceptance.date",
]


def add(
    sandbox: Sandbox,
    account_id: str,
    name: str,
    *,
    email: str | None,
    country: str = "DE",
    currency: str = "eur",
    is_ready: bool = True,
    is_connected: bool = False,
    is_controlled: bool = False,
) -> Entry:
    """An account; a controlled one was made by the platform, the others have their own owner."""
    return sandbox.world.add(
        "account",
        account_id,
        {
            "id": account_id,
            "object": "account",
            "business_profile": {
                "annual_revenue": None,
                "estimated_worker_count": None,
                "mcc": "8299" if is_ready else None,
                "minority_owned_business_designation": None,
                "name": name,
                "product_description": None,
                "support_address": None,
                "support_email": email,
                "support_phone": None,
                "support_url": None,
                "url": "https://events.example.com" if is_ready else None,
            },
            "business_type": "company" if is_ready else None,
            "capabilities": _capabilities(is_ready),
            "charges_enabled": is_ready,
            "controller": _controller(is_controlled),
            "country": country,
            "created": sandbox.world.clock.seconds(),
            "default_currency": currency,
            "details_submitted": is_ready,
            "email": email,
            "external_accounts": {
                "object": "list",
                "data": [],
                "has_more": False,
                "url": f"/v1/accounts/{account_id}/external_accounts",
            },
            "future_requirements": _requirements([]),
            "metadata": {},
            "payouts_enabled": is_ready,
            "requirements": _requirements([] if is_ready else _MISSING_DETAILS),
            "settings": _settings(name),
            "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
            "type": "standard",
        },
        {
            "connected": is_connected,
            "connectable": account_id != PLATFORM,
            "refunds_pending": False,
        },
    )


def _capabilities(is_ready: bool) -> JsonObject:
    return dict.fromkeys(
        ("card_payments", "sepa_debit_payments", "transfers"), "active" if is_ready else "inactive"
    )


def _controller(is_controlled: bool) -> JsonObject:
    if not is_controlled:
        return {"type": "account"}
    return {
        "fees": {"payer": "account"},
        "is_controller": True,
        "losses": {"payments": "stripe"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "full"},
        "type": "application",
    }


def _requirements(due: list[str]) -> JsonObject:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }


def _settings(name: str) -> JsonObject:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": name, "timezone": "Europe/Berlin"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": name.upper()[:22],
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "manual"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def populate(sandbox: Sandbox) -> None:
    """The accounts that a fresh sandbox begins with."""
    if sandbox.world.find("account", PLATFORM) is not None:
        return
    add(sandbox, PLATFORM, "Sandbox Events", email="platform@sandbox.example", is_connected=True)
    add(sandbox, ANNA, "Anna Talks", email="anna@sandbox.example")
    add(sandbox, NEW, "New Webinars", email="new@sandbox.example", is_ready=False)


def change(sandbox: Sandbox, entry: Entry, **values: object) -> None:
    """Set what the account may do, and tell its platform."""
    previous = {
        name: entry.object[name] for name, value in values.items() if entry.object[name] != value
    }
    entry.object.update(values)
    sandbox.world.save(entry)
    sandbox.emit("account.updated", entry.account, entry.object, previous)


def set_ready(sandbox: Sandbox, entry: Entry, is_ready: bool) -> None:
    change(
        sandbox,
        entry,
        charges_enabled=is_ready,
        details_submitted=is_ready,
        payouts_enabled=is_ready,
        capabilities=_capabilities(is_ready),
        requirements=_requirements([] if is_ready else _MISSING_DETAILS),
    )


def fill_in(
    sandbox: Sandbox, entry: Entry, *, name: str | None, missing: list[str], is_submitted: bool
) -> None:
    """What an owner left on the onboarding page; nothing missing and submitted is ready."""
    state, is_ready = entry.object, is_submitted and not missing
    values: JsonObject = {
        "charges_enabled": is_ready,
        "details_submitted": is_submitted,
        "payouts_enabled": is_ready,
        "capabilities": _capabilities(is_ready),
        "requirements": _requirements(missing),
    }
    if name is not None:
        values["business_profile"] = state["business_profile"] | {"name": name}
        settings = _settings(name)
        parts = ("dashboard", "payments")
        values["settings"] = state["settings"] | {part: settings[part] for part in parts}
    change(sandbox, entry, **values)


def connect(sandbox: Sandbox, entry: Entry) -> None:
    entry.hidden["connected"] = True
    sandbox.world.save(entry)
    sandbox.emit("account.application.authorized", entry.account, _application())


def disconnect(sandbox: Sandbox, entry: Entry) -> None:
    """End the connection; from here on the platform's calls for the account are refused."""
    entry.hidden["connected"] = False
    sandbox.world.save(entry)
    # The postman still tells the platform of this one.
    sandbox.emit("account.application.deauthorized", entry.account, _application())


def _application() -> JsonObject:
    return {"id": CLIENT_ID, "object": "application", "name": "Sandbox Events"}


def retrieve_own(call: Call) -> JsonObject:
    return call.world.get("account", call.account).object


def _visible(call: Call, account_id: str) -> Entry:
    """Another account answers to its platform while connected, and to nobody else."""
    entry = call.world.find("account", account_id)
    may_see = account_id == call.account or (
        call.account == PLATFORM and call.sandbox.is_connected(account_id)
    )
    if entry is None or not may_see:
        raise account_invalid("sk_test_", account_id)
    return entry


def retrieve(call: Call) -> JsonObject:
    return _visible(call, call.ids[0]).object


def create(call: Call) -> JsonObject:
    """Stripe's hosted onboarding, first step: an account without any details yet."""
    given = call.params
    name = given.get("business_profile", {}).get("name") or "New account"
    entry = add(
        call.sandbox,
        new_id("acct_1", 15),
        name,
        email=given.get("email"),
        country=given.get("country", "DE"),
        is_ready=False,
        is_connected=True,
        is_controlled=True,
    )
    return entry.object


def list_connected(call: Call) -> JsonObject:
    connected = [
        entry.object
        for entry in call.world.everything("account")
        if entry.hidden["connected"] and entry.account != PLATFORM
    ]
    limit = min(100, max(1, call.params.get("limit", 10)))
    return list_answer(call.path, connected[::-1][:limit], len(connected) > limit)


def create_link(call: Call) -> JsonObject:
    entry = _visible(call, call.params["account"])
    return new_link(call, entry, call.params["return_url"], call.params["refresh_url"])


def new_link(call: Call, entry: Entry, return_url: str, refresh_url: str) -> JsonObject:
    """A single-use way into the onboarding page, good for five minutes."""
    token = new_id("alink_", 24)
    expires_at = call.seconds + 300
    call.world.add(
        "onboarding",
        entry.account,
        {"id": token, "return_url": return_url, "refresh_url": refresh_url, "used": False,
         "expires_at": expires_at},
    )  # fmt: skip
    return {
        "object": "account_link",
        "created": call.seconds,
        "expires_at": expires_at,
        "url": f"{call.base_url}/setup/{token}",
    }


def require_charges(call: Call) -> None:
    """Refuse to take money into an account that may not charge."""
    account = call.world.get("account", call.account)
    if not account.object["charges_enabled"]:
        raise Refusal(
            400,
            "Your account cannot currently make charges. Complete the activation of your account "
            "at https://dashboard.stripe.com/account/onboarding.",
        )


_CREATE = accepts(
    {
        "business_profile": Record(
            {"name": Text(), "url": Url(), "mcc": Text(4), "product_description": Text()}
        ),
        "business_type": Choice(("company", "government_entity", "individual", "non_profit")),
        "capabilities": Record(
            {
                "card_payments": Record({"requested": Flag()}),
                "transfers": Record({"requested": Flag()}),
            }
        ),
        "controller": Record(
            {
                "fees": Record({"payer": Choice(("account", "application"))}),
                "losses": Record({"payments": Choice(("stripe", "application"))}),
                "requirement_collection": Choice(("stripe", "application")),
                "stripe_dashboard": Record({"type": Choice(("full", "express", "none"))}),
            }
        ),
        "country": Text(2),
        "email": Text(),
        "type": Choice(("standard",), unplayed=("custom", "express")),
    },
    unplayed=("company", "individual", "metadata", "settings", "tos_acceptance"),
)
_CREATE_LINK = accepts(
    {
        "account": Text(is_required=True),
        "type": Choice(("account_onboarding",), unplayed=("account_update",), is_required=True),
        "return_url": Url(is_required=True),
        "refresh_url": Url(is_required=True),
        "collect": Choice(("currently_due", "eventually_due")),
        "collection_options": Record(
            {
                "fields": Choice(("currently_due", "eventually_due")),
                "future_requirements": Choice(("include", "omit")),
            }
        ),
    }
)

OPERATIONS = [
    Operation("GET", "/v1/account", retrieve_own, accepts()),
    Operation("GET", "/v1/accounts", list_connected, accepts(lists=True)),
    Operation("POST", "/v1/accounts", create, _CREATE),
    Operation("GET", "/v1/accounts/:id", retrieve, accepts()),
    Operation("POST", "/v1/account_links", create_link, _CREATE_LINK),
]

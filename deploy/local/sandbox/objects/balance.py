"""Balance transactions: what each movement did to an account's balance, and the balance itself."""

from decimal import Decimal
from typing import Any

from deploy.local.sandbox import money
from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Moments, Text
from deploy.local.sandbox.api.presentation import shown
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, new_id

_DAY = 86_400
_SETTLES_AFTER_DAYS = 2


def settlement_currency(sandbox: Sandbox, account: str) -> str:
    currency: str = sandbox.world.get("account", account).object["default_currency"]
    return currency


def fee_detail(
    amount: int, currency: str, description: str, application: str | None = None
) -> JsonObject:
    return {
        "amount": amount,
        "application": application,
        "currency": currency,
        "description": description,
        "type": "stripe_fee" if application is None else "application_fee",
    }


def book(
    sandbox: Sandbox,
    account: str,
    *,
    type: str,
    conversion: money.Conversion,
    source: str,
    description: str | None,
    reporting_category: str,
    fees: list[JsonObject] | None = None,
    is_immediate: bool = False,
) -> Entry:
    """Write one movement; the amount is signed, fees are what it cost on top."""
    now = sandbox.world.clock.seconds()
    fee = sum(detail["amount"] for detail in fees or [])
    available_on = now if is_immediate else (now // _DAY + _SETTLES_AFTER_DAYS) * _DAY
    return sandbox.world.add(
        "balance_transaction",
        account,
        {
            "id": new_id("txn_3"),
            "object": "balance_transaction",
            "amount": conversion.amount,
            "available_on": available_on,
            "balance_type": "payments",
            "created": now,
            "currency": conversion.currency,
            "description": description,
            "exchange_rate": None if conversion.rate is None else float(conversion.rate),
            "fee": fee,
            "fee_details": fees or [],
            "net": conversion.amount - fee,
            "reporting_category": reporting_category,
            "source": source,
            "status": "pending",
            "type": type,
        },
        {"payout": None},
    )


def converted(sandbox: Sandbox, account: str, amount: int, currency: str) -> money.Conversion:
    """A signed amount in the account's settlement currency."""
    result = money.convert(abs(amount), currency, settlement_currency(sandbox, account))
    if amount >= 0:
        return result
    return money.Conversion(-result.amount, result.currency, result.rate)


def fixed_fee(sandbox: Sandbox, account: str, fee: Decimal) -> int:
    return money.in_currency(fee, settlement_currency(sandbox, account))


def net_by_currency(sandbox: Sandbox, account: str, *, is_available: bool) -> dict[str, int]:
    now = sandbox.world.clock.seconds()
    sums: dict[str, int] = {settlement_currency(sandbox, account): 0}
    for entry in sandbox.world.newest_first("balance_transaction", account):
        if (entry.object["available_on"] <= now) == is_available:
            currency = entry.object["currency"]
            sums[currency] = sums.get(currency, 0) + entry.object["net"]
    return sums


def retrieve_balance(call: Call) -> JsonObject:
    def amounts(is_available: bool) -> list[JsonObject]:
        sums = net_by_currency(call.sandbox, call.account, is_available=is_available)
        return [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(sums.items())
        ]

    return {
        "object": "balance",
        "available": amounts(True),
        "livemode": False,
        "pending": amounts(False),
        "refund_and_dispute_prefunding": {"available": [], "pending": []},
    }


def retrieve(call: Call) -> JsonObject:
    return shown(call.sandbox, call.entry("balance_transaction", "balance transaction"))


def list_all(call: Call) -> JsonObject:
    wanted: dict[str, Any] = {
        name: call.params[name] for name in ("currency", "type", "source") if name in call.params
    }
    payout = call.params.get("payout")
    return page(
        call,
        "balance_transaction",
        among=(
            call.world.where("balance_transaction", call.account, "source", wanted["source"])
            if "source" in wanted
            else None
        ),
        wanted=lambda entry: (
            all(entry.object[name] == value for name, value in wanted.items())
            and (payout is None or entry.hidden["payout"] == payout)
        ),
    )


OPERATIONS = [
    Operation("GET", "/v1/balance", retrieve_balance, accepts()),
    Operation("GET", "/v1/balance_transactions/:id", retrieve, accepts()),
    Operation(
        "GET",
        "/v1/balance_transactions",
        list_all,
        accepts(
            {
                "created": Moments(),
                "currency": Text(3),
                "payout": Text(),
                "source": Text(),
                "type": Text(),
            },
            lists=True,
        ),
    ),
]

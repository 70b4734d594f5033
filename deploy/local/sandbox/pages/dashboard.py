"""The dashboard: payments, accounts and events, and what an organizer or a bank does to them."""

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from deploy.local.sandbox import money
from deploy.local.sandbox.api.refusals import Refusal
from deploy.local.sandbox.objects import accounts, balance, checkout_payment, disputes, refunds
from deploy.local.sandbox.pages.forms import Form, read_form, see_other
from deploy.local.sandbox.pages.rendering import page
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry

_SHOWN = 50


class DashboardPages:
    """`/dashboard`, its forms, and the receipts that charges point to."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.show),
            web.get("/dashboard", self.show),
            web.get("/receipts/{id}", self.receipt),
            web.post("/dashboard/{deed}/{id}", self.do),
        ]

    async def show(self, request: web.Request) -> web.Response:
        world = self._sandbox.world
        world.agenda.run_due()
        known = [self._account(entry) for entry in world.everything("account")]
        return page(
            "dashboard.html",
            problem=request.query.get("problem"),
            accounts=known,
            names={account["id"]: account["name"] for account in known},
            payments=[self._payment(entry) for entry in self._latest("charge")],
            sessions=[
                entry.object
                for entry in self._latest("checkout.session")
                if entry.object["status"] == "open"
            ],
            events=[self._event(entry) for entry in self._latest("event")],
            endpoints=[entry.object for entry in world.everything("webhook_endpoint")],
            now=world.clock.now(),
            offset=world.clock.offset,
        )

    async def receipt(self, request: web.Request) -> web.Response:
        charge = self._sandbox.world.find("charge", request.match_info["id"])
        if charge is None:
            return page("missing.html", status=404)
        names = self._account(self._sandbox.world.get("account", charge.account))
        return page("receipt.html", charge=charge.object, merchant=names["name"])

    async def do(self, request: web.Request) -> web.Response:
        """One press of a button; what cannot be done is said on the page."""
        deeds = {
            "refund": ("charge", self._refund),
            "dispute": ("charge", self._dispute),
            "decide": ("dispute", self._decide),
            "expire": ("checkout.session", self._expire),
            "connect": ("account", self._connect),
            "disconnect": ("account", self._disconnect),
            "ready": ("account", self._set_ready),
            "resend": ("event", self._resend),
        }
        kind, deed = deeds.get(request.match_info["deed"], (None, None))
        entry = kind and self._sandbox.world.find(kind, request.match_info["id"])
        if deed is None or not entry:
            return page("missing.html", status=404)
        form = await read_form(request)
        try:
            deed(entry, form)
        except (Refusal, ValueError) as refused:
            return see_other("/dashboard?" + urlencode({"problem": str(refused)}))
        return see_other("/dashboard")

    def _refund(self, charge: Entry, form: Form) -> None:
        typed = form.get("amount", "")
        amount = money.read_words(typed, charge.object["currency"]) if typed else None
        refunds.refund(self._sandbox, charge, amount=amount, reason="requested_by_customer")

    def _dispute(self, charge: Entry, form: Form) -> None:
        if charge.object["status"] != "succeeded":
            raise ValueError("Only a charge that succeeded can be disputed.")
        disputes.open_for(self._sandbox, charge, is_inquiry=form.get("kind") == "inquiry")

    def _decide(self, dispute: Entry, form: Form) -> None:
        status = form.get("status")
        if status not in ("won", "lost") or not disputes.is_open(dispute):
            raise ValueError("An open dispute is won or lost.")
        disputes.decide(self._sandbox, dispute, status)

    def _expire(self, session: Entry, form: Form) -> None:
        checkout_payment.expire(self._sandbox, session)

    def _connect(self, account: Entry, form: Form) -> None:
        if not account.hidden["connected"]:
            accounts.connect(self._sandbox, account)

    def _disconnect(self, account: Entry, form: Form) -> None:
        if account.id == PLATFORM:
            raise ValueError("The platform cannot be disconnected from itself.")
        if account.hidden["connected"]:
            accounts.disconnect(self._sandbox, account)

    def _set_ready(self, account: Entry, form: Form) -> None:
        accounts.set_ready(self._sandbox, account, form.get("ready") == "yes")

    def _resend(self, event: Entry, form: Form) -> None:
        self._sandbox.postman.resend(event)

    def _latest(self, kind: str) -> list[Entry]:
        """The newest of all accounts."""
        found = [
            entry
            for account in self._sandbox.world.everything("account")
            for entry in islice(self._sandbox.world.newest_first(kind, account.id), _SHOWN)
        ]
        return sorted(found, key=lambda entry: -entry.object["created"])[:_SHOWN]

    def _account(self, entry: Entry) -> dict[str, Any]:
        currency = balance.settlement_currency(self._sandbox, entry.id)
        sums = [
            balance.net_by_currency(self._sandbox, entry.id, is_available=is_available)[currency]
            for is_available in (True, False)
        ]
        return {
            "id": entry.id,
            "name": entry.object["settings"]["dashboard"]["display_name"] or entry.id,
            "is_platform": entry.id == PLATFORM,
            "is_connected": entry.hidden["connected"],
            "is_ready": entry.object["charges_enabled"],
            "available": money.words(sums[0], currency),
            "pending": money.words(sums[1], currency),
        }

    def _payment(self, charge: Entry) -> dict[str, Any]:
        state = charge.object
        world = self._sandbox.world
        booking = state["balance_transaction"] and world.get(
            "balance_transaction", state["balance_transaction"]
        )
        found = world.where("dispute", charge.account, "charge", charge.id)
        details = state["payment_method_details"]
        means = details[details["type"]]
        shown: dict[str, Any] = {
            "charge": state,
            "account": charge.account,
            "means": f"{means.get('brand', 'bank debit')} …{means['last4']}",
            "amount": money.words(state["amount"], state["currency"]),
            "fee": None,
            "net": None,
            "refunded": money.words(state["amount_refunded"], state["currency"]),
            "left": state["amount_captured"] - state["amount_refunded"],
            "disputes": [dispute.object for dispute in found],
            "refunds": [
                refund.object
                for refund in world.where("refund", charge.account, "charge", charge.id)
            ],
            "words": _status(state, found),
        }
        if booking:
            shown["fee"] = money.words(booking.object["fee"], booking.object["currency"])
            shown["net"] = money.words(booking.object["net"], booking.object["currency"])
        return shown

    def _event(self, entry: Entry) -> dict[str, Any]:
        deliveries = self._sandbox.world.where("delivery", entry.account, "event", entry.id)
        return {
            "id": entry.id,
            "type": entry.object["type"],
            "account": entry.account,
            "created": entry.object["created"],
            "deliveries": [delivery.object for delivery in deliveries],
            "is_delivered": self._sandbox.postman.is_delivered(entry),
        }


def _status(charge: dict[str, Any], found: list[Entry]) -> tuple[str, str]:
    """The state in a word, and its tone."""
    if charge["status"] == "failed":
        return "declined", "bad"
    if charge["status"] == "pending":
        return "pending", "warn"
    if found:
        return f"dispute: {found[-1].object['status'].replace('_', ' ')}", "bad"
    if charge["refunded"]:
        return "refunded", "warn"
    if charge["amount_refunded"]:
        return "partly refunded", "warn"
    return "paid", "good"

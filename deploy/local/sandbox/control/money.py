"""Paying, refunding and disputing from outside the API, as payers, organizers and banks do."""

from typing import Any

from aiohttp import web

from deploy.local.sandbox.control.requests import Mistake, find, read
from deploy.local.sandbox.ledger import entries
from deploy.local.sandbox.objects import (
    checkout_payment,
    confirmation,
    disputes,
    payouts,
    refunds,
)
from deploy.local.sandbox.objects.confirmation import Outcome, Verdict
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry

_REFUND_STATES = ("pending", "requires_action", "succeeded", "failed", "canceled")


class MoneyControl:
    """`/_sandbox/checkout`, `/refunds`, `/disputes`, `/payment_intents` and `/ledger`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/_sandbox/checkout/{id}/pay", self.pay),
            web.post("/_sandbox/checkout/{id}/expire", self.expire),
            web.post("/_sandbox/payment_intents/{id}/authenticate", self.authenticate),
            web.post("/_sandbox/refunds", self.refund),
            web.post("/_sandbox/refunds/{id}", self.settle_refund),
            web.post("/_sandbox/disputes", self.dispute),
            web.post("/_sandbox/disputes/{id}", self.decide_dispute),
            web.post("/_sandbox/payouts", self.pay_out),
            web.get("/_sandbox/ledger", self.ledger),
        ]

    async def pay(self, request: web.Request) -> web.Response:
        """Pay as somebody on the pay page would; answers at once, whatever the webhooks do."""
        given = await read(request, "card", "iban", "name", "email", "three_d_secure")
        session = find(self._sandbox, "checkout.session", request.match_info["id"])
        passes = given.get("three_d_secure", "complete")
        if passes not in ("complete", "fail", "leave"):
            raise Mistake("three_d_secure is complete, fail or leave.")
        self._sandbox.world.agenda.run_due()
        try:
            outcome = checkout_payment.pay(
                self._sandbox,
                session,
                number=None if "iban" in given else given.get("card", "4242424242424242"),
                iban=given.get("iban"),
                name=given.get("name", "Test Payer"),
                email=given.get("email", "payer@example.com"),
            )
            if outcome.verdict is Verdict.REQUIRES_ACTION and passes != "leave":
                intent = find(self._sandbox, "payment_intent", session.object["payment_intent"])
                outcome = checkout_payment.authenticate(
                    self._sandbox, intent, passes=passes == "complete"
                )
        except checkout_payment.SessionIsClosed:
            return web.json_response(
                {"error": f"This session is {session.object['status']}.", **_state(session)},
                status=409,
            )
        except checkout_payment.MethodIsRefused as refused:
            return web.json_response({"error": str(refused), **_state(session)}, status=402)
        return web.json_response({**_state(session), **_told(outcome)})

    async def expire(self, request: web.Request) -> web.Response:
        session = find(self._sandbox, "checkout.session", request.match_info["id"])
        checkout_payment.expire(self._sandbox, session)
        return web.json_response(_state(session))

    async def authenticate(self, request: web.Request) -> web.Response:
        given = await read(request, "three_d_secure")
        intent = find(self._sandbox, "payment_intent", request.match_info["id"])
        try:
            outcome = checkout_payment.authenticate(
                self._sandbox, intent, passes=given.get("three_d_secure", "complete") == "complete"
            )
        except checkout_payment.SessionIsClosed as closed:
            raise Mistake("Nobody is asked to authenticate here.", 409) from closed
        return web.json_response({**_told(outcome), "payment_intent": intent.id})

    async def refund(self, request: web.Request) -> web.Response:
        """Refund as the organizer would in the dashboard: no metadata, no idempotency key."""
        given = await read(request, "charge", "amount", "reason")
        charge = find(self._sandbox, "charge", given.get("charge"))
        amount = _amount(given)
        entry = refunds.refund(self._sandbox, charge, amount=amount, reason=given.get("reason"))
        return web.json_response(entry.object)

    async def settle_refund(self, request: web.Request) -> web.Response:
        """Let a refund turn out as its bank decides."""
        given = await read(request, "status", "failure_reason")
        entry = find(self._sandbox, "refund", request.match_info["id"])
        status = given.get("status")
        if status not in _REFUND_STATES:
            raise Mistake(f"status is one of {', '.join(_REFUND_STATES)}.")
        if entry.object["status"] in ("failed", "canceled") or status == entry.object["status"]:
            raise Mistake(f"This refund is {entry.object['status']}.", 409)
        entry.hidden["outcome"] = None
        refunds.settle(self._sandbox, entry, status, failure_reason=given.get("failure_reason"))
        return web.json_response(entry.object)

    async def dispute(self, request: web.Request) -> web.Response:
        """Open a dispute as the cardholder's bank would; `status` may take it further at once."""
        given = await read(request, "charge", "status", "reason", "amount")
        charge = find(self._sandbox, "charge", given.get("charge"))
        reason = given.get("reason", "fraudulent")
        if reason not in disputes.REASONS:
            raise Mistake(f"reason is one of {', '.join(disputes.REASONS)}.")
        if charge.object["status"] != "succeeded":
            raise Mistake("Only a charge that succeeded can be disputed.", 409)
        status = given.get("status", "needs_response")
        entry = disputes.open_for(
            self._sandbox,
            charge,
            reason,
            is_inquiry=status.startswith("warning"),
            amount=_amount(given),
        )
        if status != entry.object["status"]:
            self._decide(entry, status)
        return web.json_response(entry.object)

    async def decide_dispute(self, request: web.Request) -> web.Response:
        given = await read(request, "status")
        entry = find(self._sandbox, "dispute", request.match_info["id"])
        self._decide(entry, given.get("status"))
        return web.json_response(entry.object)

    def _decide(self, entry: Entry, status: Any) -> None:
        if status not in disputes.STATES:
            raise Mistake(f"status is one of {', '.join(disputes.STATES)}.")
        if not disputes.is_open(entry) and not status.startswith("appeal"):
            raise Mistake(f"This dispute is {entry.object['status']}.", 409)
        disputes.decide(self._sandbox, entry, status)

    async def pay_out(self, request: web.Request) -> web.Response:
        """Send an account's available balance to its bank."""
        given = await read(request, "account")
        account = find(self._sandbox, "account", given.get("account", PLATFORM))
        payout = payouts.pay_out(self._sandbox, account.id)
        if payout is None:
            raise Mistake("Nothing is available to pay out.", 409)
        return web.json_response(payout.object)

    async def ledger(self, request: web.Request) -> web.Response:
        self._sandbox.world.agenda.run_due()
        return web.json_response({"entries": entries(self._sandbox)})


def _amount(given: dict[str, Any]) -> int | None:
    amount = given.get("amount")
    if amount is not None and (
        not isinstance(amount, int) or isinstance(amount, bool) or amount < 1
    ):
        raise Mistake("amount is a positive integer in smallest units.")
    return amount


def _state(session: Entry) -> dict[str, Any]:
    names = ("status", "payment_status", "payment_intent")
    return {"session": session.id, **{name: session.object[name] for name in names}}


def _told(outcome: Outcome) -> dict[str, Any]:
    decline = outcome.decline
    return {
        "outcome": outcome.verdict.value,
        "charge": None if outcome.charge is None else outcome.charge.id,
        "code": None if decline is None else decline.code,
        "decline_code": None if decline is None else decline.decline_code,
        "message": None if decline is None else decline.message,
        "needs_authentication": decline is confirmation.AUTHENTICATION_REQUIRED
        or outcome.verdict is Verdict.REQUIRES_ACTION,
    }

"""Time, faults, deliveries, settings and accounts: the conditions that a test runs under."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from deploy.local.sandbox.api.faults import Rule
from deploy.local.sandbox.api.gate import Gate
from deploy.local.sandbox.control.requests import Mistake, find, read
from deploy.local.sandbox.deliveries import Policy
from deploy.local.sandbox.objects import accounts
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry

_TOGGLES = ("charges_enabled", "details_submitted", "payouts_enabled")


class ConditionsControl:
    """`/_sandbox/clock`, `/faults`, `/webhooks`, `/settings`, `/accounts`, `/reset`, `/quiet`."""

    def __init__(self, sandbox: Sandbox, gate: Gate) -> None:
        self._sandbox = sandbox
        self._gate = gate
        self.on_reset: Callable[[], None] = lambda: None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_sandbox/clock", self.clock),
            web.post("/_sandbox/clock", self.advance),
            web.get("/_sandbox/faults", self.faults),
            web.post("/_sandbox/faults", self.add_fault),
            web.delete("/_sandbox/faults", self.clear_faults),
            web.get("/_sandbox/webhooks", self.webhooks),
            web.post("/_sandbox/webhooks", self.change_webhooks),
            web.post("/_sandbox/webhooks/resend", self.resend),
            web.get("/_sandbox/settings", self.settings),
            web.post("/_sandbox/settings", self.change_settings),
            web.post("/_sandbox/accounts/{id}", self.change_account),
            web.post("/_sandbox/accounts/{id}/connect", self.connect),
            web.post("/_sandbox/accounts/{id}/disconnect", self.disconnect),
            web.post("/_sandbox/quiet", self.quiet),
            web.post("/_sandbox/reset", self.reset),
        ]

    async def clock(self, request: web.Request) -> web.Response:
        clock = self._sandbox.world.clock
        return web.json_response({"now": clock.now(), "offset": clock.offset})

    async def advance(self, request: web.Request) -> web.Response:
        given = await read(request, "advance")
        seconds = given.get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise Mistake("advance is a number of seconds; time only goes forward.")
        world = self._sandbox.world
        world.agenda.advance(seconds)
        world.keep("clock", {"offset": world.clock.offset})
        return await self.clock(request)

    async def faults(self, request: web.Request) -> web.Response:
        return web.json_response({"rules": [rule.as_json() for rule in self._gate.faults.rules]})

    async def add_fault(self, request: web.Request) -> web.Response:
        rule = Rule.read(await read(request))
        self._gate.faults.add(rule)
        return web.json_response(rule.as_json())

    async def clear_faults(self, request: web.Request) -> web.Response:
        self._gate.faults.clear()
        return web.json_response({"rules": []})

    async def webhooks(self, request: web.Request) -> web.Response:
        """The faults in force, and what became of each delivery."""
        deliveries = [entry.object for entry in self._sandbox.world.everything("delivery")]
        return web.json_response(
            {"policy": self._sandbox.postman.policy.as_json(), "deliveries": deliveries}
        )

    async def change_webhooks(self, request: web.Request) -> web.Response:
        """Replace the faults of deliveries; an empty object ends them."""
        self._sandbox.postman.policy = Policy.read(await read(request))
        return web.json_response(self._sandbox.postman.policy.as_json())

    async def resend(self, request: web.Request) -> web.Response:
        """Post one event again, or everything that was never delivered."""
        given = await read(request, "event")
        postman = self._sandbox.postman
        if "event" in given:
            chosen = [find(self._sandbox, "event", given["event"])]
        else:
            events = list(self._sandbox.world.everything("event"))
            chosen = [event for event in events if not postman.is_delivered(event)]
        return web.json_response({"sent": sum(postman.resend(event) for event in chosen)})

    async def settings(self, request: web.Request) -> web.Response:
        return web.json_response(self._sandbox.settings.as_json())

    async def change_settings(self, request: web.Request) -> web.Response:
        self._sandbox.settings.change(await read(request))
        self._sandbox.world.keep("settings", self._sandbox.settings.as_json())
        return await self.settings(request)

    async def change_account(self, request: web.Request) -> web.Response:
        """Toggle what an account may do; `ready` sets everything that being ready means."""
        given = await read(request, *_TOGGLES, "card_payments", "ready", "refunds_pending")
        entry = self._account(request)
        if "refunds_pending" in given:
            entry.hidden["refunds_pending"] = bool(given.pop("refunds_pending"))
            self._sandbox.world.save(entry)
        if "ready" in given:
            accounts.set_ready(self._sandbox, entry, bool(given.pop("ready")))
        values: dict[str, Any] = {name: bool(given[name]) for name in _TOGGLES if name in given}
        if "card_payments" in given:
            if given["card_payments"] not in ("active", "inactive", "pending"):
                raise Mistake("card_payments is active, inactive or pending.")
            values["capabilities"] = {
                **entry.object["capabilities"],
                "card_payments": given["card_payments"],
            }
        if values:
            accounts.change(self._sandbox, entry, **values)
        return web.json_response(entry.object)

    async def connect(self, request: web.Request) -> web.Response:
        """Connect without the consent page."""
        entry = self._account(request)
        if not entry.hidden["connected"]:
            accounts.connect(self._sandbox, entry)
        return web.json_response({"account": entry.id, "connected": True})

    async def disconnect(self, request: web.Request) -> web.Response:
        """Revoke the connection as the account's owner would."""
        entry = self._account(request)
        if entry.id == PLATFORM:
            raise Mistake("The platform cannot be disconnected from itself.")
        if entry.hidden["connected"]:
            accounts.disconnect(self._sandbox, entry)
        return web.json_response({"account": entry.id, "connected": False})

    def _account(self, request: web.Request) -> Entry:
        return find(self._sandbox, "account", request.match_info["id"])

    async def quiet(self, request: web.Request) -> web.Response:
        """Wait until nothing is under way to an endpoint; answers whether that came true."""
        given = await read(request, "timeout")
        is_quiet = await self._sandbox.postman.wait_until_quiet(float(given.get("timeout", 10)))
        return web.json_response({"quiet": is_quiet})

    async def reset(self, request: web.Request) -> web.Response:
        """Begin again: no objects, no faults, the real time; endpoints stay if told so."""
        given = await read(request, "keep_endpoints")
        world = self._sandbox.world
        kept = list(world.everything("webhook_endpoint")) if given.get("keep_endpoints") else []
        await self._sandbox.postman.drop_everything()
        world.forget_everything()
        self._sandbox.settings.reset()
        self._gate.faults.clear()
        self.on_reset()
        accounts.populate(self._sandbox)
        for endpoint in kept:
            world.add("webhook_endpoint", endpoint.account, endpoint.object, endpoint.hidden)
        return web.json_response({"reset": True})

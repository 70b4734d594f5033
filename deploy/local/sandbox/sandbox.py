"""The sandbox as its parts see it: the world, its settings, its events and its postman."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deploy.local.sandbox.deliveries import Postman
from deploy.local.sandbox.settings import Settings
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject, World, new_id

API_VERSION = "2026-10-28.endive"
CLIENT_ID = "ca_sandbox"

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Sandbox:
    """One running Stripe double."""

    def __init__(self, *, is_live: bool = False) -> None:
        """`is_live` only pretends: live keys, `livemode` true, and no more money than ever."""
        self.is_live = is_live
        self.world = World()
        self.settings = Settings()
        self.postman = Postman(self.world, is_live=is_live)
        self.base_url = ""
        self._request: JsonObject = {"id": None, "idempotency_key": None}

    @contextmanager
    def on_behalf_of(self, request_id: str, idempotency_key: str | None) -> Iterator[None]:
        """Events emitted inside name this request as their cause."""
        before = self._request
        self._request = {"id": request_id, "idempotency_key": idempotency_key}
        try:
            yield
        finally:
            self._request = before

    def emit(
        self,
        type: str,
        account: str,
        thing: JsonObject,
        previous: JsonObject | None = None,
    ) -> Entry:
        """Record an event with the object as it is at this moment, and post it to whom it concerns.

        `previous` holds the old values of the attributes that an update changed.
        """
        event: JsonObject = {
            "id": new_id("evt_1"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.world.clock.seconds(),
            "data": {},
            "livemode": False,
            "pending_webhooks": 0,
            "request": dict(self._request),
            "type": type,
        }
        if account != PLATFORM:
            event["account"] = account
        if previous is not None:
            event["data"]["previous_attributes"] = previous
        entry = self.world.add("event", account, event, {"snapshot": _dump(thing)})
        self.postman.post(entry)
        return entry

    def is_connected(self, account: str) -> bool:
        if account == PLATFORM:
            return True
        entry = self.world.find("account", account)
        return entry is not None and bool(entry.hidden.get("connected"))

    def to_json(self, thing: Any) -> str:
        return _dump(thing)

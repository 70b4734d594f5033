"""How an object looks in an answer: as it is stored, but for what depends on the moment."""

import json
from collections.abc import Callable

from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject


def _event(sandbox: Sandbox, entry: Entry) -> JsonObject:
    return {
        **entry.object,
        "data": {"object": json.loads(entry.hidden["snapshot"]), **entry.object["data"]},
        "pending_webhooks": sandbox.postman.pending(entry),
    }


def _balance_transaction(sandbox: Sandbox, entry: Entry) -> JsonObject:
    is_available = entry.object["available_on"] <= sandbox.world.clock.seconds()
    return {**entry.object, "status": "available" if is_available else "pending"}


_MOMENTARY: dict[str, Callable[[Sandbox, Entry], JsonObject]] = {
    "event": _event,
    "balance_transaction": _balance_transaction,
}


def shown(sandbox: Sandbox, entry: Entry) -> JsonObject:
    """The object for an answer; not to be changed, since it may be the stored one."""
    momentary = _MOMENTARY.get(entry.kind)
    return entry.object if momentary is None else momentary(sandbox, entry)

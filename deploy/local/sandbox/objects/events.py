"""Events as the API offers them: 30 days back, by type and by whether they were delivered."""

from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Flag, Many, Moments, Text
from deploy.local.sandbox.api.presentation import shown
from deploy.local.sandbox.api.refusals import Refusal, no_such
from deploy.local.sandbox.world import Entry, JsonObject

_KEPT_SECONDS = 30 * 86_400


def retrieve(call: Call) -> JsonObject:
    entry = call.entry("event", "event")
    if entry.object["created"] < call.seconds - _KEPT_SECONDS:
        raise no_such("event", entry.id)
    return shown(call.sandbox, entry)


def list_all(call: Call) -> JsonObject:
    given = call.params
    if "type" in given and "types" in given:
        raise Refusal(400, "You may only specify one of these parameters: type, types.")
    types = given.get("types") or ([given["type"]] if "type" in given else None)
    delivered = given.get("delivery_success")
    oldest = call.seconds - _KEPT_SECONDS
    created = given.setdefault("created", {})
    created["gte"] = max(oldest, created.get("gte", 0))

    def is_wanted(entry: Entry) -> bool:
        return (types is None or _matches(entry.object["type"], types)) and (
            delivered is None or call.sandbox.postman.is_delivered(entry) == delivered
        )

    return page(call, "event", wanted=is_wanted)


def _matches(event_type: str, wanted: list[str]) -> bool:
    """`charge.*` means every type that begins so."""
    return any(
        event_type == one or (one.endswith("*") and event_type.startswith(one[:-1]))
        for one in wanted
    )


_LIST = accepts(
    {
        "created": Moments(),
        "delivery_success": Flag(),
        "type": Text(),
        "types": Many(Text(), most=20),
    },
    lists=True,
)

OPERATIONS = [
    Operation("GET", "/v1/events", list_all, _LIST),
    Operation("GET", "/v1/events/:id", retrieve, accepts()),
]

"""What a request to the API becomes: an operation to run, and the call that it is run with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.local.sandbox.api.parameters import EXPAND, LIST_PARTS, Kind, Record, Text
from deploy.local.sandbox.api.refusals import no_such
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry, JsonObject, World


@dataclass(slots=True)
class Call:
    """One request on its way through an operation."""

    sandbox: Sandbox
    account: str
    ids: list[str]
    params: dict[str, Any]
    path: str
    base_url: str
    expand: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def seconds(self) -> int:
        return self.sandbox.world.clock.seconds()

    def entry(self, kind: str, noun: str, *, param: str = "id", place: int = 0) -> Entry:
        """The object that the path names, if it is this account's."""
        found = self.world.find(kind, self.ids[place], self.account)
        if found is None:
            raise no_such(noun, self.ids[place], param=param)
        return found

    def reference(self, kind: str, noun: str, param: str) -> Entry | None:
        """The object that a parameter names, if it is given."""
        thing_id = self.params.get(param)
        if thing_id is None:
            return None
        found = self.world.find(kind, thing_id, self.account)
        if found is None:
            raise no_such(noun, thing_id, param=param, status=400)
        return found


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and a path, where `:id` stands for an object's id, and what answers it."""

    method: str
    path: str
    run: Callable[[Call], JsonObject]
    parameters: Record

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.path.strip("/").split("/"))


# Where goods would go; accepted and shown again, since Stripe's own command line sends it.
SHIPPING = Record(
    {
        "address": Record(
            {
                name: Text()
                for name in ("city", "country", "line1", "line2", "postal_code", "state")
            },
            is_required=True,
        ),
        "name": Text(is_required=True),
        "carrier": Text(),
        "phone": Text(),
        "tracking_number": Text(),
    }
)


def shipping(given: JsonObject | None) -> JsonObject | None:
    """The shipping of a payment as it is shown: every part, null where nothing was given."""
    if given is None:
        return None
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "address": {name: given["address"].get(name) for name in names},
        "carrier": given.get("carrier"),
        "name": given["name"],
        "phone": given.get("phone"),
        "tracking_number": given.get("tracking_number"),
    }


def accepts(
    parts: dict[str, Kind] | None = None, *, unplayed: tuple[str, ...] = (), lists: bool = False
) -> Record:
    """The parameters of an operation, with those that every one has."""
    shared: dict[str, Kind] = {"expand": EXPAND}
    if lists:
        shared |= LIST_PARTS
    return Record({**shared, **(parts or {})}, unplayed=frozenset(unplayed))


class Operations:
    """Finds the operation for a method and a path."""

    def __init__(self, operations: list[Operation]) -> None:
        self._fixed: dict[tuple[str, str], Operation] = {}
        self._open: dict[tuple[str, int], list[Operation]] = {}
        for operation in operations:
            if ":id" in operation.segments:
                key = (operation.method, len(operation.segments))
                self._open.setdefault(key, []).append(operation)
            else:
                self._fixed[operation.method, operation.path] = operation

    def find(self, method: str, path: str) -> tuple[Operation, list[str]] | None:
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed, []
        given = tuple(path.strip("/").split("/"))
        for operation in self._open.get((method, len(given)), ()):
            pairs = list(zip(operation.segments, given, strict=True))
            if all(wanted in (":id", segment) for wanted, segment in pairs):
                return operation, [segment for wanted, segment in pairs if wanted == ":id"]
        return None

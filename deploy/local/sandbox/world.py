"""Everything that this Stripe knows: one shelf of objects for each kind and account."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.local.sandbox.clock import Agenda, Clock

JsonObject = dict[str, Any]

PLATFORM = "acct_sandbox_platform"

# Not the system's generator: twenty ids a payment would be twenty calls into the kernel.
_random_bits = random.Random().getrandbits


def new_id(prefix: str, length: int = 24) -> str:
    """An id as long as Stripe's, and never the same again."""
    return f"{prefix}{_random_bits(4 * length):0{length}x}"


@dataclass(slots=True)
class Entry:
    """One object as the API shows it, and beside it what only this Stripe may know."""

    kind: str
    account: str
    id: str
    object: JsonObject
    hidden: JsonObject
    position: int = 0


@dataclass(slots=True)
class Shelf:
    """The objects of one kind in one account, in order of their creation."""

    entries: list[Entry | None] = field(default_factory=list)
    by_field: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)


# The fields by which lists are filtered, kept as an index so that no request scans a shelf.
INDEXED_FIELDS: dict[str, tuple[str, ...]] = {
    "checkout.session": ("payment_intent",),
    "charge": ("payment_intent",),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "balance_transaction": ("source",),
    "application_fee": ("charge",),
    "delivery": ("event",),
}


class World:
    """The state of the sandbox; every change goes through `add`, `save` or `remove`."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.agenda = Agenda(self.clock)
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._by_id: dict[tuple[str, str], Entry] = {}
        self.dirty: dict[tuple[str, str], Entry] = {}
        self.on_change: Callable[[], None] = lambda: None

    def add(
        self, kind: str, account: str, thing: JsonObject, hidden: JsonObject | None = None
    ) -> Entry:
        entry = Entry(kind, account, thing["id"], thing, hidden if hidden is not None else {})
        self._put_on_shelf(entry)
        self.save(entry)
        return entry

    def save(self, entry: Entry) -> None:
        """Note that an entry has changed, so that the journal keeps it."""
        self._index(entry)
        self.dirty[entry.kind, entry.id] = entry
        self.on_change()

    def remove(self, entry: Entry) -> None:
        self.shelf(entry.kind, entry.account).entries[entry.position] = None
        del self._by_id[entry.kind, entry.id]
        entry.hidden["gone"] = True
        self.dirty[entry.kind, entry.id] = entry
        self.on_change()

    def restore(self, entry: Entry) -> None:
        """Put back what the journal remembers; a later line replaces an earlier one."""
        known = self._by_id.get((entry.kind, entry.id))
        if entry.hidden.get("gone"):
            if known is not None:
                self.shelf(known.kind, known.account).entries[known.position] = None
                del self._by_id[known.kind, known.id]
            return
        if known is None:
            self._put_on_shelf(entry)
            self._index(entry)
        else:
            known.object, known.hidden = entry.object, entry.hidden
            self._index(known)

    def keep(self, kind: str, values: JsonObject) -> None:
        """Store the one entry of a kind of which there is only one: the clock, the settings."""
        entry = self.find(kind, kind)
        if entry is None:
            self.add(kind, PLATFORM, {"id": kind, **values})
        else:
            entry.object.update(values)
            self.save(entry)

    def forget_everything(self) -> None:
        self._shelves.clear()
        self._by_id.clear()
        self.dirty.clear()
        self.agenda.clear()
        self.clock.offset = 0.0

    def find(self, kind: str, thing_id: str, account: str | None = None) -> Entry | None:
        entry = self._by_id.get((kind, thing_id))
        if entry is None or (account is not None and entry.account != account):
            return None
        return entry

    def get(self, kind: str, thing_id: str) -> Entry:
        """An entry that must exist."""
        return self._by_id[kind, thing_id]

    def shelf(self, kind: str, account: str) -> Shelf:
        shelf = self._shelves.get((kind, account))
        if shelf is None:
            shelf = self._shelves[kind, account] = Shelf()
        return shelf

    def newest_first(self, kind: str, account: str) -> Iterator[Entry]:
        for entry in reversed(self.shelf(kind, account).entries):
            if entry is not None:
                yield entry

    def where(self, kind: str, account: str, field_name: str, value: str) -> list[Entry]:
        """The entries of a shelf whose indexed field has this value, oldest first."""
        return self.shelf(kind, account).by_field.get((field_name, value), [])

    def everything(self, kind: str | None = None) -> Iterator[Entry]:
        """All entries, each kind and account in order of creation."""
        for (shelf_kind, _), shelf in list(self._shelves.items()):
            if kind is None or shelf_kind == kind:
                yield from (entry for entry in shelf.entries if entry is not None)

    def _put_on_shelf(self, entry: Entry) -> None:
        entries = self.shelf(entry.kind, entry.account).entries
        entry.position = len(entries)
        entries.append(entry)
        self._by_id[entry.kind, entry.id] = entry

    def _index(self, entry: Entry) -> None:
        for field_name in INDEXED_FIELDS.get(entry.kind, ()):
            value = entry.object.get(field_name)
            if not isinstance(value, str):
                continue
            entries = self.shelf(entry.kind, entry.account).by_field.setdefault(
                (field_name, value), []
            )
            if not entries or all(known is not entry for known in entries):
                entries.append(entry)

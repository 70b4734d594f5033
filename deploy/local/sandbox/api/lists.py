"""Stripe's lists: newest first, up to 100 a page, from a cursor in either direction."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from deploy.local.sandbox.api.operations import Call
from deploy.local.sandbox.api.presentation import shown
from deploy.local.sandbox.api.refusals import Refusal, no_such
from deploy.local.sandbox.world import Entry, JsonObject

Wanted = Callable[[Entry], bool]


def list_answer(path: str, items: list[Any], has_more: bool = False) -> JsonObject:
    return {"object": "list", "data": items, "has_more": has_more, "url": path}


def is_within(moments: dict[str, int] | None, created: int) -> bool:
    if moments is None:
        return True
    return (
        created > moments.get("gt", created - 1)
        and created >= moments.get("gte", created)
        and created < moments.get("lt", created + 1)
        and created <= moments.get("lte", created)
    )


def page(
    call: Call,
    kind: str,
    *,
    among: list[Entry] | None = None,
    wanted: Wanted | None = None,
) -> JsonObject:
    """One page of an account's objects; `among` (oldest first) is an index instead of the shelf."""
    limit = min(100, max(1, call.params.get("limit", 10)))
    created = call.params.get("created")
    after = _cursor(call, kind, "starting_after")
    before = _cursor(call, kind, "ending_before")
    if after is not None and before is not None:
        raise Refusal(
            400,
            "You cannot parameterize this query with both `starting_after` and `ending_before`.",
        )

    def is_wanted(entry: Entry) -> bool:
        return is_within(created, entry.object["created"]) and (wanted is None or wanted(entry))

    candidates = _candidates(call, kind, among, after, before)
    if before is None:
        candidates = _until_too_old(candidates, created)
    found = list(islice(filter(is_wanted, candidates), limit + 1))
    has_more = len(found) > limit
    found = found[:limit]
    if before is not None:
        found.reverse()
    return list_answer(call.path, [shown(call.sandbox, entry) for entry in found], has_more)


def _cursor(call: Call, kind: str, param: str) -> Entry | None:
    thing_id = call.params.get(param)
    if thing_id is None:
        return None
    entry = call.world.find(kind, thing_id, call.account)
    if entry is None:
        raise no_such(kind, thing_id, param=param, status=400)
    return entry


def _candidates(
    call: Call, kind: str, among: list[Entry] | None, after: Entry | None, before: Entry | None
) -> Iterable[Entry]:
    entries: list[Entry | None]
    entries = call.world.shelf(kind, call.account).entries if among is None else [*among]
    if among is None:
        # Positions on the shelf spare reading what lies outside the page.
        if before is not None:
            return (entry for entry in entries[before.position + 1 :] if entry is not None)
        stop = len(entries) if after is None else after.position
        return (entry for index in range(stop - 1, -1, -1) if (entry := entries[index]) is not None)
    ordered = sorted(among, key=lambda entry: entry.position)
    if before is not None:
        return (entry for entry in ordered if entry.position > before.position)
    return (
        entry for entry in reversed(ordered) if after is None or entry.position < after.position
    )


def _until_too_old(candidates: Iterable[Entry], created: dict[str, int] | None) -> Iterable[Entry]:
    oldest = max(created.get("gt", 0), created.get("gte", 0)) if created else 0
    for entry in candidates:
        if entry.object["created"] < oldest:
            return
        yield entry

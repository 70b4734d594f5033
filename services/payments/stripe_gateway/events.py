"""Stripe's events: listed by type, whether or not anyone delivered them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.payments.facts import Fact
from services.payments.stripe_gateway.client import StripeGateway
from services.payments.stripe_gateway.reading import read_fact, read_refund

PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event as it is stored: its envelope read, its body as it came."""

    id: str
    type: str
    account: str | None
    is_live: bool
    created: int


def read_event(document: dict[str, Any]) -> StripeEvent:
    """The envelope; raises KeyError or TypeError for what is no event."""
    account = document.get("account")
    return StripeEvent(
        id=str(document["id"]),
        type=str(document["type"]),
        account=str(account) if account else None,
        is_live=bool(document["livemode"]),
        created=int(document["created"]),
    )


def read_event_fact(document: dict[str, Any], acting_for: str | None) -> Fact | None:
    """What an event tells: a snapshot, perhaps an old one."""
    thing = document["data"]["object"]
    if thing.get("object") == "refund":
        return read_refund(thing, acting_for, False, is_live=bool(document["livemode"]))
    return read_fact(thing, acting_for, is_fresh=False)


async def list_events(
    stripe: StripeGateway,
    types: Sequence[str],
    acting_for: str | None,
    *,
    since: datetime,
    admit: Callable[[], Awaitable[None]],
) -> AsyncIterator[list[dict[str, Any]]]:
    """Pages of events since then, newest first; `admit` is waited for before each call."""
    params: dict[str, Any] = {
        "types": list(types),
        "limit": PAGE_ROWS,
        "created": {"gte": int(since.timestamp())},
    }
    while True:
        await admit()
        page = await stripe.raw_request("get", "/v1/events", params, account=acting_for)
        if page["data"]:
            yield page["data"]
        if not page["has_more"]:
            return
        params["starting_after"] = page["data"][-1]["id"]

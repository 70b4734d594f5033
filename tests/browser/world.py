"""A box office in full swing: every kind of page that there is, with something on it."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.async_api import BrowserContext

from services.registration.console import ROUTES
from tests.system.box import DECLINED_CARD, Box, Json

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Place:
    """One page: what it is called and where it is, a path below the public URL."""

    name: str
    path: str
    is_console: bool = False


@dataclass(frozen=True)
class World:
    """Where everything is."""

    base_url: str
    public: list[Place]
    console: list[Place]

    @property
    def places(self) -> list[Place]:
        return [*self.public, *self.console]


async def build_world(box: Box) -> World:
    """Sell, decline, refund and cancel until every page has something to show."""
    webinar = await box.schedule(title="Price your work", capacity=80)
    paid = await box.buy(webinar, name="Chloé Martin")
    refunded = await box.buy(webinar, name="Jonas Weber")
    await box.refund(refunded, {"amount_minor": 1900, "reason": "Came late"})
    cancelled = await box.buy(webinar, name="Zoë O’Neill-Fernández de la Vega y Castellanos")
    await box.call("POST", f"/registrants/{cancelled['id']}/cancel", {"refund": "full"})
    awaiting = await box.register(webinar, name="Ana García")
    declined = await box.register(webinar, name="Søren Kierkegaard")
    await box.pay(await box.open_checkout(declined), DECLINED_CARD)
    sold_out = await box.schedule(title="A small round table", capacity=1)
    await box.register(sold_out)
    free = await box.schedule(
        title="Ask us anything", kind="virtual_event", price_minor=0, currency=None, capacity=None
    )
    guest = await box.register(free)
    closed = await box.schedule(title="Not this time", price_minor=0, currency=None)
    await box.call("POST", f"/webinars/{closed['id']}/cancel")
    public = [
        Place("webinar-paid", path_of(webinar["public_url"])),
        Place("webinar-sold-out", path_of(sold_out["public_url"])),
        Place("webinar-free", path_of(free["public_url"])),
        Place("webinar-cancelled", path_of(closed["public_url"])),
        Place("registrant-confirmed", path_of(paid["manage_url"])),
        Place("registrant-free", path_of(guest["manage_url"])),
        Place("registrant-awaiting", path_of(awaiting["manage_url"])),
        Place("registrant-declined", path_of(declined["manage_url"])),
        Place("registrant-cancelled", path_of(cancelled["manage_url"])),
        Place("registrant-cancel", path_of(paid["manage_url"]) + "/cancel"),
        Place("not-found", "/nothing-here"),
    ]
    ids = {
        "organization_id": box.demo["organization_id"],
        "webinar_id": webinar["id"],
        "registrant_id": refunded["id"],
    }
    return World(box.demo["registration_url"], public, await _console_places(box, ids))


async def sign_in(context: BrowserContext, box: Box) -> None:
    """The administrator of the local run, in this browser."""
    page = await context.new_page()
    await page.goto(f"{box.demo['registration_url']}/sign-in")
    await page.get_by_label("E-mail").fill(box.demo["admin_email"])
    await page.get_by_label("Password").fill(box.demo["admin_password"])
    await page.locator("main form button").click()
    await page.wait_for_url(re.compile("/console/"))
    await page.close()


async def _console_places(box: Box, ids: dict[str, Any]) -> list[Place]:
    """Every page of the console that can be opened by a link, from the table of its doors."""
    places = []
    for route in ROUTES:
        names = set(_PARAMETER.findall(route.path))
        if route.method == "GET" and names <= ids.keys():
            path = _PARAMETER.sub(lambda found: str(ids[found[1]]), route.path)
            name = route.path.replace("/{organization_id}", "").removeprefix("/")
            name = _PARAMETER.sub("one", name).replace("/", "-")
            places.append(Place(name, path, route.access != "anyone"))
    return places


def path_of(url: str) -> str:
    return urlsplit(url).path


def new_address() -> str:
    return f"browser-{uuid4().hex[:10]}@example.org"


__all__ = ["Json", "Place", "World", "build_world", "new_address", "path_of", "sign_in"]

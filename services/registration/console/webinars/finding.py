"""What several pages about one webinar look up first: the webinar, its words, its head."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.registration.console.visit import Visit
from services.registration.console.webinar_header import Place, webinar_header
from services.registration.store import webinars
from services.registration.webinars import Webinar
from shared.postgres import Connection


async def description_of(connection: Connection, webinar: Webinar) -> str:
    """What is said of it now."""
    return (await webinars.descriptions(connection, [webinar.id])).get(webinar.id, "")


def header_of(visit: Visit, webinar: Webinar, now: datetime, here: Place) -> dict[str, Any]:
    """The head of a page about this webinar."""
    return webinar_header(
        webinar,
        path=visit.path,
        links=visit.links,
        is_ready=visit.organization.is_ready,
        now=now,
        here=here,
    )


async def original_of(visit: Visit, connection: Connection) -> Webinar | None:
    """The webinar that is copied; None for a new one."""
    try:
        copied = await webinars.find(connection, UUID(visit.fields.get("copy_of", "")))
    except ValueError:
        return None
    is_own = copied is not None and copied.organization_id == visit.organization.id
    return copied if is_own else None


def price_of(visit: Visit, original: Webinar | None) -> dict[str, Any]:
    """A copy costs the same; while Stripe is not ready it is free."""
    if original is None or not visit.organization.is_ready:
        return {"price_minor": 0, "currency": None}
    return {"price_minor": original.price_minor, "currency": original.currency}

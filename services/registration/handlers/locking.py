"""Finding whom an event is about. Money for somebody unknown is never shrugged off."""

from typing import Protocol
from uuid import UUID

from services.registration.registrants import Registrant
from services.registration.store import registrants, webinars
from services.registration.webinars import Webinar
from shared.postgres import Connection


class AboutRegistrant(Protocol):
    """An event that names a registrant."""

    @property
    def organization_id(self) -> UUID: ...
    @property
    def registrant_id(self) -> UUID: ...
    @property
    def webinar_id(self) -> UUID: ...


class UnknownRegistrant(LookupError):
    """The event names a registrant that this organization's webinar does not have."""


async def locked_registrant(connection: Connection, event: AboutRegistrant) -> Registrant:
    """The registrant alone, for facts that move no seat; raises UnknownRegistrant."""
    registrant = await registrants.lock(connection, event.registrant_id)
    if registrant is None or (registrant.organization_id, registrant.webinar_id) != (
        event.organization_id,
        event.webinar_id,
    ):
        raise UnknownRegistrant(UnknownRegistrant.__doc__)
    return registrant


async def locked_with_webinar(
    connection: Connection, event: AboutRegistrant
) -> tuple[Webinar, Registrant]:
    """The registrant under its webinar's lock, for facts that may move a seat."""
    webinar = await webinars.lock(connection, event.webinar_id)
    if webinar is None:
        raise UnknownRegistrant(UnknownRegistrant.__doc__)
    return webinar, await locked_registrant(connection, event)

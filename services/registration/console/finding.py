"""What the path of a page names, if it is the organization's own."""

from services.registration.console.visit import Visit
from services.registration.store import webinars
from services.registration.webinars import Webinar
from shared.postgres import Connection
from shared.refusals import NotFound


async def webinar_of(visit: Visit, connection: Connection, *, is_locked: bool = False) -> Webinar:
    """The path's webinar; raises NotFound for another organization's."""
    find = webinars.lock if is_locked else webinars.find
    webinar = await find(connection, visit.id("webinar_id"))
    if webinar is None or webinar.organization_id != visit.organization.id:
        raise NotFound
    return webinar

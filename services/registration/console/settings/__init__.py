"""Settings: how the organization is paid, what it is called, how it writes."""

from aiohttp import web

from services.registration.console.settings import mail, organization, payments
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.pages.rendering import see_other


async def show_settings(visit: Visit) -> web.Response:
    """GET …/settings: its first room."""
    return see_other(visit.path("settings", "payments"))


ROUTES = [
    ConsoleRoute("GET", "/console/{organization_id}/settings", show_settings, "organizer"),
    *payments.ROUTES,
    *organization.ROUTES,
    *mail.ROUTES,
]

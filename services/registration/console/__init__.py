"""The console, door in for organizers and admins: every room declares who may enter."""

from aiohttp import web

from services.registration.console import (
    account,
    members,
    messages,
    numbers,
    passwords,
    record,
    registrants,
    rehearsal,
    settings,
    sign_in,
    tokens,
    webinars,
)
from services.registration.console.table import ConsoleRoute, bind
from services.registration.doors import open_door
from services.registration.pages.rendering import Renderer

ROUTES: list[ConsoleRoute] = [
    *sign_in.ROUTES,
    *passwords.ROUTES,
    *account.ROUTES,
    *members.ROUTES,
    *settings.ROUTES,
    *messages.ROUTES,
    *tokens.ROUTES,
    *record.ROUTES,
    *webinars.ROUTES,
    *numbers.ROUTES,
    *rehearsal.ROUTES,
    *registrants.ROUTES,  # After the rooms whose paths have a word where these have an id.
]


def add_console_routes(app: web.Application, renderer: Renderer) -> None:
    """Open every door of the console."""
    for route in ROUTES:
        open_door(app, route.method, route.path, bind(route, renderer), route.access)

"""The API's doors: every route is in the table, so every route is in the document."""

from aiohttp import web

from services.registration.doors import open_door
from services.registration.routes import organization, registrants, registrations, webinars
from services.registration.routes.cors import (
    AllowedOrigins,
    add_headers,
    add_preflights,
    note_origin,
)
from services.registration.routes.table import Door, Route, bind

# Tried in this order: what a rush calls comes first.
ROUTES: list[Route] = [
    *registrations.ROUTES,
    *webinars.ROUTES,
    *registrants.ROUTES,
    *organization.ROUTES,
]


def add_routes(app: web.Application) -> None:
    """Open every door of the table, the public ones also to the organization's own pages."""
    remembered = AllowedOrigins()
    for route in ROUTES:
        door = bind(route)
        open_door(
            app,
            route.method,
            route.path,
            _public(door, remembered) if route.is_public else door,
            "token" if not route.is_public else "link" if route.access == "link" else "anyone",
        )
    add_preflights(app, ROUTES, remembered)
    app.on_response_prepare.append(add_headers)


def _public(door: Door, remembered: AllowedOrigins) -> Door:
    async def answer(request: web.Request) -> web.StreamResponse:
        await note_origin(request, remembered)
        return await door(request)

    return answer

"""The API's doors: every route is in the table, so every route is in the document."""

from aiohttp import web

from services.registration.routes import registrations
from services.registration.routes.table import Route, bind

ROUTES: list[Route] = [*registrations.ROUTES]


def add_routes(app: web.Application) -> None:
    """Open every door of the table."""
    for route in ROUTES:
        app.router.add_route(route.method, route.path, bind(route))

"""The public link to copy, and the form as part of the organization's own pages."""

from aiohttp import web

from services.registration.console.finding import webinar_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinars.finding import header_of
from services.registration.pages.embedding import embed_snippet


async def show_embed(visit: Visit) -> web.Response:
    """GET …/webinars/{webinar_id}/embed."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        now = await connection.fetchval("SELECT now()")
    return visit.page(
        "console/webinar_embed.html",
        header=header_of(visit, webinar, now, "embed"),
        webinar=webinar,
        public_url=visit.links.webinar_url(webinar.id),
        snippet=embed_snippet(visit.links, webinar.id, webinar.title),
    )


ROUTES = [
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}/embed", show_embed, "organizer"
    ),
]

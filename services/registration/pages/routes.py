"""Where each page is found."""

from aiohttp import web

from services.registration.links import Links
from services.registration.pages.embedded import EmbeddedPages
from services.registration.pages.own_doors import OwnPages
from services.registration.pages.problem_page import problem_page
from services.registration.pages.public_doors import PublicPages
from services.registration.pages.rendering import Renderer
from shared.web import PROBLEM_PAGE


def add_page_routes(app: web.Application, links: Links, renderer: Renderer) -> None:
    """Add every public page to the registration service's application."""
    public, own = PublicPages(links, renderer), OwnPages(links, renderer)
    app[PROBLEM_PAGE] = problem_page(renderer)
    app.router.add_get("/static/{name}", renderer.static_files.send)
    app.router.add_get("/w/{webinar_id}", public.show_webinar)
    app.router.add_post("/w/{webinar_id}", public.register_on_page)
    app.router.add_get("/w/{webinar_id}/terms", public.show_terms)
    app.router.add_get("/w/{webinar_id}/embed", EmbeddedPages(links, renderer).show_embedded)
    app.router.add_get("/r/{token}", own.show_registrant)
    app.router.add_get("/r/{token}/state", own.tell_state)
    app.router.add_get("/r/{token}/events", own.stream_state)
    app.router.add_get("/r/{token}/calendar.ics", own.send_calendar)
    app.router.add_get("/r/{token}/cancel", own.show_cancellation)
    app.router.add_post("/r/{token}/cancel", own.cancel_on_page)
    app.router.add_post("/r/{token}/again", own.register_again)
    app.router.add_get("/j/{token}", own.show_join)
    app.router.add_post("/j/{token}", own.join)

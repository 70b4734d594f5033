"""Where each page is found."""

from aiohttp import web
from aiohttp.typedefs import Handler

from services.registration.doors import Access, open_door
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
    embedded = EmbeddedPages(links, renderer)
    for method, path, handler, access in _doors(renderer, public, own, embedded):
        open_door(app, method, path, handler, access)


def _doors(
    renderer: Renderer, public: PublicPages, own: OwnPages, embedded: EmbeddedPages
) -> list[tuple[str, str, Handler, Access]]:
    return [
        ("GET", "/static/{name}", renderer.static_files.send, "anyone"),
        ("GET", "/w/{webinar_id}", public.show_webinar, "anyone"),
        ("POST", "/w/{webinar_id}", public.register_on_page, "anyone"),
        ("GET", "/w/{webinar_id}/terms", public.show_terms, "anyone"),
        ("GET", "/w/{webinar_id}/embed", embedded.show_embedded, "anyone"),
        ("GET", "/r/{token}", own.show_registrant, "link"),
        ("GET", "/r/{token}/state", own.tell_state, "link"),
        ("GET", "/r/{token}/events", own.stream_state, "link"),
        ("GET", "/r/{token}/calendar.ics", own.send_calendar, "link"),
        ("GET", "/r/{token}/cancel", own.show_cancellation, "link"),
        ("POST", "/r/{token}/cancel", own.cancel_on_page, "link"),
        ("POST", "/r/{token}/again", own.register_again, "link"),
        ("GET", "/j/{token}", own.show_join, "link"),
        ("POST", "/j/{token}", own.join, "link"),
    ]

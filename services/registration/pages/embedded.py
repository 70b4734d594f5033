"""The public page inside the organization's own: only on the sites that it has named."""

from dataclasses import dataclass

from aiohttp import web

from services.registration.links import Links
from services.registration.pages.forms import new_nonce
from services.registration.pages.public_doors import webinar_of
from services.registration.pages.rendering import Renderer, locale_of
from services.registration.pages.webinar_page import Typed, webinar_view


@dataclass(frozen=True)
class EmbeddedPages:
    """Handlers of what other sites show in a frame."""

    links: Links
    renderer: Renderer

    async def show_embedded(self, request: web.Request) -> web.Response:
        """GET /w/{webinar_id}/embed: its form opens the whole window, so nobody pays in a frame."""
        facts = await webinar_of(request)
        public_path = f"/w/{facts.webinar.id}"
        locale = locale_of(request)
        view = webinar_view(facts, self.links, locale, nonce=new_nonce(), typed=Typed(), errors={})
        page = self.renderer.page(
            request,
            "embedded.html",
            locale,
            form_url=public_path,
            self_url=public_path,
            **view,
        )
        allow_frames(page, facts.organization.allowed_origins)
        return page


def allow_frames(page: web.Response, origins: list[str]) -> None:
    """Let these sites show the page in a frame; without any it stays refused everywhere."""
    if not origins:
        return
    policy = page.headers["Content-Security-Policy"]
    allowed = f"frame-ancestors {' '.join(origins)}"
    page.headers["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", allowed)
    # It knows no list of sites; browsers that know frame-ancestors need it no more.
    del page.headers["X-Frame-Options"]

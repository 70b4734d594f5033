"""The door of the framed form: shown on the organization's own sites, sent to the whole window."""

from dataclasses import dataclass

from aiohttp import web

from services.registration.links import Links
from services.registration.pages.embedding import frame_ancestors
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
        """GET /w/{webinar_id}/embed: the form alone; nobody pays in a frame."""
        facts = await webinar_of(request)
        locale = locale_of(request)
        view = webinar_view(facts, self.links, locale, nonce=new_nonce(), typed=Typed(), errors={})
        return self.renderer.page(
            request,
            "embed.html",
            locale,
            framed_by=frame_ancestors(facts.organization.allowed_origins),
            form_url=f"/w/{facts.webinar.id}",
            self_url=request.path,
            **view | {"is_framed": True},
        )

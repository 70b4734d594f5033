"""The form within the organization's own pages: who may frame it, and what they paste. No I/O."""

import re
from collections.abc import Iterable
from uuid import UUID

from markupsafe import escape

from services.registration.links import Links

HEIGHT = 900  # Pixels: the paid form with its policy on a phone.

# What is written into a header: an origin and nothing that could be more than that.
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?", re.IGNORECASE)


def frame_ancestors(allowed_origins: Iterable[str]) -> list[str]:
    """The origins whose pages may frame the form; none unless the organization allows some."""
    return [origin for origin in allowed_origins if _ORIGIN.fullmatch(origin)]


def embed_snippet(links: Links, webinar_id: UUID, title: str = "") -> str:
    """The HTML that an organizer pastes; the frame's title is what screen readers announce."""
    address, name = escape(links.embed_url(webinar_id)), escape(title or "Taquilla")
    return (
        f'<iframe src="{address}" title="{name}" width="100%" height="{HEIGHT}" '
        'style="border:0" loading="lazy"></iframe>'
    )

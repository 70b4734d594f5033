"""From a template and words to an answer: the reader's language, one stylesheet, strict headers."""

import hashlib
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.payments.words import TEMPLATES, say
from shared.localized import Language

_STYLE = (TEMPLATES / "payments.css").read_bytes()
STYLE_URL = f"/pay/payments.css?v={hashlib.sha256(_STYLE).hexdigest()[:12]}"
_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_HEADERS = {
    "Cache-Control": "no-store",
    # Addresses here hold tickets, states and Stripe's codes: they are told to nobody.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def page(
    template: str,
    language: Language,
    *,
    is_live: bool,
    is_https: bool,
    status: int = 200,
    form_targets: str = "'none'",
    **facts: Any,
) -> web.Response:
    """The page as HTML; its forms lead to `form_targets` alone."""
    html = _templates.get_template(template).render(
        **facts,
        language=language,
        say=partial(say, language),
        is_live=is_live,
        style_url=STYLE_URL,
    )
    headers = _HEADERS | {
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; object-src 'none'; base-uri 'none'; "
            f"form-action {form_targets}; frame-ancestors 'none'"
        ),
    }
    if is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)


def see_other(url: str) -> web.Response:
    """On to another page; neither kept nor told where it came from."""
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=303, headers=headers)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def add_style(app: web.Application) -> None:
    """Serve the one stylesheet of all pages."""
    app.router.add_get(STYLE_URL.partition("?")[0], _style)


async def _style(_request: web.Request) -> web.Response:
    """GET /pay/payments.css, whose address names its content."""
    return web.Response(
        body=_STYLE,
        content_type="text/css",
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )

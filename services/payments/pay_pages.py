"""The page on which a registrant waits for Stripe's page, in their language."""

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.localized import Language

REFRESH_SECONDS = 2

_FOLDER = Path(__file__).parent / "templates" / "pay"
_STYLE = (_FOLDER / "pay.css").read_bytes()
_templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
}
_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "waiting_title": "Opening the payment page",
        "waiting_text": "This takes a few seconds. The page goes on by itself; you cannot pay "
        "twice.",
        "again": "Check again",
        "missing_title": "This link does not work",
        "missing_text": "A part of it may be missing. Open the link in your mail again.",
        "test_mode": "TEST MODE",
        "test_text": "No card is charged.",
    },
    "es": {
        "waiting_title": "Abriendo la página de pago",
        "waiting_text": "Tarda unos segundos. La página continúa sola; no puede pagar dos veces.",
        "again": "Comprobar de nuevo",
        "missing_title": "Este enlace no funciona",
        "missing_text": "Puede que falte una parte. Abra otra vez el enlace de su correo.",
        "test_mode": "MODO DE PRUEBA",
        "test_text": "No se cobra ninguna tarjeta.",
    },
}


def waiting_page(language: Language, *, next_url: str, is_live: bool) -> web.Response:
    """200: a page that asks again by itself, also without scripts."""
    return _page(
        "waiting", language, 200, is_live, next_url=next_url, refresh_seconds=REFRESH_SECONDS
    )


def missing_page(language: Language, *, is_live: bool) -> web.Response:
    """404: the token is none of ours."""
    return _page("missing", language, 404, is_live, next_url=None, refresh_seconds=0)


def _page(
    name: str,
    language: Language,
    status: int,
    is_live: bool,
    *,
    next_url: str | None,
    refresh_seconds: int,
) -> web.Response:
    texts = _TEXTS[language]
    html = _templates.get_template("page.html").render(
        language=language,
        title=texts[f"{name}_title"],
        text=texts[f"{name}_text"],
        texts=texts,
        next_url=next_url,
        refresh_seconds=refresh_seconds,
        is_live=is_live,
    )
    return web.Response(text=html, status=status, content_type="text/html", headers=_HEADERS)


async def style(_request: web.Request) -> web.Response:
    """GET /pay/pay.css"""
    return web.Response(
        body=_STYLE, content_type="text/css", headers={"Cache-Control": "max-age=3600"}
    )

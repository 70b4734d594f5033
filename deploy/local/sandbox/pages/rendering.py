"""Renders the templates, with what every page shows."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from deploy.local.sandbox import money

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action *; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y, %H:%M UTC")


def _short(thing_id: str) -> str:
    return thing_id if len(thing_id) <= 24 else f"{thing_id[:13]}…{thing_id[-4:]}"


_environment = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(moment=_moment, short=_short)
_environment.globals.update(money=money.words)


def page(template: str, *, status: int = 200, **values: Any) -> web.Response:
    return web.Response(
        status=status,
        text=_environment.get_template(template).render(values),
        content_type="text/html",
        headers=_HEADERS,
    )

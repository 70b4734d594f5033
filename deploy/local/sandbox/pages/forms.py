"""Reads a page's form, and sends people on."""

from urllib.parse import urlsplit

from aiohttp import web

Form = dict[str, str]


async def read_form(request: web.Request) -> Form:
    fields = await request.post()
    return {name: value.strip() for name, value in fields.items() if isinstance(value, str)}


def see_other(location: str) -> web.Response:
    """A 303 to exactly this address; aiohttp's own redirect would rewrite its escapes."""
    if urlsplit(location).scheme not in ("", "http", "https"):
        return web.Response(status=400, text="This address leads nowhere.")
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})

"""The pages of an office, as a browser without JavaScript uses them."""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.registration.pages.rendering import Renderer
from services.registration.pages.routes import add_page_routes
from services.registration.routes.table import DESK, Desk
from services.registration.watching import add_watch
from shared.web import answer_problems
from tests.registration.office import Office

HTML = "text/html,application/xhtml+xml"


@dataclass
class Page:
    """What came back, as a person and as a browser see it."""

    status: int
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def text(self) -> str:
        words = re.sub(r"<(script|svg|title)\b.*?</\1>|<[^>]+>", " ", self.html, flags=re.S)
        return " ".join(unescape(words).replace("\N{NO-BREAK SPACE}", " ").split())

    def field(self, name: str) -> str:
        """The value that the form's field has now."""
        found = re.search(rf'<input[^>]* name="{name}"[^>]*>', self.html)
        assert found is not None, name
        value = re.search(r' value="([^"]*)"', found[0])
        return "" if value is None else unescape(value[1])

    def hidden_fields(self) -> dict[str, str]:
        names = re.findall(r'<input type="hidden" name="([^"]+)"', self.html)
        return {name: self.field(name) for name in names}


@dataclass
class Counter:
    """One visitor at the office's window."""

    office: Office
    client: "TestClient[web.Request, web.Application]"

    async def get(self, path: str, **headers: str) -> Page:
        return await self._ask("GET", path, headers)

    async def post(self, path: str, fields: Any = None, **headers: str) -> Page:
        return await self._ask("POST", path, headers, fields or {})

    async def register(self, webinar: dict[str, Any], shown: Page | None = None,
                       **typed: str) -> Page:  # fmt: skip
        """Fill in the form as it is shown and press the button."""
        path = public_path(webinar)
        shown = shown or await self.get(path)
        fields = shown.hidden_fields() | {"name": "Ana Pérez", "email": "ana@example.org"} | typed
        return await self.post(path, fields)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], fields: Any = None
    ) -> Page:
        sent = {"Accept": HTML} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(
            method, path, headers=sent, data=fields, allow_redirects=False
        ) as answer:
            return Page(answer.status, await answer.text(), answer.headers)


def public_path(webinar: dict[str, Any]) -> str:
    """Where the public page is, without its host."""
    return urlsplit(str(webinar["public_url"])).path


def path_of(url: str) -> str:
    return urlsplit(url).path


@contextlib.asynccontextmanager
async def open_counter(office: Office) -> AsyncIterator[Counter]:
    """The pages in front of an office."""
    app = web.Application(middlewares=[answer_problems])
    add_watch(app, office.watch)
    app[DESK] = Desk(office.database, office.links, office.admission, b"network", ())
    links = office.links
    renderer = Renderer(public_url=links.public_url, payments_public_url=links.payments_public_url)
    add_page_routes(app, links, renderer)
    async with TestClient(TestServer(app)) as client:
        yield Counter(office, client)

"""The console as a browser without JavaScript uses it: cookies kept, forms sent as shown."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from services.registration import passwords
from services.registration.console import add_console_routes
from services.registration.live import add_streams
from services.registration.pages.problem_page import problem_page
from services.registration.pages.rendering import Renderer
from services.registration.pages.routes import add_page_routes
from services.registration.people import Role
from services.registration.routes.table import DESK, Desk
from services.registration.store import organizations, people
from shared.web import PROBLEM_PAGE, answer_problems
from tests.registration.office import Office
from tests.registration.pages.counter import HTML, Page

PASSWORD = "a long walk by the river"
_hashes: dict[str, str] = {}


async def hash_once(password: str) -> str:
    """Argon2 is slow on purpose; tests may share a hash."""
    if password not in _hashes:
        _hashes[password] = await passwords.hash_of(password)
    return _hashes[password]


@dataclass
class Browser:
    """One browser at the console, signed in or not."""

    office: Office
    client: "TestClient[web.Request, web.Application]"

    async def get(self, path: str, **headers: str) -> Page:
        return await self._ask("GET", path, headers)

    async def post(self, path: str, fields: Mapping[str, Any] | None = None, *,
                   shown: Page | None = None, **headers: str) -> Page:  # fmt: skip
        """Send a form as `shown` has it, by default as the page at `path` shows it now."""
        page = shown or await self.get(path)
        sent = page.hidden_fields() | dict(fields or {})
        return await self._ask("POST", path, headers, sent)

    async def post_raw(self, path: str, fields: Any = None, **headers: str) -> Page:
        """Send what no page of ours would."""
        return await self._ask("POST", path, headers, fields or {})

    async def sign_in(self, email: str, password: str = PASSWORD) -> Page:
        return await self.post("/sign-in", {"email": email, "password": password})

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], fields: Any = None
    ) -> Page:
        sent = {"Accept": HTML} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(
            method, path, headers=sent, data=fields, allow_redirects=False
        ) as answer:
            return Page(answer.status, await answer.text(), answer.headers)


async def new_person(
    office: Office,
    email: str,
    role: Role | None = "organizer",
    *,
    organization_id: UUID | None = None,
    name: str = "Inés Carvajal",
    locale: str = "en",
) -> UUID:
    """Somebody with the tests' password, a member of the office's organization by default."""
    password_hash = await hash_once(PASSWORD)
    async with office.database.transaction() as connection:
        person_id = await people.add(
            connection, email=email, name=name, locale=locale, password_hash=password_hash
        )
        if role is not None:
            await people.put_membership(
                connection, person_id, organization_id or office.organization_id, role
            )
    return person_id


async def new_organization(office: Office, name: str = "Another one") -> UUID:
    """An organization that the office's people are no members of."""
    organization_id = uuid4()
    async with office.database.transaction() as connection:
        await organizations.add(connection, organization_id, name)
    return organization_id


@contextlib.asynccontextmanager
async def open_browser(office: Office) -> AsyncIterator[Browser]:
    """Pages and console in front of an office, and a browser that nobody has signed in."""
    app = web.Application(middlewares=[answer_problems])
    app[DESK] = Desk(office.database, office.links, office.admission, b"network", ())
    links = office.links
    renderer = Renderer(public_url=links.public_url, payments_public_url=links.payments_public_url)
    add_streams(app)
    add_page_routes(app, links, renderer)
    add_console_routes(app, renderer)
    app[PROBLEM_PAGE] = problem_page(renderer)
    server = TestServer(app)
    await server.start_server()
    # As browsers do on one's own machine, secure cookies are sent without TLS.
    jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/"))
    client: TestClient[web.Request, web.Application] = TestClient(server, cookie_jar=jar)
    async with client:
        yield Browser(office, client)


@contextlib.asynccontextmanager
async def open_console(office: Office, role: Role = "organizer") -> AsyncIterator[Browser]:
    """A browser in which a member of the office's organization is signed in."""
    email = f"{role}@example.org"
    await new_person(office, email, role)
    async with open_browser(office) as browser:
        signed_in = await browser.sign_in(email)
        assert signed_in.status == 303, signed_in.text
        yield browser

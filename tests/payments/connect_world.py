"""Browsers that go through the doors to connect an account."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID, uuid4

import aiohttp
from aiohttp import web
from aiohttp.test_utils import unused_port

from services.payments.connect import ConnectDoors
from services.payments.pages import add_style
from shared.tokens import TokenSigner
from tests.payments.account_world import CLIENT_ID, AccountWorld, account_world
from tests.payments.stub_server import answer

SIGNER = TokenSigner.from_setting("k1:" + "x" * 32)


@dataclass
class Page:
    """What a browser was shown."""

    status: int
    text: str
    headers: Mapping[str, str]
    location: str


@dataclass
class Browser:
    """Keeps cookies, follows no redirect."""

    session: aiohttp.ClientSession
    url: str

    async def get(self, path: str, **query: str) -> Page:
        async with self.session.get(self.url + path, params=query, allow_redirects=False) as answer:
            return Page(
                answer.status,
                await answer.text(),
                answer.headers,
                answer.headers.get("Location", ""),
            )

    async def post(self, path: str, **fields: str) -> Page:
        async with self.session.post(self.url + path, data=fields, allow_redirects=False) as answer:
            return Page(
                answer.status,
                await answer.text(),
                answer.headers,
                answer.headers.get("Location", ""),
            )

    async def leave(self, ticket: str) -> str:
        """Go to Stripe with a ticket; the state that travels along."""
        page = await self.get("/connect", ticket=ticket)
        assert page.status == 303, page.text
        return parse_qs(urlsplit(page.location).query)["state"][0]

    async def agree(self, stripes_page: str, account_id: str, *, says: str = "approve") -> str:
        """Answer the sandbox's consent page; where it sends the browser."""
        query = dict(parse_qsl(urlsplit(stripes_page).query))
        async with self.session.get(stripes_page) as consent:
            assert consent.status == 200, await consent.text()
        async with self.session.post(
            stripes_page.partition("?")[0],
            data=query | {"account": account_id, "answer": says},
            allow_redirects=False,
        ) as decided:
            return decided.headers["Location"]

    async def come_back(self, **query: str) -> Page:
        return await self.get("/connect/callback", **query)


@dataclass
class ConnectWorld:
    """The doors of a payments service whose Stripe a test plays."""

    accounts: AccountWorld
    doors: ConnectDoors
    browser: Browser
    other_browser: Browser


GRANT = answer(200, {"stripe_user_id": "acct_1anna", "livemode": False, "scope": "read_write"})
READY = {
    "id": "acct_1anna",
    "charges_enabled": True,
    "details_submitted": True,
    "payouts_enabled": True,
    "capabilities": {"card_payments": "active"},
    "settings": {"dashboard": {"display_name": "Anna <b>Talks</b>"}},
    "country": "DE",
    "default_currency": "eur",
}


def ticket(organization_id: UUID, *, seconds: float = 600, person: str = "Inés: admin") -> str:
    """What the API's connect_url carried before there was a choice: OAuth, and no way back."""
    expires = int(time.time() + seconds)
    return SIGNER.sign("connect", f"{uuid4()}:{organization_id}:{person}:{expires}")


def chosen_ticket(organization_id: UUID, *, seconds: float = 600, **given: Any) -> str:
    """What the console's links carry: a way or none, and where the person comes back to."""
    fields = {
        "ticket_id": str(uuid4()),
        "organization_id": str(organization_id),
        "person": "Inés: admin",
        "expires": int(time.time() + seconds),
    }
    return SIGNER.sign("connect", json.dumps(fields | given))


@asynccontextmanager
async def connect_world(
    postgres_url: str,
    *,
    stripe_url: str = "",
    client_id: str | None = CLIENT_ID,
    **changes: Any,
) -> AsyncIterator[ConnectWorld]:
    """Open doors on a free port; without a URL the Stripe is a sandbox."""
    async with account_world(postgres_url, stripe_url=stripe_url, client_id=client_id) as accounts:
        port = unused_port()
        url = f"http://127.0.0.1:{port}"
        doors = replace(
            ConnectDoors(accounts.database, accounts.gateway, SIGNER, public_url=url), **changes
        )
        app = web.Application()
        doors.add_to(app)
        add_style(app)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as mine,
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as theirs,
        ):
            try:
                yield ConnectWorld(accounts, doors, Browser(mine, url), Browser(theirs, url))
            finally:
                await runner.cleanup()

"""Ways to Stripe and back, each bound to the browser in which it began."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from services.payments import store_accounts
from services.payments.connect.tickets import Ticket
from services.payments.store_accounts import ConnectState
from shared.postgres import Connection, Database

STATE_LENGTH_MAX = 100


@dataclass(frozen=True)
class Departure:
    """A browser about to leave: the state goes along to Stripe, the cookie stays."""

    state: str
    cookie: str
    lifetime: timedelta


class WrongBrowser(Exception):
    """The state is known, and another browser began with it."""


@dataclass(frozen=True)
class Browsers:
    """Lets browsers leave and knows them when they come back."""

    database: Database
    is_https: bool

    async def leave(
        self,
        connection: Connection,
        ticket: Ticket,
        lifetime: timedelta,
        *,
        stripe_account_id: str | None = None,
    ) -> Departure:
        """Remember, in the caller's transaction, that a browser leaves for Stripe."""
        departure = Departure(secrets.token_urlsafe(32), secrets.token_urlsafe(32), lifetime)
        await store_accounts.add_state(
            connection,
            state_hash=digest(departure.state),
            cookie_hash=digest(departure.cookie),
            organization_id=ticket.organization_id,
            person=ticket.person,
            lifetime=lifetime,
            return_url=ticket.return_url,
            locale=ticket.locale,
            stripe_account_id=stripe_account_id,
        )
        return departure

    def remember(self, answer: web.Response, departure: Departure) -> web.Response:
        """Give the browser its cookie, which scripts never see."""
        answer.set_cookie(
            self._cookie_name(departure.state),
            departure.cookie,
            max_age=int(departure.lifetime.total_seconds()),
            path="/",
            secure=self.is_https,
            httponly=True,
            # Lax, not Strict: Stripe sends the browser back from another site.
            samesite="Lax",
        )
        return answer

    async def back(self, request: web.Request, state: str) -> ConnectState | None:
        """The way that a browser comes back from; raises WrongBrowser for somebody else's."""
        if not (state.isascii() and 0 < len(state) <= STATE_LENGTH_MAX):
            return None
        async with self.database.connection() as connection:
            way = await store_accounts.find_state(connection, digest(state))
        if way is None:
            return None
        cookie = request.cookies.get(self._cookie_name(state), "")
        if not hmac.compare_digest(digest(cookie), way.cookie_hash):
            raise WrongBrowser(way)
        return way

    def _cookie_name(self, state: str) -> str:
        """One for each way, so that two tabs do not spoil each other's."""
        prefix = "__Host-" if self.is_https else ""
        return f"{prefix}taquilla-connect-{digest(state).hex()[:12]}"


def digest(secret: str) -> bytes:
    """What is stored of a secret that comes back."""
    return hashlib.sha256(secret.encode()).digest()

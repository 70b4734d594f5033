"""Doors to connect an existing Stripe account by OAuth: the way to Stripe, and the way back.

A ticket from registration opens the way once. The state that travels with the browser is single
use and bound to a cookie of that browser, so that nobody finishes what another one began.
"""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from aiohttp import web

from services.payments import connect_pages, store_accounts
from services.payments.accounts import (
    AccountFacts,
    AccountTaken,
    AnotherAccountConnected,
    connect,
    mode_problem,
    read_account,
)
from services.payments.connect_pages import ConnectPage
from services.payments.store_accounts import ConnectState
from services.payments.stripe_gateway import (
    StripeAccountRefused,
    StripeFailure,
    StripeGateway,
    StripeRefused,
)
from services.payments.stripe_gateway import accounts as stripe_accounts
from shared.postgres import Database
from shared.tokens import BadToken, TokenSigner
from shared.web import plain_text

log = structlog.get_logger(__name__)

STATE_LIFETIME = timedelta(minutes=10)
TICKET_LENGTH_MAX = 2_000
CODE_LENGTH_MAX = 500
# A second return waits this long for what the first one learns from Stripe.
TWIN_SECONDS = 5
TWIN_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Ticket:
    """Who may connect which organization, and until when."""

    ticket_id: str
    organization_id: UUID
    person: str
    expires_unix: int


@dataclass(frozen=True)
class ConnectDoors:
    """What the doors need; `return_url` is where registration's settings page is, if known."""

    database: Database
    gateway: StripeGateway
    signer: TokenSigner
    public_url: str
    own_organization_id: UUID | None = None
    return_url: str | None = None

    def add_to(self, app: web.Application) -> None:
        """Open the doors."""
        # A link checker's HEAD must not use the ticket up.
        app.router.add_get("/connect", self.start, allow_head=False)
        app.router.add_get("/connect/callback", self.finish, allow_head=False)
        app.router.add_get("/connect/connect.css", connect_pages.style)

    async def start(self, request: web.Request) -> web.Response:
        """GET /connect?ticket=: send the browser to Stripe, once for each ticket."""
        try:
            ticket = read_ticket(self.signer, request.query.get("ticket", ""))
        except BadToken:
            return self._answer(connect_pages.BAD_LINK)
        if self.gateway.client_id is None or ticket.organization_id == self.own_organization_id:
            return self._answer(connect_pages.OPERATORS_KEY)

        state, cookie = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        async with self.database.transaction() as connection:
            account = await store_accounts.find_account(connection, ticket.organization_id)
            if account is not None and account.status == "disconnecting":
                return self._answer(connect_pages.STILL_LEAVING)
            if not await store_accounts.claim_ticket(
                connection, ticket.ticket_id, ticket.expires_unix
            ):
                return self._answer(connect_pages.USED_LINK)
            await store_accounts.add_state(
                connection,
                state_hash=_digest(state),
                cookie_hash=_digest(cookie),
                organization_id=ticket.organization_id,
                person=ticket.person,
                lifetime=STATE_LIFETIME,
            )
        answer = web.Response(
            status=303,
            headers={
                "Location": stripe_accounts.authorize_url(
                    self.gateway, state=state, redirect_uri=self._callback_url()
                ),
                "Cache-Control": "no-store",
            },
        )
        answer.set_cookie(
            self._cookie_name(state),
            cookie,
            max_age=int(STATE_LIFETIME.total_seconds()),
            path="/",
            secure=self._is_https(),
            httponly=True,
            # Lax, not Strict: Stripe sends the browser back from another site.
            samesite="Lax",
        )
        return answer

    async def finish(self, request: web.Request) -> web.Response:
        """GET /connect/callback: the browser is back from Stripe with a code, or with a no."""
        state = request.query.get("state", "")
        if not (state.isascii() and 0 < len(state) <= 100):
            return self._answer(connect_pages.BAD_LINK)
        async with self.database.connection() as connection:
            way = await store_accounts.find_state(connection, _digest(state))
        if way is None:
            return self._answer(connect_pages.BAD_LINK)
        cookie = request.cookies.get(self._cookie_name(state), "")
        if not hmac.compare_digest(_digest(cookie), way.cookie_hash):
            # Not used up: whoever sends a stranger's state here takes nothing from its owner.
            return self._answer(connect_pages.OTHER_BROWSER)
        if way.is_used:
            return self._answer(await self._outcome_of(state, way))
        async with self.database.transaction() as connection:
            is_first = await store_accounts.claim_state(connection, _digest(state))
        if not is_first:
            if way.is_expired:
                return self._answer(connect_pages.USED_LINK)
            return self._answer(await self._outcome_of(state, way))

        page = await self._take(way, request.query.get("code", ""), request.query.get("error", ""))
        async with self.database.transaction() as connection:
            await store_accounts.save_outcome(connection, _digest(state), page.outcome, page.detail)
        return self._answer(page)

    async def _take(self, way: ConnectState, code: str, error: str) -> ConnectPage:
        """What Stripe's answer means: the first and only use of its code."""
        if error == "access_denied":
            return connect_pages.DENIED
        if error or not code or len(code) > CODE_LENGTH_MAX or not code.isascii():
            return connect_pages.stripe_refused(error)
        try:
            grant = await stripe_accounts.exchange_code(self.gateway, code)
        except StripeAccountRefused as refused:
            log.error("Stripe refuses our key for OAuth", code=refused.code, says=refused.message)
            return connect_pages.KEY_REFUSED
        except StripeRefused as refused:
            return connect_pages.stripe_refused(refused.code or "")
        except StripeFailure:
            return connect_pages.UNANSWERED
        problem = mode_problem(grant.is_live, self.gateway.is_live)
        if problem is not None:
            return connect_pages.other_mode(problem)

        is_read = True
        try:
            facts = read_account(
                await stripe_accounts.read_connected_account(self.gateway, grant.stripe_account_id)
            )
        except StripeFailure as failure:
            log.warning("a new account cannot be read yet", failure=type(failure).__name__)
            is_read = False
            facts = AccountFacts(grant.stripe_account_id, missing=(connect_pages.NOT_READ_YET,))
        return await self._connect(way, facts, is_read=is_read)

    async def _connect(
        self, way: ConnectState, facts: AccountFacts, *, is_read: bool
    ) -> ConnectPage:
        try:
            async with self.database.transaction() as connection:
                current = await store_accounts.lock_account(connection, way.organization_id)
                account, events = connect(
                    current, way.organization_id, facts, "oauth", self.gateway.is_live
                )
                if account != current:
                    await store_accounts.save_account(
                        connection, account, events, change="connected", person=way.person
                    )
                if not is_read:
                    await store_accounts.queue_check(connection, account.stripe_account_id)
        except AccountTaken:
            return connect_pages.taken(facts.stripe_account_id)
        except AnotherAccountConnected as refusal:
            return connect_pages.another(facts.stripe_account_id, refusal.detail)
        return connect_pages.connected(account)

    async def _outcome_of(self, state: str, way: ConnectState) -> ConnectPage:
        """What the first return led to; one that is still under way is waited for."""
        deadline = asyncio.get_running_loop().time() + TWIN_SECONDS
        outcome, detail = way.outcome, way.detail
        while outcome is None and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(TWIN_POLL_SECONDS)
            async with self.database.connection() as connection:
                now = await store_accounts.find_state(connection, _digest(state))
            if now is not None:
                outcome, detail = now.outcome, now.detail
        if outcome != connect_pages.CONNECTED:
            return connect_pages.repeated(outcome, detail)
        async with self.database.connection() as connection:
            account = await store_accounts.find_account(connection, way.organization_id)
        if account is None or account.stripe_account_id != detail:
            return connect_pages.UNANSWERED
        return connect_pages.connected(account)

    def _callback_url(self) -> str:
        return f"{self.public_url}/connect/callback"

    def _is_https(self) -> bool:
        return self.public_url.startswith("https:")

    def _cookie_name(self, state: str) -> str:
        """One for each way, so that two tabs do not spoil each other's."""
        prefix = "__Host-" if self._is_https() else ""
        return f"{prefix}taquilla-connect-{_digest(state).hex()[:12]}"

    def _answer(self, page: ConnectPage) -> web.Response:
        return connect_pages.answer(page, is_live=self.gateway.is_live, return_url=self.return_url)


def read_ticket(signer: TokenSigner, token: str) -> Ticket:
    """What registration signed; raises BadToken. Its end and its single use are checked later."""
    if len(token) > TICKET_LENGTH_MAX:
        raise BadToken(BadToken.__doc__)
    payload = signer.verify("connect", token)
    try:
        ticket_id, organization_id, rest = payload.split(":", 2)
        person, expires = rest.rsplit(":", 1)
        return Ticket(
            plain_text(ticket_id), UUID(organization_id), plain_text(person), int(expires)
        )
    except ValueError as failure:
        raise BadToken(BadToken.__doc__) from failure


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()

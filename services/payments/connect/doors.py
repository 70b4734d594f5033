"""Doors to connect a Stripe account: the choice of a way, the way to Stripe, and the way back.

A ticket from registration opens a way once. The state that travels with the browser is bound to
a cookie of that browser, so that nobody finishes what another one began. Where someone goes
afterwards comes from the ticket alone, which registration signed.
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from aiohttp import web

from services.payments import store_accounts
from services.payments.accounts import in_words
from services.payments.connect import oauth, pages
from services.payments.connect.browsers import Browsers, WrongBrowser
from services.payments.connect.oauth import OAuth
from services.payments.connect.onboarding import Onboarding
from services.payments.connect.pages import ConnectPage
from services.payments.connect.tickets import WAYS, Ticket, Way, read_ticket
from services.payments.page_language import language_asked
from services.payments.pages import origin_of, page, see_other
from services.payments.store_accounts import ConnectState
from services.payments.stripe_gateway import StripeGateway
from services.payments.stripe_gateway import accounts as stripe_accounts
from shared.localized import Language
from shared.postgres import Database
from shared.tokens import BadToken, TokenSigner

FORM_BYTES_MAX = 16 * 1024
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class ConnectDoors:
    """What the doors need."""

    database: Database
    gateway: StripeGateway
    signer: TokenSigner
    public_url: str
    own_organization_id: UUID | None = None

    def add_to(self, app: web.Application) -> None:
        """Open the doors."""
        # A link checker's HEAD must not use the ticket up.
        app.router.add_get("/connect", self.start, allow_head=False)
        app.router.add_post("/connect", self.choose)
        app.router.add_get("/connect/callback", self.finish_oauth, allow_head=False)
        app.router.add_get("/connect/return", self.finish_onboarding, allow_head=False)
        app.router.add_get("/connect/refresh", self.refresh, allow_head=False)
        app.router.add_post("/connect/refresh", self.refresh)

    async def start(self, request: web.Request) -> web.Response:
        """GET /connect?ticket=: the way that the ticket names, or the choice of one."""
        return await self._open(request, request.query.get("ticket", ""), None)

    async def choose(self, request: web.Request) -> web.Response:
        """POST /connect: the way that a person chose."""
        fields = await _read_form(request)
        return await self._open(request, fields.get("ticket", ""), fields.get("way", ""))

    async def _open(self, request: web.Request, token: str, chosen: str | None) -> web.Response:
        try:
            ticket = read_ticket(self.signer, token)
        except BadToken:
            return self._answer(request, pages.BAD_LINK)
        way = next((one for one in WAYS if one == chosen), ticket.way)
        is_own = ticket.organization_id == self.own_organization_id
        if way == "key" or (way is None and self.gateway.client_id is None and not is_own):
            return self._key_page(request, ticket, token)
        if self.gateway.client_id is None or is_own:
            return self._answer(request, pages.OPERATORS_KEY, ticket)
        async with self.database.connection() as connection:
            account = await store_accounts.find_account(connection, ticket.organization_id)
        if account is not None and account.status == "disconnecting":
            return self._answer(request, pages.STILL_LEAVING, ticket)
        if way is None:
            has_begun = account is not None and account.is_begun
            return self._choice_page(request, ticket, token, has_begun=has_begun)
        async with self.database.transaction() as connection:
            if not await store_accounts.claim_ticket(
                connection, ticket.ticket_id, ticket.expires_unix
            ):
                return self._answer(request, pages.USED_LINK, ticket)
        return await (
            self._to_consent(ticket) if way == "oauth" else self._to_form(request, ticket)
        )

    async def _to_consent(self, ticket: Ticket) -> web.Response:
        """On to the page on which an account's owner says yes."""
        async with self.database.transaction() as connection:
            departure = await self._browsers.leave(connection, ticket, oauth.STATE_LIFETIME)
        url = stripe_accounts.authorize_url(
            self.gateway, state=departure.state, redirect_uri=f"{self.public_url}/connect/callback"
        )
        return self._browsers.remember(see_other(url), departure)

    async def _to_form(self, request: web.Request, ticket: Ticket) -> web.Response:
        """On to the page on which a new account is filled in."""
        begun = await self._onboarding.begin(ticket)
        if isinstance(begun, ConnectPage):
            return self._answer(request, begun, ticket)
        url, departure = begun
        return self._browsers.remember(see_other(url), departure)

    async def finish_oauth(self, request: web.Request) -> web.Response:
        """GET /connect/callback: the browser is back from Stripe with a code, or with a no."""
        state = request.query.get("state", "")
        try:
            way = await self._browsers.back(request, state)
        except WrongBrowser:
            # Not used up: whoever sends a stranger's state here takes nothing from its owner.
            return self._answer(request, pages.OTHER_BROWSER)
        if way is None or way.stripe_account_id is not None:
            return self._answer(request, pages.BAD_LINK)
        code, error = request.query.get("code", ""), request.query.get("error", "")
        outcome = await OAuth(self.database, self.gateway).finish(state, way, code, error)
        return self._land(request, outcome, way)

    async def finish_onboarding(self, request: web.Request) -> web.Response:
        """GET /connect/return: the browser is back from Stripe's form, filled in or not."""
        state = request.query.get("state", "")
        way = await self._back_from_form(request, state)
        if isinstance(way, web.Response):
            return way
        outcome = await self._onboarding.finish(way)
        return self._land(request, outcome, way, continue_state=state)

    async def refresh(self, request: web.Request) -> web.Response:
        """GET and POST /connect/refresh: the link to Stripe's form was used up, here is another.

        Stripe sends browsers here by GET. Nothing changes by it, and only the browser that began
        gets a link, since it leads to somebody's details.
        """
        fields = await _read_form(request) if request.method == "POST" else request.query
        way = await self._back_from_form(request, fields.get("state", ""))
        if isinstance(way, web.Response):
            return way
        async with self.database.connection() as connection:
            account = await store_accounts.find_account(connection, way.organization_id)
        is_same = account is not None and account.stripe_account_id == way.stripe_account_id
        if not is_same or account is None or account.status != "connected":
            return self._answer(request, pages.USED_LINK, way)
        url = await self._onboarding.link(account.stripe_account_id, fields.get("state", ""))
        return self._answer(request, url, way) if isinstance(url, ConnectPage) else see_other(url)

    async def _back_from_form(
        self, request: web.Request, state: str
    ) -> ConnectState | web.Response:
        try:
            way = await self._browsers.back(request, state)
        except WrongBrowser:
            return self._answer(request, pages.OTHER_BROWSER)
        if way is None or way.stripe_account_id is None:
            return self._answer(request, pages.BAD_LINK)
        return self._answer(request, pages.USED_LINK, way) if way.is_expired else way

    def _land(
        self,
        request: web.Request,
        outcome: ConnectPage,
        way: ConnectState,
        continue_state: str | None = None,
    ) -> web.Response:
        """Success is shown where the person came from; everything else here, with a way back."""
        if outcome.outcome == pages.CONNECTED and way.return_url is not None:
            return see_other(pages.home_of_success(way.return_url))
        is_unfinished = outcome.outcome == "unfinished"
        return self._answer(
            request, outcome, way, continue_state=continue_state if is_unfinished else None
        )

    def _answer(
        self,
        request: web.Request,
        shown: ConnectPage,
        way: Ticket | ConnectState | None = None,
        *,
        continue_state: str | None = None,
    ) -> web.Response:
        language = self._language(request, way)
        return page(
            "connect.html",
            language,
            status=shown.status,
            is_live=self.gateway.is_live,
            is_https=self._is_https,
            form_targets=self._form_targets if continue_state is not None else "'none'",
            heading=shown.heading(language),
            text=shown.text(language),
            account=shown.account,
            missing=in_words(language, shown.account.missing) if shown.account else [],
            return_url=way.return_url if way is not None else None,
            continue_state=continue_state,
        )

    def _choice_page(
        self, request: web.Request, ticket: Ticket, token: str, *, has_begun: bool
    ) -> web.Response:
        # Whoever has begun to fill in Stripe's form is offered to go on before anything else.
        ways: list[Way] = ["onboarding", "oauth", "key"] if has_begun else [*WAYS]
        return page(
            "choose.html",
            self._language(request, ticket),
            is_live=self.gateway.is_live,
            is_https=self._is_https,
            form_targets=self._form_targets,
            ways=ways,
            has_begun=has_begun,
            ticket=token,
            organization_name=ticket.organization_name,
            return_url=ticket.return_url,
        )

    def _key_page(self, request: web.Request, ticket: Ticket, token: str) -> web.Response:
        has_others = self.gateway.client_id is not None and ticket.way is None
        return page(
            "key.html",
            self._language(request, ticket),
            is_live=self.gateway.is_live,
            is_https=self._is_https,
            organization_id=ticket.organization_id,
            return_url=ticket.return_url,
            choose_url=f"/connect?{urlencode({'ticket': token})}" if has_others else None,
        )

    def _language(self, request: web.Request, way: Ticket | ConnectState | None = None) -> Language:
        stored = way.locale if way is not None else None
        return language_asked(request.headers.get("Accept-Language", ""), stored)

    @property
    def _browsers(self) -> Browsers:
        return Browsers(self.database, self._is_https)

    @property
    def _onboarding(self) -> Onboarding:
        return Onboarding(self.database, self.gateway, self._browsers, self.public_url)

    @property
    def _is_https(self) -> bool:
        return self.public_url.startswith("https:")

    @property
    def _form_targets(self) -> str:
        """Where our forms may lead: browsers check every hop from them to Stripe's page."""
        targets = ["'self'", origin_of(self.gateway.connect_url), "https://*.stripe.com"]
        if urlsplit(self.public_url).hostname in _LOOPBACK:
            # On one's own machine Stripe's place is taken by a sandbox on another port.
            targets += [f"http://{host}:*" for host in _LOOPBACK]
        return " ".join(dict.fromkeys(targets))


async def _read_form(request: web.Request) -> dict[str, str]:
    """The fields of a small form; files are passed over."""
    if (request.content_length or 0) > FORM_BYTES_MAX:
        raise web.HTTPRequestEntityTooLarge(FORM_BYTES_MAX, request.content_length or 0)
    fields = await request.post()
    return {name: value for name, value in fields.items() if isinstance(value, str)}

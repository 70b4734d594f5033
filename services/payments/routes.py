"""Door in: a registrant on the way to Stripe's page, and back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from aiohttp import web

from services.payments import attempts, pay_pages
from services.payments.desk import DESK, Desk
from services.payments.facts import IntentSeen, SessionSeen
from services.payments.limits import network_name
from services.payments.opening import open_session
from services.payments.page_language import language_asked
from services.payments.pages import add_style, see_other
from services.payments.payment import Attempt, Payment, payment_id_of
from services.payments.store import payments
from services.payments.stripe_gateway import StripeFailure
from services.payments.stripe_gateway.intents import get_intent
from services.payments.stripe_gateway.sessions import get_session
from services.payments.webhooks import receive_webhook
from shared.localized import Language
from shared.tokens import BadToken

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25  # Another replica may be the one that opens it.
TOKEN_LENGTH_MAX = 300


def add_routes(app: web.Application) -> None:
    """Open the doors; HEAD, which mail scanners send, makes nothing."""
    add_style(app)
    app.router.add_get("/pay/{token}", pay, allow_head=False)
    app.router.add_head("/pay/{token}", look_at_pay_link)
    app.router.add_get("/pay/{token}/return", come_back, allow_head=False)
    app.router.add_post("/stripe/webhooks", receive_webhook)


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a registrant is sent; None is: wait."""

    url: str | None = None
    is_to_open: bool = False


async def pay(request: web.Request) -> web.Response:
    """GET /pay/{token}: 303 to the one live session, or to the registrant's own page, or wait."""
    desk = request.app[DESK]
    registrant_id = _registrant_of(desk, request)
    if registrant_id is None:
        return pay_pages.missing_page(desk, _language(request))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + desk.patience_seconds
    waited_for = _waited_for(request)
    found = await _find(desk, registrant_id)
    while True:
        if found is not None:
            payment, now = found
            step = _next_step(payment, now, waited_for)
            if step.is_to_open:
                waited_for = len(payment.attempts) + 1
                step = await _open(desk, request, payment, now)
            if step.url is not None:
                return see_other(step.url)
        left = deadline - loop.time()
        if left <= 0:
            break
        moved = await desk.waiters.wait(payment_id_of(registrant_id), min(left, POLL_SECONDS))
        if moved is not None and found is not None:
            found = moved, found[1]
        else:
            found = await _find(desk, registrant_id)
    return _wait_on(desk, request, found[0] if found else None, waited_for)


async def look_at_pay_link(request: web.Request) -> web.Response:
    """HEAD /pay/{token}: whether the link is ours, and nothing else."""
    is_ours = _registrant_of(request.app[DESK], request) is not None
    return web.Response(status=200 if is_ours else 404, content_type="text/html")


async def come_back(request: web.Request) -> web.Response:
    """GET /pay/{token}/return: merge what Stripe says now, then the registrant's own page.

    Whoever comes here proves nothing; the session itself is asked.
    """
    desk = request.app[DESK]
    registrant_id = _registrant_of(desk, request)
    if registrant_id is None:
        return pay_pages.missing_page(desk, _language(request))
    found = await _find(desk, registrant_id)
    if found is None:
        return pay_pages.waiting_page(desk, _language(request), next_url=request.path)
    payment, _ = found
    attempt = payment.live_attempt
    if payment.paid_at is None and attempt is not None and attempt.stripe_object_id is not None:
        await _ask_stripe(desk, payment, attempt)
    return see_other(payment.manage_url)


def _next_step(payment: Payment, now: datetime, waited_for: int | None) -> _Step:
    """What the payment's state means for someone who wants to pay. No I/O here."""
    home = _Step(url=payment.manage_url)
    if attempts.obstacle(payment, now) is not None:
        return home
    live = payment.live_attempt
    if live is None:
        # The attempt that this page waited for has ended without a session: a new one is only
        # made when somebody asks for it, not by a page that refreshes itself.
        is_over = waited_for is not None and payment.attempt(waited_for) is not None
        return home if is_over else _Step(is_to_open=True)
    if live.is_closing or live.processing_since is not None:
        return home
    if live.url is None:
        return home if live.status == "queued" and now >= payment.pay_by else _Step()
    if live.expires_at is not None and now >= live.expires_at:
        return home
    return _Step(url=live.url)


async def _open(desk: Desk, request: web.Request, payment: Payment, now: datetime) -> _Step:
    async with desk.database.connection() as connection:
        account = await desk.account_of(connection, payment)
    if account is None:
        return _Step(url=payment.manage_url)
    network = network_name(request, desk.settings)
    if await open_session(desk, payment, account, now, network=network):
        return _Step()
    # Refused by a guard: another tab was faster, something ended, or the network is limited.
    found = await _find(desk, payment.registrant_id)
    if found is not None and found[0].live_attempt is not None:
        return _Step()
    return _Step(url=payment.manage_url)


async def _ask_stripe(desk: Desk, payment: Payment, attempt: Attempt) -> None:
    """Learn now what the webhook would tell a moment later; silence is no harm."""
    object_id = attempt.stripe_object_id or ""
    get: Callable[..., Awaitable[SessionSeen | IntentSeen]] = (
        get_session if attempt.kind == "session" else get_intent
    )
    try:
        async with asyncio.timeout(desk.patience_seconds):
            seen = await desk.call(
                "reads",
                attempt,
                lambda stripe: get(stripe, object_id, attempt.acting_for),
            )
            await desk.merger.merge({payment.payment_id: [seen]})
    except (StripeFailure, TimeoutError) as failure:
        log.info("no answer on return", failure=type(failure).__name__)


async def _find(desk: Desk, registrant_id: UUID) -> tuple[Payment, datetime] | None:
    async with desk.database.connection() as connection:
        return await payments.find_payment(connection, registrant_id)


def _registrant_of(desk: Desk, request: web.Request) -> UUID | None:
    token = request.match_info["token"]
    if len(token) > TOKEN_LENGTH_MAX:
        return None
    try:
        return UUID(desk.signer.verify("pay", token))
    except (BadToken, ValueError):
        return None


def _waited_for(request: web.Request) -> int | None:
    """The attempt that a page which refreshes itself is waiting for."""
    after = request.query.get("after", "")
    return int(after) if after.isdecimal() and len(after) < 4 else None


def _wait_on(
    desk: Desk, request: web.Request, payment: Payment | None, waited_for: int | None
) -> web.Response:
    next_url = request.path
    if waited_for is not None:
        next_url += f"?after={waited_for}"
    locale = payment.locale if payment is not None else None
    return pay_pages.waiting_page(
        desk,
        _language(request, locale),
        next_url=next_url,
        is_rehearsal=payment is not None and payment.is_rehearsal,
    )


def _language(request: web.Request, locale: str | None = None) -> Language:
    return language_asked(request.headers.get("Accept-Language", ""), locale)

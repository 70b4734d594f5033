"""The pages' doors: every GET only shows, every change is a POST of our own form."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from services.registration.admission import Registration
from services.registration.applications import RegistrationForm, apply
from services.registration.box_office import cancel_registration
from services.registration.cancellations import CancelAsked, NotActive
from services.registration.links import Links
from services.registration.pages.calendar_file import calendar_file
from services.registration.pages.facts import RegistrantFacts, WebinarFacts
from services.registration.pages.forms import (
    SentForm,
    new_nonce,
    read_form,
    refuse_foreign_forms,
    sent_form,
    shown_again,
)
from services.registration.pages.join_page import join_view, obstacle_of
from services.registration.pages.problem_page import problem_page
from services.registration.pages.registrant_page import (
    cancel_view,
    fingerprint,
    is_watched,
    refund_now,
    registrant_view,
    state_of,
)
from services.registration.pages.rendering import Renderer, locale_of, see_other
from services.registration.pages.webinar_page import Typed, webinar_view
from services.registration.routes.table import DESK
from services.registration.store import pages as stored
from services.registration.store import registrants
from shared.localized import LANGUAGES
from shared.localized import LANGUAGES
from shared.refusals import NotFound, Refusal
from shared.web import PROBLEM_PAGE, json_answer

# Refusals that the form itself can explain; every other one is a page of its own.
_EXPLAINED = {
    "sold_out": "sold_out",
    "price_changed": "price_changed",
    "too_many": "too_many",
    "unavailable": "unavailable",
    "invalid": "invalid",
}


def add_page_routes(app: web.Application, links: Links, renderer: Renderer) -> None:
    """Add every public page to the registration service's application."""
    pages = Pages(links, renderer)
    app[PROBLEM_PAGE] = problem_page(renderer)
    app.router.add_get("/static/{name}", renderer.static_files.send)
    app.router.add_get("/w/{webinar_id}", pages.show_webinar)
    app.router.add_post("/w/{webinar_id}", pages.register_on_page)
    app.router.add_get("/r/{token}", pages.show_registrant)
    app.router.add_get("/r/{token}/state", pages.tell_state)
    app.router.add_get("/r/{token}/calendar.ics", pages.send_calendar)
    app.router.add_get("/r/{token}/cancel", pages.show_cancellation)
    app.router.add_post("/r/{token}/cancel", pages.cancel_on_page)
    app.router.add_get("/j/{token}", pages.show_join)
    app.router.add_post("/j/{token}", pages.join)


@dataclass(frozen=True)
class Pages:
    """Handlers of all pages."""

    links: Links
    renderer: Renderer

    async def show_webinar(self, request: web.Request) -> web.Response:
        """GET /w/{webinar_id}: what it is, what it costs, the form."""
        return self._webinar(request, await _webinar_of(request), locale_of(request))

    async def register_on_page(self, request: web.Request) -> web.Response:
        """POST /w/{webinar_id}: on to the payment, or back to the form with what was typed."""
        refuse_foreign_forms(request, self.links.public_url)
        sent = sent_form(await read_form(request))
        locale = sent.locale or locale_of(request)
        facts = await _webinar_of(request)
        form = sent.read()
        if isinstance(form, dict):
            return self._webinar(request, facts, locale, sent, status=422, errors=form)
        try:
            registration = await self._admit(request, facts.webinar.id, sent, form)
        except Refusal as refusal:
            explained = _EXPLAINED.get(refusal.code)
            if explained is None and refusal.code != "closed":
                raise
            # What was true when the page was made may be what has changed.
            facts = await _webinar_of(request)
            return self._webinar(
                request, facts, locale, sent, status=refusal.status, refusal=explained
            )
        is_awaiting = registration.status == "awaiting_payment"
        onward = self.links.pay_url(registration.id) if is_awaiting else registration.manage_url
        return see_other(onward)

    async def _admit(
        self, request: web.Request, webinar_id: UUID, sent: SentForm, form: RegistrationForm
    ) -> Registration:
        desk = request.app[DESK]
        key = sent.idempotency_key(webinar_id)
        application = apply(
            form,
            self.links,
            body=key.encode(),  # The key is made of all that was typed.
            idempotency_key=key,
            network=desk.network_of(request),
        )
        return await desk.admission.register(webinar_id, application)

    async def show_registrant(self, request: web.Request) -> web.Response:
        """GET /r/{token}: how this registration stands."""
        facts = await self._registrant_of(request)
        locale = locale_of(request, facts.registrant.locale)
        return self._personal(
            request, "registrant.html", locale, **registrant_view(facts, self.links, locale)
        )

    async def tell_state(self, request: web.Request) -> web.Response:
        """GET /r/{token}/state: changes when the page would show something else."""
        facts = await self._registrant_of(request)
        return json_answer(
            {"state": fingerprint(facts), "is_watched": is_watched(facts)},
            headers={"Cache-Control": "no-store"},
        )

    async def send_calendar(self, request: web.Request) -> web.Response:
        """GET /r/{token}/calendar.ics: for the registrant's calendar, once the seat is theirs."""
        facts = await self._registrant_of(request)
        if state_of(facts) != "confirmed":
            raise NotFound
        return web.Response(
            body=calendar_file(facts, self.links),
            content_type="text/calendar",
            charset="utf-8",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": 'attachment; filename="webinar.ics"',
            },
        )

    async def show_cancellation(self, request: web.Request) -> web.Response:
        """GET /r/{token}/cancel: what cancelling means, before it is done."""
        facts = await self._registrant_of(request)
        if not facts.registrant.is_active:
            return see_other(f"{_own_page(request)}{_asked_locale(request)}")
        return self._cancellation(request, facts)

    async def cancel_on_page(self, request: web.Request) -> web.Response:
        """POST /r/{token}/cancel: done if the refund is still the one that was shown."""
        refuse_foreign_forms(request, self.links.public_url)
        fields = await read_form(request)
        facts = await self._registrant_of(request)
        shown = fields.get("expected_refund_minor")
        if shown is not None and shown != str(refund_now(facts, self.links)):
            if not facts.registrant.is_active:
                return see_other(f"{_own_page(request)}{_asked_locale(request)}")
            return self._cancellation(request, facts, is_changed=True)
        try:
            async with request.app[DESK].database.transaction() as connection:
                await cancel_registration(
                    connection, self.links, facts.registrant.id, CancelAsked(by="registrant")
                )
        except NotActive:
            pass  # A second click: the page shows what the first one did.
        return see_other(f"{_own_page(request)}{_asked_locale(request)}")

    async def show_join(self, request: web.Request) -> web.Response:
        """GET /j/{token}: a button, because mail scanners open links and must not join."""
        return self._join(request, *await self._joiner_of(request))

    async def join(self, request: web.Request) -> web.Response:
        """POST /j/{token}: noted, and on to the room."""
        refuse_foreign_forms(request, self.links.public_url)
        facts, link_version = await self._joiner_of(request)
        room = facts.webinar.join_url
        if obstacle_of(facts, link_version) is not None or room is None:
            return self._join(request, facts, link_version)
        async with request.app[DESK].database.transaction() as connection:
            await registrants.record_join(connection, facts.registrant)
        return see_other(room)

    def _webinar(
        self,
        request: web.Request,
        facts: WebinarFacts,
        locale: str,
        sent: SentForm | None = None,
        *,
        status: int = 200,
        errors: dict[str, str] | None = None,
        refusal: str | None = None,
    ) -> web.Response:
        page = self.renderer.page(
            request,
            "webinar.html",
            locale,
            status=status,
            form_url=request.path,
            self_url=request.path,
            **webinar_view(
                facts,
                self.links,
                locale,
                nonce=new_nonce() if sent is None else sent.nonce,
                typed=Typed() if sent is None else shown_again(sent.typed),
                errors=errors or {},
                refusal=refusal,
            ),
        )
        if status in (429, 503):
            page.headers["Retry-After"] = "2"
        return page

    def _cancellation(
        self, request: web.Request, facts: RegistrantFacts, *, is_changed: bool = False
    ) -> web.Response:
        locale = locale_of(request, facts.registrant.locale)
        return self._personal(
            request,
            "cancel.html",
            locale,
            status=409 if is_changed else 200,
            is_changed=is_changed,
            **cancel_view(facts, self.links, locale),
        )

    def _join(
        self, request: web.Request, facts: RegistrantFacts, link_version: int
    ) -> web.Response:
        locale = locale_of(request, facts.registrant.locale)
        view = join_view(facts, link_version, self.links)
        return self.renderer.page(
            request,
            "join.html",
            locale,
            status=403 if view["obstacle"] else 200,
            is_personal=True,
            # The room is elsewhere, and may lead on to yet another place.
            leads_anywhere=True,
            form_url=request.path,
            **view,
        )

    def _personal(
        self, request: web.Request, template: str, locale: str, status: int = 200, **view: Any
    ) -> web.Response:
        own_page, asked = _own_page(request), _asked_locale(request)
        return self.renderer.page(
            request,
            template,
            locale,
            status=status,
            is_personal=True,
            self_url=f"{own_page}{asked}",
            cancel_url=f"{own_page}/cancel{asked}",
            state_url=f"{own_page}/state",
            calendar_url=f"{own_page}/calendar.ics",
            **view,
        )

    async def _registrant_of(self, request: web.Request) -> RegistrantFacts:
        registrant_id, link_version = self.links.read_manage(request.match_info["token"])
        facts = await _facts_of(request, registrant_id)
        if facts.registrant.link_version != link_version:
            raise NotFound
        return facts

    async def _joiner_of(self, request: web.Request) -> tuple[RegistrantFacts, int]:
        registrant_id, link_version = self.links.read_join(request.match_info["token"])
        return await _facts_of(request, registrant_id), link_version


async def _webinar_of(request: web.Request) -> WebinarFacts:
    try:
        webinar_id = UUID(request.match_info["webinar_id"])
    except ValueError:
        raise NotFound from None
    async with request.app[DESK].database.connection() as connection:
        facts = await stored.find_webinar(connection, webinar_id)
    if facts is None:
        raise NotFound
    return facts


async def _facts_of(request: web.Request, registrant_id: UUID) -> RegistrantFacts:
    async with request.app[DESK].database.connection() as connection:
        facts = await stored.find_registrant(connection, registrant_id)
    if facts is None:
        raise NotFound
    return facts


def _own_page(request: web.Request) -> str:
    return f"/r/{request.match_info['token']}"


def _asked_locale(request: web.Request) -> str:
    """A language chosen on the page stays chosen on the next one."""
    locale = request.query.get("locale", "")
    return f"?locale={locale}" if locale in LANGUAGES else ""

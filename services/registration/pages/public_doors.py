"""The doors of the public page: a webinar, its form, the terms. Every GET only shows."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from services.registration.admission import Registration
from services.registration.applications import RegistrationForm, apply
from services.registration.links import Links
from services.registration.pages.facts import WebinarFacts
from services.registration.pages.forms import (
    SentForm,
    new_nonce,
    read_form,
    refuse_foreign_forms,
    sent_form,
    shown_again,
)
from services.registration.pages.rendering import Renderer, locale_of, see_other
from services.registration.pages.webinar_page import Typed, terms_view, webinar_view
from services.registration.questions import stored_questions
from services.registration.routes.table import DESK
from services.registration.store import pages as stored
from services.registration.store import terms
from shared.refusals import NotFound, Refusal

# Refusals that the form itself can explain; every other one is a page of its own.
_EXPLAINED = (
    "sold_out",
    "price_changed",
    "questions_changed",
    "too_many",
    "unavailable",
    "invalid",
)


@dataclass(frozen=True)
class PublicPages:
    """Handlers of the pages that anybody may see."""

    links: Links
    renderer: Renderer

    async def show_webinar(self, request: web.Request) -> web.Response:
        """GET /w/{webinar_id}: what it is, what it costs, the form."""
        return self._webinar(request, await webinar_of(request), locale_of(request))

    async def register_on_page(self, request: web.Request) -> web.Response:
        """POST /w/{webinar_id}: on to the payment, or back to the form with what was typed."""
        refuse_foreign_forms(request, self.links.public_url)
        sent = sent_form(await read_form(request))
        locale = sent.locale or locale_of(request)
        facts = await webinar_of(request)
        form = sent.read(stored_questions(facts.webinar.questions), facts.terms_version)
        if isinstance(form, dict):
            return self._webinar(request, facts, locale, sent, status=422, errors=form)
        try:
            registration = await self._admit(request, facts.webinar.id, sent, form)
        except Refusal as refusal:
            if refusal.code not in (*_EXPLAINED, "closed"):
                raise
            # What was true when the page was made may be what has changed.
            facts = await webinar_of(request)
            explained = refusal.code if refusal.code in _EXPLAINED else None
            return self._webinar(
                request, facts, locale, sent, status=refusal.status, refusal=explained
            )
        is_awaiting = registration.status == "awaiting_payment"
        onward = self.links.pay_url(registration.id) if is_awaiting else registration.manage_url
        return see_other(onward)

    async def show_terms(self, request: web.Request) -> web.Response:
        """GET /w/{webinar_id}/terms: what whoever registers now agrees to."""
        facts = await webinar_of(request)
        async with request.app[DESK].database.connection() as connection:
            agreed = await terms.current(connection, facts.organization.id)
        if agreed is None:
            raise NotFound
        view = terms_view(facts, agreed.text, agreed.url, agreed.created_at, self.links)
        return self.renderer.page(request, "terms.html", locale_of(request), **view)

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
            questions_shown=sent.questions_shown,
        )
        return await desk.admission.register(webinar_id, application)

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


async def webinar_of(request: web.Request) -> WebinarFacts:
    """The webinar of the address; raises NotFound."""
    try:
        webinar_id = UUID(request.match_info["webinar_id"])
    except ValueError:
        raise NotFound from None
    async with request.app[DESK].database.connection() as connection:
        facts = await stored.find_webinar(connection, webinar_id)
    if facts is None:
        raise NotFound
    return facts

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
from services.registration.pages.resuming import (
    COOKIE,
    REMEMBERED_SECONDS,
    Earlier,
    Known,
    earlier,
    remembered,
    typed_before,
    with_another,
)
from services.registration.pages.webinar_page import Typed, terms_view, webinar_view
from services.registration.questions import stored_questions
from services.registration.routes.table import DESK
from services.registration.store import pages as stored
from services.registration.store import registrants, terms
from shared.refusals import NotFound, Refusal

# Refusals that the form itself can explain; every other one is a page of its own.
EXPLAINED = (
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
        facts = await webinar_of(request)
        before = await self._earlier(request, facts)
        typed = Typed()
        if before is not None and before.is_over:
            typed = await _typed_before(request, facts, before)
        return self._webinar(request, facts, locale_of(request), before=before, typed=typed)

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
            registration = await admit(request, self.links, facts.webinar.id, sent, form)
        except Refusal as refusal:
            if refusal.code not in (*EXPLAINED, "closed"):
                raise
            # What was true when the page was made may be what has changed.
            facts = await webinar_of(request)
            explained = refusal.code if refusal.code in EXPLAINED else None
            return self._webinar(
                request, facts, locale, sent, status=refusal.status, refusal=explained
            )
        return go_on(request, self.links, facts.webinar.id, registration)

    async def show_terms(self, request: web.Request) -> web.Response:
        """GET /w/{webinar_id}/terms: what whoever registers now agrees to."""
        facts = await webinar_of(request)
        async with request.app[DESK].database.connection() as connection:
            agreed = await terms.current(connection, facts.organization.id)
        if agreed is None:
            raise NotFound
        view = terms_view(facts, agreed.text, agreed.url, agreed.created_at, self.links)
        return self.renderer.page(request, "terms.html", locale_of(request), **view)

    async def _earlier(self, request: web.Request, facts: WebinarFacts) -> Earlier | None:
        """What was registered in this browser."""
        known = remembered(self.links, facts.webinar.id, request.cookies.get(COOKIE))
        if not known:
            return None
        async with request.app[DESK].database.connection() as connection:
            found = await stored.own_registrations(
                connection, facts.webinar.id, [registrant_id for registrant_id, _ in known]
            )
        return earlier(self.links, known, found, facts.now)

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
        before: Earlier | None = None,
        typed: Typed | None = None,
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
                typed=typed or Typed() if sent is None else shown_again(sent.typed),
                errors=errors or {},
                refusal=refusal,
                earlier=before,
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


async def admit(
    request: web.Request, links: Links, webinar_id: UUID, sent: SentForm, form: RegistrationForm
) -> Registration:
    """Admit what a form of ours says; the same form twice is admitted once. Raises a refusal."""
    desk = request.app[DESK]
    key = sent.idempotency_key(webinar_id)
    application = apply(
        form,
        links,
        body=key.encode(),  # The key is made of all that was typed.
        idempotency_key=key,
        network=desk.network_of(request),
        questions_shown=sent.questions_shown,
    )
    return await desk.admission.register(webinar_id, application)


def go_on(
    request: web.Request, links: Links, webinar_id: UUID, registration: Registration
) -> web.Response:
    """On to the payment, or to the registrant's own page; this browser will find it again."""
    is_awaiting = registration.status == "awaiting_payment"
    answer = see_other(links.pay_url(registration.id) if is_awaiting else registration.manage_url)
    registrant_id, link_version = links.read_manage(registration.manage_url.rpartition("/")[2])
    remember(answer, request, links, webinar_id, (registrant_id, link_version))
    return answer


def remember(
    answer: web.Response, request: web.Request, links: Links, webinar_id: UUID, newest: Known
) -> None:
    """Let this browser find a registration again on the webinar's page."""
    answer.set_cookie(
        COOKIE,
        with_another(links, webinar_id, request.cookies.get(COOKIE), newest),
        max_age=REMEMBERED_SECONDS,
        path=f"/w/{webinar_id}",
        httponly=True,
        samesite="Lax",
        secure=links.public_url.startswith("https://"),
    )


async def _typed_before(request: web.Request, facts: WebinarFacts, before: Earlier) -> Typed:
    async with request.app[DESK].database.connection() as connection:
        form = await registrants.find_form(connection, before.registrant.id)
    questions = stored_questions(facts.webinar.questions)
    return typed_before(before.registrant, form.answers, questions)

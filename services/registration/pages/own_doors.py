"""The doors behind a registrant's own links: how it stands, cancelling, joining.

Every GET only shows, every change is a POST of our own form.
"""

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from aiohttp import web

from services.registration.box_office import cancel_registration
from services.registration.cancellations import CancelAsked, NotActive
from services.registration.links import Links
from services.registration.pages.calendar_file import calendar_file
from services.registration.pages.facts import RegistrantFacts
from services.registration.pages.forms import (
    new_nonce,
    read_form,
    refuse_foreign_forms,
    sent_form,
)
from services.registration.pages.join_page import join_view, obstacle_of
from services.registration.pages.public_doors import EXPLAINED, admit, go_on, remember
from services.registration.pages.registrant_page import (
    cancel_view,
    fingerprint,
    is_watched,
    may_register_again,
    refund_now,
    registrant_view,
    state_of,
)
from services.registration.pages.rendering import Renderer, locale_of, see_other
from services.registration.pages.resuming import typed_before
from services.registration.questions import stored_questions
from services.registration.routes.table import DESK
from services.registration.store import pages as stored
from services.registration.store import registrants
from services.registration.watching import WATCH
from shared.localized import LANGUAGES
from shared.refusals import NotFound, Refusal
from shared.web import json_answer


@dataclass(frozen=True)
class OwnPages:
    """Handlers of the pages behind a registrant's links."""

    links: Links
    renderer: Renderer

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

    async def stream_state(self, request: web.Request) -> web.StreamResponse:
        """GET /r/{token}/events: the same, told when it changes, for some minutes."""
        facts = await self._registrant_of(request)

        async def look() -> str:
            return json.dumps({"state": fingerprint(await self._registrant_of(request))})

        database = request.app[DESK].database
        return await request.app[WATCH].stream(request, facts.registrant.id, look, database)

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
            request.app[WATCH].tell(facts.registrant.id)
        except NotActive:
            pass  # A second click: the page shows what the first one did.
        return see_other(f"{_own_page(request)}{_asked_locale(request)}")

    async def register_again(self, request: web.Request) -> web.Response:
        """POST /r/{token}/again: the same person for the same webinar, at its price of today."""
        refuse_foreign_forms(request, self.links.public_url)
        sent = sent_form(await read_form(request))
        facts = await self._registrant_of(request)
        registrant, webinar = facts.registrant, facts.webinar
        if not may_register_again(facts):
            return see_other(f"{_own_page(request)}{_asked_locale(request)}")
        async with request.app[DESK].database.connection() as connection:
            filled_in = await registrants.find_form(connection, registrant.id)
        questions = stored_questions(webinar.questions)
        typed = typed_before(registrant, filled_in.answers, questions)
        sent = replace(sent, typed=replace(typed, terms=sent.typed.terms), locale=registrant.locale)
        form = sent.read(questions, facts.terms_version)
        if not isinstance(form, dict):
            try:
                registration = await admit(request, self.links, webinar.id, sent, form)
                return go_on(request, self.links, webinar.id, registration)
            except Refusal as refusal:
                if refusal.code not in (*EXPLAINED, "closed"):
                    raise
        # Something is asked or said there that was not here; what they typed is filled in.
        answer = see_other(f"/w/{webinar.id}{_asked_locale(request)}")
        known = (registrant.id, registrant.link_version)
        remember(answer, request, self.links, webinar.id, known)
        return answer

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
            events_url=f"{own_page}/events",
            again_url=f"{own_page}/again{asked}",
            nonce=new_nonce(),
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

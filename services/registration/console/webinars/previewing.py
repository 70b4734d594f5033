"""Previews of an unsaved webinar: the public page and the mail, as people would get them."""

from dataclasses import replace
from datetime import datetime

from aiohttp import web

from services.registration.console.finding import webinar_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinars.finding import description_of, original_of, price_of
from services.registration.console.webinars.forms import read_webinar, typed_in
from services.registration.console.webinars.preview import draft_of, unsaved
from services.registration.pages.facts import WebinarFacts
from services.registration.pages.webinar_page import Typed as Visitor
from services.registration.pages.webinar_page import webinar_view
from services.registration.previews import PreviewUnavailable, Sample, framed, preview_mail
from services.registration.store import messages, terms
from services.registration.webinars import Webinar


async def show_preview(visit: Visit) -> web.Response:
    """POST …/preview, of a new webinar or of one that is edited: the public page as it would be."""
    typed = typed_in(visit.fields)
    async with visit.database.connection() as connection:
        before, description = None, ""
        if "webinar_id" in visit.request.match_info:
            before = await webinar_of(visit, connection)
            description = await description_of(connection, before)
        now = await connection.fetchval("SELECT now()")
        original = await original_of(visit, connection)
        agreed = await terms.current(connection, visit.organization.id)
    read = read_webinar(typed, now, before)
    fresh = replace(unsaved(visit.organization.id, now), **price_of(visit, original))
    draft = draft_of(before or fresh, read.values)
    if visit.fields.get("do") == "mail":
        return await _show_mail(visit, draft, read.values.get("description", description), now)
    facts = WebinarFacts(
        webinar=draft,
        organization=visit.organization,
        description=read.values.get("description", description),
        next_hold_ends_at=None,
        now=now,
        terms_version=agreed.version if agreed else None,
        terms_address=agreed.url if agreed else None,
    )
    shown = webinar_view(facts, visit.links, visit.locale, nonce="", typed=Visitor(), errors={})
    return visit.renderer.page(
        visit.request,
        "console/preview_page.html",
        visit.locale,
        is_personal=True,
        form_url="",
        self_url="",
        other_languages={},
        has_mistakes=bool(read.errors),
        **shown,
    )


async def _show_mail(visit: Visit, draft: Webinar, description: str, now: datetime) -> web.Response:
    """The confirmation as notifications would write it."""
    async with visit.database.connection() as connection:
        message = await messages.get(connection, visit.organization.id, "confirmation")
    sample = Sample(draft, visit.organization, visit.links, now, visit.locale, description)
    try:
        mail = await preview_mail(visit.desk.bus, sample.event("confirmation", message.words))
    except PreviewUnavailable:
        return visit.page("console/no_preview.html", status=503)
    return framed(mail.html)


ROUTES = [
    ConsoleRoute(
        "POST", "/console/{organization_id}/webinars/new/preview", show_preview, "organizer"
    ),
    ConsoleRoute(
        "POST",
        "/console/{organization_id}/webinars/{webinar_id}/edit/preview",
        show_preview,
        "organizer",
    ),
]

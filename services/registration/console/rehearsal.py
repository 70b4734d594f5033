"""Rehearsal: the organizer registers, pays, is mailed and refunded as a registrant would be."""

import contextlib
import secrets
from typing import Any

from aiohttp import web

from services.registration import box_office
from services.registration.applications import RegistrationForm, apply
from services.registration.cancellations import CancelAsked, NotActive
from services.registration.catalogues import msgid
from services.registration.console.finding import webinar_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinar_header import webinar_header
from services.registration.pages.rendering import see_other
from services.registration.refunds import NothingLeft, NothingPaid, RefundAsked
from services.registration.rehearsals import (
    ACTIVE_MAX,
    Rehearsal,
    likely_fee,
    obstacle_to,
    takes_real_money,
)
from services.registration.store import rehearsals
from shared.localized import language_of
from shared.postgres import Connection
from shared.refusals import Refusal

NONCE_LENGTH = 32

_CLEANED_UP = msgid("The rehearsals are cancelled, and what was paid for them goes back.")


async def show_rehearsal(visit: Visit) -> web.StreamResponse:
    """GET …/rehearsal: what will happen, and how far each rehearsal has come."""
    return await _page(visit)


async def start_rehearsal(visit: Visit) -> web.StreamResponse:
    """POST …/rehearsal: register the organizer, and on to the page that a registrant gets."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        known = await rehearsals.list_of(connection, webinar.id)
    if takes_real_money(webinar, visit.organization) and visit.fields.get("pays_live") != "yes":
        return await _page(
            visit,
            status=422,
            errors={"pays_live": msgid("Tick this to pay with a real card.")},
        )
    if sum(one.registrant.is_active for one in known) >= ACTIVE_MAX:
        return await _page(visit, status=409, refusal=msgid("Clean up the rehearsals first."))
    nonce = visit.fields.get("nonce", "")[:NONCE_LENGTH] or secrets.token_hex(NONCE_LENGTH // 2)
    key = f"rehearsal-{visit.person.id}-{nonce}"
    application = apply(
        RegistrationForm(
            name=visit.person.name,
            email=visit.person.email,
            locale=language_of(visit.locale),
            expected_price_minor=webinar.price_minor,
        ),
        visit.links,
        body=key.encode(),
        idempotency_key=key,
        organization_id=visit.organization.id,
        is_rehearsal=True,
    )
    try:
        registration = await visit.desk.admission.register(webinar.id, application)
    except Refusal as refusal:
        return await _page(visit, status=refusal.status, refusal=refusal.detail)
    return see_other(registration.manage_url)


async def clean_up(visit: Visit) -> web.StreamResponse:
    """POST …/rehearsal/clean-up: every rehearsal ends, its money goes back, nobody is mailed."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        known = await rehearsals.list_of(connection, webinar.id)
    for one in known:
        if not one.is_cleaned_up:
            async with visit.database.transaction() as connection:
                await _end(visit, connection, one)
    return visit.go(visit.path("webinars", webinar.id, "rehearsal"), _CLEANED_UP)


async def _end(visit: Visit, connection: Connection, rehearsal: Rehearsal) -> None:
    registrant, organization_id = rehearsal.registrant, visit.organization.id
    try:
        await box_office.cancel_registration(
            connection,
            visit.links,
            registrant.id,
            CancelAsked(by="organizer", refund="full", notify=False),
            organization_id=organization_id,
        )
    except NotActive:
        key = f"rehearsal-{registrant.id}"
        asked = RefundAsked(idempotency_key=key, body_sha256=b"")
        with contextlib.suppress(NothingPaid, NothingLeft):  # It is under way already.
            await box_office.request_refund(
                connection, visit.links, organization_id, registrant.id, asked
            )


async def _page(
    visit: Visit,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    refusal: str | None = None,
) -> web.Response:
    organization = visit.organization
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        known = await rehearsals.list_of(connection, webinar.id)
        now = await connection.fetchval("SELECT now()")
        is_live = takes_real_money(webinar, organization)
        fee_minor: int | None = None
        if is_live and webinar.currency is not None:
            sums = await rehearsals.fees_in(connection, organization.id, webinar.currency)
            fee_minor = likely_fee(webinar, *sums)
    return visit.page(
        "console/rehearsal.html",
        status=status,
        header=webinar_header(
            webinar,
            path=visit.path,
            links=visit.links,
            is_ready=organization.is_ready,
            now=now,
            here="rehearsal",
        ),
        webinar=webinar,
        rehearsals=[_row(visit, one) for one in known],
        may_clean_up=any(not one.is_cleaned_up for one in known),
        obstacle=obstacle_to(webinar, organization, now),
        takes_real_money=is_live,
        has_test_key=organization.is_live and organization.has_test_key,
        fee_minor=fee_minor,
        errors=errors or {},
        refusal=refusal,
        nonce=secrets.token_hex(NONCE_LENGTH // 2),
    )


def _row(visit: Visit, rehearsal: Rehearsal) -> dict[str, Any]:
    registrant = rehearsal.registrant
    return {
        "registrant": registrant,
        "steps": rehearsal.steps,
        "mail_failure": rehearsal.mail_failure,
        "is_cleaned_up": rehearsal.is_cleaned_up,
        "own_page": visit.links.manage_url(registrant.id, registrant.link_version),
        "console_page": visit.path("registrants", registrant.id),
    }


_PATH = "/console/{organization_id}/webinars/{webinar_id}/rehearsal"

ROUTES = [
    ConsoleRoute("GET", _PATH, show_rehearsal, "organizer"),
    ConsoleRoute("POST", _PATH, start_rehearsal, "organizer"),
    ConsoleRoute("POST", f"{_PATH}/clean-up", clean_up, "organizer"),
]

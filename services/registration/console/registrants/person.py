"""One registrant: who it is, where the money is, everything that happened; the mail once more."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from services.registration import back_office
from services.registration.back_office import ByHand
from services.registration.catalogues import msgid
from services.registration.console.registrants.timeline import timeline
from services.registration.console.registrants.troubles import FAILURES
from services.registration.console.registrants.wording import badge_of, currency_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.corrections import NothingToSend, may_be_mailed
from services.registration.history import history_of
from services.registration.refund_policy import sentence
from services.registration.refunds import left_of
from services.registration.registrants import Registrant
from services.registration.store import moments, refunds, registrants, webinars
from services.registration.webinars import Webinar
from shared.postgres import Connection
from shared.refusals import NotFound

STRIPE_DASHBOARD = "https://dashboard.stripe.com"
KEY_LENGTHS = range(16, 65)
LANGUAGE_NAMES = {"en": msgid("English"), "es": msgid("Spanish"), "de": msgid("German")}


@dataclass(frozen=True)
class Found:
    """A registrant of the path's organization, with its webinar."""

    registrant: Registrant
    webinar: Webinar
    unsettled_minor: int
    now: datetime

    @property
    def left_minor(self) -> int:
        """What can still go back."""
        return left_of(self.registrant, self.unsettled_minor)


async def find_person(visit: Visit, connection: Connection) -> Found:
    """The path's registrant; raises NotFound for another organization's."""
    registrant = await registrants.find_of_organization(
        connection, visit.organization.id, visit.id("registrant_id")
    )
    if registrant is None:
        raise NotFound
    webinar = await webinars.find(connection, registrant.webinar_id)
    assert webinar is not None
    return Found(
        registrant,
        webinar,
        await refunds.unsettled_minor(connection, registrant.id),
        await connection.fetchval("SELECT now()"),
    )


def new_key() -> str:
    """For one showing of a form: sent twice, it is done once."""
    return secrets.token_urlsafe(18)


def by_hand(visit: Visit) -> ByHand:
    """Who sent the form, and its key; a form without one gets a new one."""
    key = visit.fields.get("key", "")
    is_ours = len(key) in KEY_LENGTHS and key.isascii() and key.isprintable()
    return ByHand(visit.organization.id, visit.person.id, key if is_ours else new_key())


def stripe_url(registrant: Registrant, *place: str) -> str | None:
    """Where the payment, or a place named, is in Stripe's dashboard; None where it is not known."""
    account, intent = registrant.stripe_account_id, registrant.stripe_payment_intent_id
    if account is None or intent is None:
        return None
    mode = () if registrant.is_live else ("test",)
    return "/".join((STRIPE_DASHBOARD, account, *mode, *(place or ("payments", intent))))


async def show_registrant(visit: Visit) -> web.StreamResponse:
    """GET …/registrants/{registrant_id}."""
    async with visit.database.connection() as connection:
        found = await find_person(visit, connection)
        registrant = found.registrant
        money_back = [dict(row) for row in await refunds.list_of(connection, registrant.id)]
        disputes = [dict(row) for row in await refunds.list_disputes(connection, registrant.id)]
        mails = [dict(row) for row in await refunds.list_mails(connection, registrant.id)]
        joins = await registrants.list_joins(connection, registrant.id)
        notes = [dict(row) for row in await moments.list_of(connection, registrant.id)]
        form = await registrants.find_form(connection, registrant.id)
    history = history_of(registrant, money_back, disputes, mails, joins)
    return visit.page(
        "console/registrant.html",
        registrant=registrant,
        webinar=found.webinar,
        badge=badge_of(registrant),
        currency=currency_of(registrant),
        left_minor=found.left_minor,
        money_back=[_refund_line(one) for one in money_back],
        disputes=disputes,
        dispute_url=lambda dispute_id: stripe_url(registrant, "disputes", dispute_id),
        stripe_url=stripe_url(registrant),
        policy=sentence(registrant.policy, visit.locale) if registrant.amount_minor else "",
        form=form,
        answers=[_answer_line(one) for one in form.answers or ()],
        own_language=LANGUAGE_NAMES.get(registrant.locale[:2], registrant.locale),
        timeline=timeline(registrant, history, money_back, disputes, mails, notes),
        may_be_mailed=may_be_mailed(registrant),
        latest_mail=mails[-1]["status"] if mails else None,
        key=new_key(),
        own_path=visit.path("registrants", registrant.id),
        webinar_path=visit.path("webinars", found.webinar.id),
    )


async def send_mail_again(visit: Visit) -> web.StreamResponse:
    """POST …/registrants/{registrant_id}/mail."""
    registrant_id = visit.id("registrant_id")
    own_path = visit.path("registrants", registrant_id)
    try:
        async with visit.database.transaction() as connection:
            registrant = await back_office.send_mail_again(
                connection, visit.links, registrant_id, by_hand(visit)
            )
    except NothingToSend:
        return visit.go(own_path, msgid("No mail was sent: there is no seat to write about."))
    return visit.go(
        own_path,
        msgid("The mail is on its way to %(email)s again."),
        {"email": registrant.email},
    )


def _refund_line(refund: Mapping[str, Any]) -> dict[str, Any]:
    reason = refund["failure_reason"] or ""
    return dict(refund) | {"failure": FAILURES.get(reason, reason)}


def _answer_line(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"question": answer["question"], "answer": answer["answer"]}


ROUTES = [
    ConsoleRoute(
        "GET",
        "/console/{organization_id}/registrants/{registrant_id}",
        show_registrant,
        "organizer",
    ),
    ConsoleRoute(
        "POST",
        "/console/{organization_id}/registrants/{registrant_id}/mail",
        send_mail_again,
        "organizer",
    ),
]

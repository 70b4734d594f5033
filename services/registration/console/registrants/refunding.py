"""Refunding and cancelling: one form, a check page with sums, then one decision is carried out."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from services.registration import box_office
from services.registration.cancellations import NotActive
from services.registration.catalogues import msgid
from services.registration.console.message import Words
from services.registration.console.registrants.deciding import (
    Choices,
    Decision,
    choices_for,
    read_decision,
)
from services.registration.console.registrants.person import Found, by_hand, find_person, new_key
from services.registration.console.registrants.wording import currency_of
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.refund_limits import asks_for_password
from services.registration.refunds import NothingLeft, NothingPaid
from services.registration.registrants import Registrant
from services.registration.store import audit, outcomes, refund_limits
from services.registration.store import refunds as stored_refunds
from services.registration.verdicts import KeyReused
from shared.events import MESSAGE_LENGTH_MAX
from shared.money import currency_rule, major_units
from shared.refusals import Invalid

SHOWN_LENGTH_MAX = 1_200
NOTHING_LEFT = msgid("There is nothing to refund and no seat to free.")
IT_CHANGED = msgid("Something has changed since you looked. These are the sums now.")


async def show_form(visit: Visit) -> web.StreamResponse:
    """GET …/refund: what goes back, what becomes of the seat, who is told."""
    found, choices = await _find(visit)
    if not choices.is_any:
        return visit.go(visit.path("registrants", found.registrant.id), NOTHING_LEFT)
    # Asked before anything is typed, if any choice could ask for it.
    await _require_password(visit, found, choices.left_minor)
    return _form(visit, found, choices, _START, {})


async def check(visit: Visit) -> web.StreamResponse:
    """POST …/refund/check: the sums, before anything is sent; or the form with what to correct."""
    found, choices = await _find(visit)
    if not choices.is_any:
        return visit.go(visit.path("registrants", found.registrant.id), NOTHING_LEFT)
    if "back" in visit.fields:
        return _form(visit, found, choices, visit.fields, {})
    decision = read_decision(visit.fields, found.registrant, choices)
    if not isinstance(decision, Decision):
        return _form(visit, found, choices, visit.fields, decision)
    return _check(visit, found, choices, decision)


async def decide(visit: Visit) -> web.StreamResponse:
    """POST …/refund: carried out if the amount is still the one that was checked."""
    found, choices = await _find(visit)
    registrant, by = found.registrant, by_hand(visit)
    own_path = visit.path("registrants", registrant.id)
    if await _is_done(visit, found, by.key):
        return visit.go(own_path)
    if not choices.is_any:
        return visit.go(own_path, NOTHING_LEFT)
    decision = read_decision(visit.fields, registrant, choices)
    if not isinstance(decision, Decision):
        return _form(visit, found, choices, visit.fields, decision)
    if visit.fields.get("expected_minor") != str(decision.amount_minor):
        return _check(visit, found, choices, decision, is_changed=True)
    is_large = await _require_password(visit, found, decision.amount_minor)
    try:
        async with visit.database.transaction() as connection:
            if is_large:
                await audit.add(
                    connection,
                    visit.organization.id,
                    visit.person.id,
                    "refund_over_limit",
                    _amount(registrant, decision),
                )
            if decision.cancels(registrant):
                _, refund = await box_office.cancel_registration(
                    connection,
                    visit.links,
                    registrant.id,
                    decision.as_cancel(by.key),
                    organization_id=visit.organization.id,
                )
            else:
                refund = await box_office.request_refund(
                    connection,
                    visit.links,
                    visit.organization.id,
                    registrant.id,
                    decision.as_refund(by.key),
                )
            if (refund.amount_minor if refund else 0) != decision.amount_minor:
                raise Invalid(field="money")  # What is left has changed since it was checked.
    except (Invalid, NotActive, NothingLeft, NothingPaid, KeyReused):
        # Somebody else was faster: what is true now is shown, and decided anew.
        found, choices = await _find(visit)
        if not choices.is_any:
            return visit.go(own_path, NOTHING_LEFT)
        return _form(visit, found, choices, _START, {}, is_changed=True)
    note = (
        msgid("The refund is on its way to Stripe.")
        if decision.amount_minor
        else msgid("The registration is cancelled.")
    )
    return visit.go(own_path, note)


async def _find(visit: Visit) -> tuple[Found, Choices]:
    async with visit.database.connection() as connection:
        found = await find_person(visit, connection)
        occasion = await outcomes.occasion_for(connection, visit.links, found.webinar)
    return found, choices_for(found.registrant, found.left_minor, occasion)


async def _require_password(visit: Visit, found: Found, amount_minor: int) -> bool:
    """Whether the amount is one that needs the password of late, which was then given."""
    async with visit.database.connection() as connection:
        limit = await refund_limits.find(connection, visit.organization.id)
    is_large = asks_for_password(limit, amount_minor, found.registrant.currency)
    if is_large:
        await visit.require_recent_sign_in()
    return is_large


def _amount(registrant: Registrant, decision: Decision) -> str:
    """For the record: the amount and whose it was, by id."""
    assert registrant.currency is not None
    amount = major_units(decision.amount_minor, registrant.currency)
    return f"{amount} {registrant.currency}, registrant {registrant.id}"


async def _is_done(visit: Visit, found: Found, key: str) -> bool:
    """Whether this form was carried out already: a double click, or a page that was reloaded."""
    if found.registrant.cancel_key == key:
        return True
    async with visit.database.connection() as connection:
        known = await stored_refunds.find_by_key(connection, found.registrant.id, key)
    return known is not None


def _form(
    visit: Visit,
    found: Found,
    choices: Choices,
    typed: Mapping[str, str],
    errors: Mapping[str, Words],
    *,
    is_changed: bool = False,
) -> web.Response:
    currency = found.registrant.currency
    return visit.page(
        "console/refund.html",
        status=422 if errors else 409 if is_changed else 200,
        typed={name: _shown(typed.get(name, "")) for name in _TYPED},
        errors=errors,
        is_changed=is_changed,
        most=major_units(choices.left_minor, currency) if currency else None,
        message_length_max=MESSAGE_LENGTH_MAX,
        has_decimals=currency is not None and currency_rule(currency).exponent > 0,
        key=typed.get("key") or new_key(),
        **_around(visit, found, choices),
    )


def _check(
    visit: Visit, found: Found, choices: Choices, decision: Decision, *, is_changed: bool = False
) -> web.Response:
    registrant, webinar = found.registrant, found.webinar
    cancels = decision.cancels(registrant)
    fee, net = registrant.fee_minor, registrant.net_minor
    is_one_currency = registrant.currency == registrant.settlement_currency
    seats_left = None
    if cancels and webinar.capacity is not None and registrant.status == "confirmed":
        seats_left = webinar.capacity - webinar.seats_taken + 1
    return visit.page(
        "console/refund_check.html",
        status=409 if is_changed else 200,
        decision=decision,
        cancels=cancels,
        notice=IT_CHANGED if is_changed else "",
        seats_left=seats_left,
        fee_minor=fee if is_one_currency else None,
        # What was asked for before this and is not booked yet counts as gone.
        left_with_minor=net - found.unsettled_minor - decision.amount_minor
        if net is not None and is_one_currency
        else None,
        sent={name: _shown(visit.fields.get(name, "")) for name in _TYPED},
        key=visit.fields.get("key") or new_key(),
        **_around(visit, found, choices),
    )


_START = {"money": "full", "seat": "free", "notify": "yes"}
_TYPED = ("money", "amount", "seat", "notify", "message", "reason")


def _around(visit: Visit, found: Found, choices: Choices) -> dict[str, Any]:
    own_path = visit.path("registrants", found.registrant.id)
    return {
        "registrant": found.registrant,
        "webinar": found.webinar,
        "currency": currency_of(found.registrant),
        "choices": choices,
        "own_path": own_path,
        "form_path": f"{own_path}/refund",
        "webinar_path": visit.path("webinars", found.webinar.id),
    }


def _shown(typed: str) -> str:
    """What was typed, without characters that a page must not hold; lines stay lines."""
    lines = typed[: 2 * SHOWN_LENGTH_MAX].replace("\t", " ").splitlines()
    return "\n".join("".join(filter(_may_stand, line)) for line in lines)[:SHOWN_LENGTH_MAX]


def _may_stand(character: str) -> bool:
    # Persian words and emoji are joined by the two.
    return character.isprintable() or character in "\u200c\u200d"


_PATH = "/console/{organization_id}/registrants/{registrant_id}/refund"
ROUTES = [
    ConsoleRoute("GET", _PATH, show_form, "organizer"),
    ConsoleRoute("POST", f"{_PATH}/check", check, "organizer"),
    ConsoleRoute("POST", _PATH, decide, "organizer"),
]

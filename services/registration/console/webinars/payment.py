"""Add payment: what a seat costs, free unless an amount is saved."""

from datetime import datetime
from typing import Any

from aiohttp import web
from babel.numbers import get_currency_name

from services.registration import box_office
from services.registration.catalogues import msgid
from services.registration.console.finding import webinar_of
from services.registration.console.message import Message, Words
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.console.webinars.finding import header_of
from services.registration.refund_policy import sentence, steps
from services.registration.store import numbers, people
from services.registration.webinars import AlreadyCancelled, OrganizationNotReady, Webinar
from shared.localized import format_money
from shared.money import (
    AMOUNT_MINOR_MAX,
    CurrencyRule,
    NotAnAmount,
    UnknownCurrency,
    currency_codes,
    currency_rule,
    major_units,
    read_amount,
)
from shared.postgres import Connection
from shared.refusals import Refusal

STRIPE_PRICING = "https://stripe.com/pricing"
COMMON_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "MXN", "BRL", "SEK", "PLN")
TYPED_LENGTH_MAX = 40


async def show_payment(visit: Visit) -> web.Response:
    """GET …/webinars/{webinar_id}/payment."""
    async with visit.database.connection() as connection:
        webinar = await webinar_of(visit, connection)
        facts = await _surroundings(visit, connection, webinar)
    amount = ""
    if webinar.price_minor and webinar.currency:
        amount = str(major_units(webinar.price_minor, webinar.currency))
    currency = webinar.currency or visit.organization.default_currency or "EUR"
    return _page(visit, webinar, facts, amount, currency.upper())


async def save_payment(visit: Visit) -> web.Response:
    """POST …/webinars/{webinar_id}/payment: an amount, or free; for those who register next."""
    typed = visit.fields.get("amount", "")[:TYPED_LENGTH_MAX]
    currency = visit.fields.get("currency", "").strip().upper()[:TYPED_LENGTH_MAX]
    is_free = visit.fields.get("do") == "free"
    errors: dict[str, Words] = {}
    refusal: Refusal | None = None
    price: tuple[int, str | None] = (0, None)
    if not is_free:
        try:
            price = _read_price(typed, currency, visit.locale)
        except _Wrong as wrong:
            errors[wrong.field] = wrong.words
    async with visit.database.transaction() as connection:
        webinar = await webinar_of(visit, connection)
        facts = await _surroundings(visit, connection, webinar)
        if not errors:
            try:
                await _change_price(visit, connection, webinar, *price)
            except (OrganizationNotReady, AlreadyCancelled) as refused:
                refusal = refused
            else:
                return _saved(visit, webinar, *price)
    return _page(visit, webinar, facts, typed, currency, errors, refusal)


def describe_currency(rule: CurrencyRule, locale: str) -> list[Message]:
    """What amounts Stripe takes in a currency, in words."""
    minimum = format_money(rule.minimum_minor, rule.code, locale)
    said = [Message(msgid("At least %(minimum)s."), {"minimum": minimum})]
    if rule.step == 10**rule.exponent:
        said.append(Message(msgid("Whole amounts only.")))
    elif rule.step > 1:
        step = format_money(rule.step, rule.code, locale)
        said.append(Message(msgid("In steps of %(step)s."), {"step": step}))
    return said


class _Wrong(ValueError):
    def __init__(self, field: str, words: Words) -> None:
        self.field, self.words = field, words
        super().__init__()


def _read_price(typed: str, currency: str, locale: str) -> tuple[int, str]:
    try:
        rule = currency_rule(currency)
    except UnknownCurrency:
        words = msgid("Choose a currency from the list: Stripe takes no other.")
        raise _Wrong("currency", words) from None
    try:
        amount = read_amount(typed, currency)
    except NotAnAmount:
        example = str(major_units(max(4900, rule.minimum_minor), currency))
        words_for_amount = msgid(
            "Type the amount as a number, such as %(example)s, without a currency sign and "
            "without separating thousands."
        )
        raise _Wrong("amount", Message(words_for_amount, {"example": example})) from None
    if amount == 0:
        raise _Wrong("amount", msgid("Type an amount above 0, or keep it free."))
    if amount < rule.minimum_minor:
        minimum = format_money(rule.minimum_minor, currency, locale)
        too_small = msgid("Type more: the smallest amount that Stripe charges is %(minimum)s.")
        raise _Wrong("amount", Message(too_small, {"minimum": minimum}))
    if amount > AMOUNT_MINOR_MAX:
        largest = format_money(AMOUNT_MINOR_MAX, currency, locale)
        too_large = msgid("Type less: the largest amount that Stripe charges is %(largest)s.")
        raise _Wrong("amount", Message(too_large, {"largest": largest}))
    if amount % rule.step:
        step = format_money(rule.step, currency, locale)
        uneven = msgid("Round the amount: Stripe charges this currency in steps of %(step)s.")
        raise _Wrong("amount", Message(uneven, {"step": step}))
    return amount, currency


async def _change_price(
    visit: Visit, connection: Connection, webinar: Webinar, price_minor: int, currency: str | None
) -> None:
    if (price_minor, currency) != (webinar.price_minor, webinar.currency):
        changes = {"price_minor": price_minor, "currency": currency}
        await box_office.change_webinar(connection, visit.organization.id, webinar.id, changes)


def _saved(visit: Visit, webinar: Webinar, price_minor: int, currency: str | None) -> web.Response:
    onward = visit.path("webinars", webinar.id)
    if currency is None:
        return visit.go(onward, msgid("Saved. A seat is free now."))
    price = format_money(price_minor, currency, visit.locale)
    return visit.go(onward, msgid("Saved. A seat costs %(price)s now."), {"price": price})


async def _surroundings(visit: Visit, connection: Connection, webinar: Webinar) -> dict[str, Any]:
    totals = await numbers.totals_of_webinars(connection, webinar.organization_id, [webinar.id])
    own = totals[webinar.id]
    return {
        "now": await connection.fetchval("SELECT now()"),
        "registered": own.confirmed + own.awaiting_payment,
        "admins": await people.admins_of(connection, visit.organization.id),
    }


def _page(
    visit: Visit,
    webinar: Webinar,
    facts: dict[str, Any],
    amount: str,
    currency: str,
    errors: dict[str, Words] | None = None,
    refusal: Refusal | None = None,
) -> web.Response:
    now: datetime = facts["now"]
    status = 200
    if refusal is not None or errors:
        status = refusal.status if refusal is not None else 422
    return visit.page(
        "console/payment.html",
        status=status,
        header=header_of(visit, webinar, now, "payment"),
        webinar=webinar,
        own_path=visit.path("webinars", webinar.id, "payment"),
        amount=amount,
        currency=currency,
        currencies=_currencies(visit.locale),
        errors=errors or {},
        is_cancelled=isinstance(refusal, AlreadyCancelled),
        registered=facts["registered"],
        admins=facts["admins"],
        stripe_pricing=STRIPE_PRICING,
        policy_sentence=sentence(webinar.policy, visit.locale),
        policy_steps=steps(
            webinar.policy, webinar.starts_at, now, webinar.price_minor, webinar.currency
        ),
    )


def _currencies(locale: str) -> list[dict[str, Any]]:
    """Every currency with its name and what it asks of amounts, the commonest first."""
    codes = [code for code in currency_codes() if code not in COMMON_CURRENCIES]
    return [
        {
            "code": code,
            "name": get_currency_name(code, locale=locale.replace("-", "_")),
            "rules": describe_currency(currency_rule(code), locale),
            "is_common": code in COMMON_CURRENCIES,
        }
        for code in (*COMMON_CURRENCIES, *codes)
    ]


ROUTES = [
    ConsoleRoute(
        "GET", "/console/{organization_id}/webinars/{webinar_id}/payment", show_payment, "organizer"
    ),
    ConsoleRoute(
        "POST",
        "/console/{organization_id}/webinars/{webinar_id}/payment",
        save_payment,
        "organizer",
    ),
]

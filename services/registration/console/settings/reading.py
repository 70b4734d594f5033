"""The settings' forms, read field by field; what is wrong in words. No I/O here."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.registration.applications import EmailAddress, Name
from services.registration.catalogues import msgid
from services.registration.console.message import Message, Words
from services.registration.organizations import CARD_BRANDS, web_origin
from services.registration.refund_limits import RefundLimit
from services.registration.routes.webinar_bodies import WebAddress
from shared.money import NotAnAmount, UnknownCurrency, currency_rule, major_units, read_amount
from shared.text import plain_text

ORIGINS_MAX = 20
ORIGIN_LENGTH_MAX = 300
TERMS_BYTES_MAX = 16_000  # Encoded by a browser it is three times that, and fits a form.
LIMIT_MINOR_MAX = 10**12

BAD_NAME = msgid("Type a name of 1 to 200 characters.")
BAD_REPLY_TO = msgid("Type a full address, like name@example.org, or leave it empty.")
BAD_LINK = msgid("Type a full address, like https://example.org/privacy, or leave it empty.")
BAD_ORIGIN = msgid("“%(line)s” is not an address of a site, like https://www.example.org.")
TOO_MANY_ORIGINS = msgid("Up to 20 sites can be allowed.")
TWO_TERMS = msgid("Give the address of the terms or their text, not both.")
LONG_TERMS = msgid("The text is too long: publish it on your site and give its address.")
NO_BRAND = msgid("Accept at least one kind of card.")
BAD_AMOUNT = msgid("Type an amount in %(currency)s like %(example)s, or leave it empty.")
BAD_CURRENCY = msgid("Choose a currency of the list.")

T = TypeVar("T")
Errors = dict[str, Words]

_NAME: TypeAdapter[str] = TypeAdapter(Name)
_EMAIL: TypeAdapter[str] = TypeAdapter(EmailAddress)
_LINK: TypeAdapter[Any] = TypeAdapter(WebAddress)


def read_organization(fields: Mapping[str, str]) -> tuple[dict[str, Any], Errors]:
    """Name, legal links and allowed sites, by the organization's own names."""
    errors: Errors = {}
    values: dict[str, Any] = {
        "name": _taken(errors, "name", BAD_NAME, lambda: _NAME.validate_python(_of(fields, "name")))
    }
    for name in ("privacy_url", "imprint_url"):
        values[name] = _taken(errors, name, BAD_LINK, partial(_link, _of(fields, name)))
    values["allowed_origins"] = _origins(fields.get("allowed_origins", ""), errors)
    return values, errors


def read_terms(fields: Mapping[str, str]) -> tuple[dict[str, str | None], Errors]:
    """The terms' text or address, or neither."""
    errors: Errors = {}
    url = _taken(errors, "terms_url", BAD_LINK, lambda: _link(_of(fields, "terms_url")))
    text = fields.get("terms_text", "").replace("\r\n", "\n").strip() or None
    if text is not None and len(text.encode()) > TERMS_BYTES_MAX:
        errors["terms_text"] = LONG_TERMS
    elif text is not None and url is not None:
        errors["terms_text"] = TWO_TERMS
    elif text is not None:
        text = _taken(errors, "terms_text", LONG_TERMS, lambda: plain_text(text or ""))
    return {"text": text, "url": url}, errors


def read_mail(fields: Mapping[str, str]) -> tuple[dict[str, Any], Errors]:
    """Sender name and Reply-To; empty is none."""
    errors: Errors = {}
    sender, reply_to = _of(fields, "sender_name"), _of(fields, "reply_to")
    values = {
        "sender_name": _taken(
            errors, "sender_name", BAD_NAME, lambda: _NAME.validate_python(sender)
        )
        if sender
        else None,
        "reply_to": _taken(
            errors, "reply_to", BAD_REPLY_TO, lambda: _EMAIL.validate_python(reply_to)
        )
        if reply_to
        else None,
    }
    return values, errors


def read_choices(
    fields: Mapping[str, str], brands: list[str]
) -> tuple[list[str], RefundLimit | None, Errors]:
    """The brands that are left out, and the limit of refunds; an empty amount is no limit."""
    errors: Errors = {}
    blocked = sorted(set(CARD_BRANDS) - set(brands))
    if len(blocked) == len(CARD_BRANDS):
        errors["brands"] = NO_BRAND
    amount, currency = _of(fields, "limit"), _of(fields, "limit_currency")
    if not amount:
        return blocked, None, errors
    try:
        example = major_units(100 * 10 ** currency_rule(currency).exponent, currency)
    except UnknownCurrency:
        return blocked, None, errors | {"limit_currency": BAD_CURRENCY}
    try:
        limit = RefundLimit(read_amount(amount, currency), currency)
    except NotAnAmount:
        limit = None
    if limit is None or limit.amount_minor > LIMIT_MINOR_MAX:
        values = {"currency": currency, "example": str(example)}
        return blocked, None, errors | {"limit": Message(BAD_AMOUNT, values)}
    return blocked, limit, errors


def shown_again(fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed without characters that a page must not hold."""
    return {
        name: "".join(one for one in value if one.isprintable() or one in "\n\t")
        for name, value in fields.items()
    }


def _origins(typed: str, errors: Errors) -> list[str]:
    origins: dict[str, None] = {}
    for line in filter(None, (line.strip() for line in typed.splitlines())):
        try:
            if len(line) > ORIGIN_LENGTH_MAX or not line.isascii() or not line.isprintable():
                raise ValueError
            origins[web_origin(line)] = None
        except ValueError:
            shown = "".join(filter(str.isprintable, line))[:100]
            errors["allowed_origins"] = Message(BAD_ORIGIN, {"line": shown})
    if len(origins) > ORIGINS_MAX:
        errors["allowed_origins"] = TOO_MANY_ORIGINS
    return list(origins)


def _link(typed: str) -> str | None:
    return str(_LINK.validate_python(typed)) if typed else None


def _of(fields: Mapping[str, str], name: str) -> str:
    return fields.get(name, "").strip()


def _taken(errors: Errors, field: str, words: Words, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (ValueError, ValidationError):
        errors[field] = words
        return None

"""What a browser's form sends: read strictly, judged field by field, sent by our own page."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from services.registration.applications import RegistrationForm
from services.registration.catalogues import msgid
from services.registration.pages.webinar_page import Typed
from services.registration.pages.wording import spoken_locale
from shared.refusals import Forbidden, Refusal
from shared.web import read_bytes

FORM_BYTES_MAX = 16 * 1024
FIELDS_MAX = 20
NONCE_LENGTHS = range(16, 101)
PRICE_LENGTH_MAX = 9
SHOWN_LENGTH_MAX = 400
_CURRENCY = re.compile("[A-Z]{3}")


class BadForm(Refusal):
    """This is not a form of ours: send URL-encoded fields in UTF-8."""

    status = 400
    code = "bad_form"


class SentFromElsewhere(Forbidden):
    """This was sent from another site's page."""

    code = "sent_from_elsewhere"


@dataclass(frozen=True)
class SentForm:
    """The public page's form as it was sent."""

    typed: Typed
    nonce: str
    locale: str | None
    expected_price_minor: int | None
    expected_currency: str | None

    def idempotency_key(self, webinar_id: UUID) -> str:
        """The same for a double click and a reload; another once anything was typed anew."""
        sent = (str(webinar_id), self.nonce, repr(self.typed), repr(self._expectations()))
        return "page-" + hashlib.sha256("\0".join(sent).encode()).hexdigest()

    def read(self) -> RegistrationForm | dict[str, str]:
        """The form as every door takes it, or what to correct: messages by field."""
        fields = {"name": self.typed.name, "email": self.typed.email, **self._expectations()}
        try:
            return RegistrationForm.model_validate(fields)
        except ValidationError as refused:
            return {
                str(error["loc"][0]): _advice(str(error["loc"][0]), error["type"], fields)
                for error in refused.errors(include_url=False, include_context=False)
            }

    def _expectations(self) -> dict[str, str | int]:
        given = {
            "locale": self.locale,
            "expected_price_minor": self.expected_price_minor,
            "expected_currency": self.expected_currency,
        }
        return {name: value for name, value in given.items() if value is not None}


def new_nonce() -> str:
    """For one showing of the form."""
    return secrets.token_urlsafe(18)


def refuse_foreign_forms(request: web.Request, public_url: str) -> None:
    """Raises SentFromElsewhere for a form on another site; programs send neither header."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        # Browsers set it themselves, and it holds behind any proxy.
        if site not in ("same-origin", "none"):
            raise SentFromElsewhere
        return
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        # Pages that name no referrer send "null"; whoever knows the token may act on it.
        return
    if urlsplit(origin).netloc not in (urlsplit(public_url).netloc, request.host):
        raise SentFromElsewhere


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a URL-encoded form, the last of equal names; raises BadForm."""
    if not request.body_exists:
        return {}
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadForm
    body = await read_bytes(request, FORM_BYTES_MAX)
    try:
        return dict(
            parse_qsl(
                body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX
            )
        )
    except ValueError:  # Also what is not UTF-8.
        raise BadForm from None


def sent_form(fields: Mapping[str, str]) -> SentForm:
    """The form; hidden fields that are not as we wrote them count as left out."""
    nonce = fields.get("nonce", "")
    price = fields.get("expected_price_minor", "")
    currency = fields.get("expected_currency", "")
    has_price = price.isascii() and price.isdecimal() and len(price) <= PRICE_LENGTH_MAX
    return SentForm(
        typed=Typed(name=fields.get("name", "").strip(), email=fields.get("email", "").strip()),
        nonce=nonce if len(nonce) in NONCE_LENGTHS and nonce.isascii() else new_nonce(),
        locale=spoken_locale(fields.get("locale", "")),
        expected_price_minor=int(price) if has_price else None,
        expected_currency=currency if _CURRENCY.fullmatch(currency) else None,
    )


def shown_again(typed: Typed) -> Typed:
    """What was typed without characters that a page must not hold."""
    return Typed(
        name="".join(filter(str.isprintable, typed.name))[:SHOWN_LENGTH_MAX],
        email="".join(filter(str.isprintable, typed.email))[:SHOWN_LENGTH_MAX],
    )


def _advice(field: str, problem: str, fields: Mapping[str, str | int]) -> str:
    if field == "name":
        if not fields.get(field):
            return msgid("Write your name.")
        if problem.endswith("too_long"):
            return msgid("Write a name of at most 200 characters.")
        return msgid("Write your name in one line, without special characters.")
    if not fields.get(field):
        return msgid("Write your e-mail address.")
    return msgid("Write a complete address, like name@example.com.")

"""What a browser's form sends: read strictly, judged field by field, sent by our own page."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from aiohttp import web
from email_validator import EmailNotValidError, validate_email

from services.registration.pages.webinar_page import Typed
from services.registration.pages.wording import is_spoken
from shared.refusals import Forbidden, Refusal
from shared.web import one_line, read_bytes

FORM_BYTES_MAX = 16 * 1024
FIELDS_MAX = 20
NAME_LENGTH_MAX = 200
EMAIL_LENGTH_MAX = 254
_NONCE_LENGTHS = range(16, 101)


class BadForm(Refusal):
    """This is not a form of ours: send URL-encoded fields in UTF-8."""

    status = 400
    code = "bad_form"


class SentFromElsewhere(Forbidden):
    """This was sent from another site's page."""

    code = "sent_from_elsewhere"


@dataclass(frozen=True)
class RegistrationForm:
    """The public page's form as it was sent."""

    typed: Typed
    nonce: str
    locale: str | None
    expected_price_minor: int | None
    expected_currency: str | None

    def idempotency_key(self, webinar_id: UUID) -> str:
        """The same for a double click and a reload; another once anything was typed anew."""
        sent = (
            str(webinar_id), self.nonce, self.typed.name, self.typed.email, self.locale or "",
            str(self.expected_price_minor), self.expected_currency or "",
        )  # fmt: skip
        return "page-" + hashlib.sha256("\0".join(sent).encode()).hexdigest()


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


def registration_form(fields: Mapping[str, str]) -> RegistrationForm:
    """The form with what cannot be shown again removed; hidden fields fall back silently."""
    nonce = fields.get("nonce", "")
    locale = fields.get("locale", "")
    price = fields.get("expected_price_minor", "")
    has_price = price.isascii() and price.isdecimal() and len(price) <= 9
    return RegistrationForm(
        typed=Typed(
            name=fields.get("name", "").strip(),
            email=fields.get("email", "").strip(),
            policy=fields.get("policy") == "accepted",
        ),
        nonce=nonce if len(nonce) in _NONCE_LENGTHS and nonce.isascii() else new_nonce(),
        locale=locale if is_spoken(locale) else None,
        expected_price_minor=int(price) if has_price else None,
        expected_currency=fields.get("expected_currency") or None,
    )


def errors_of(typed: Typed, *, needs_acceptance: bool) -> dict[str, str]:
    """What to correct, by field, as keys of the catalogue; empty if nothing."""
    errors: dict[str, str] = {}
    if (error := _name_error(typed.name)) is not None:
        errors["name"] = error
    if (error := _email_error(typed.email)) is not None:
        errors["email"] = error
    if needs_acceptance and not typed.policy:
        errors["policy"] = "policy_missing"
    return errors


def shown_again(typed: Typed) -> Typed:
    """What was typed without characters that a page must not hold."""
    return Typed(
        name="".join(filter(str.isprintable, typed.name))[: 2 * NAME_LENGTH_MAX],
        email="".join(filter(str.isprintable, typed.email))[: 2 * EMAIL_LENGTH_MAX],
        policy=typed.policy,
    )


def _name_error(name: str) -> str | None:
    if not name:
        return "name_missing"
    if len(name) > NAME_LENGTH_MAX:
        return "name_too_long"
    try:
        one_line(name)
    except ValueError:
        return "name_bad"
    return None


def _email_error(email: str) -> str | None:
    if not email:
        return "email_missing"
    if len(email) > EMAIL_LENGTH_MAX:
        return "email_bad"
    try:
        validate_email(one_line(email), check_deliverability=False)
    except (EmailNotValidError, ValueError):
        return "email_bad"
    return None

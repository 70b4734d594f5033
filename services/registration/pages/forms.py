"""What a browser's form sends: read strictly, judged field by field, sent by our own page."""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from services.registration.applications import RegistrationForm
from services.registration.catalogues import msgid
from services.registration.pages.webinar_page import Typed
from services.registration.pages.wording import spoken_locale
from services.registration.questions import QUESTIONS_MAX, Question, check_answers
from shared.refusals import Forbidden, Refusal
from shared.web import read_bytes

FORM_BYTES_MAX = 128 * 1024  # Five long answers in a script that URLs write nine times as long.
FIELDS_MAX = 20
NONCE_LENGTHS = range(16, 101)
PRICE_LENGTH_MAX = 9
SHOWN_LENGTH_MAX = 400
ANSWER_SHOWN_LENGTH_MAX = 4_000
_CURRENCY = re.compile("[A-Z]{3}")


class BadForm(Refusal):
    """This is not a form of ours: send URL-encoded fields in UTF-8."""

    status = 400
    code = "bad_form"


class SentFromElsewhere(Forbidden):
    """This was sent from another site’s page."""

    code = "sent_from_elsewhere"


@dataclass(frozen=True)
class SentForm:
    """The public page's form as it was sent."""

    typed: Typed
    nonce: str
    locale: str | None
    expected_price_minor: int | None
    expected_currency: str | None
    questions_shown: str | None = None

    def idempotency_key(self, webinar_id: UUID) -> str:
        """The same for a double click and a reload; another once anything was typed anew."""
        sent = (str(webinar_id), self.nonce, repr(self.typed), repr(self._expectations()))
        return "page-" + hashlib.sha256("\0".join(sent).encode()).hexdigest()

    def read(
        self, questions: Sequence[Question] = (), terms_version: int | None = None
    ) -> RegistrationForm | dict[str, str]:
        """The form as every door takes it, or what to correct: messages by field."""
        fields = {"name": self.typed.name, "email": self.typed.email, **self._expectations()}
        wrong: dict[str, str] = {}
        form = None
        try:
            form = RegistrationForm.model_validate(fields)
        except ValidationError as refused:
            for error in refused.errors(include_url=False, include_context=False):
                field = str(error["loc"][0])
                wrong[field] = _advice(field, error["type"], fields)
        answers = [
            _answer_to(question, self.typed.answer(place))
            for place, question in enumerate(questions)
        ]
        wrong |= check_answers(questions, answers)[1]
        if terms_version is not None and self.typed.terms != str(terms_version):
            wrong["terms_version"] = msgid("Accept the terms to register.")
        if wrong or form is None:
            return wrong
        asked = {"answers": answers or None, "terms_version": terms_version}
        return form.model_copy(update=asked)

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
        typed=Typed(
            name=fields.get("name", "").strip(),
            email=fields.get("email", "").strip(),
            answers=tuple(
                fields.get(f"answers.{place}", "").strip() for place in range(QUESTIONS_MAX)
            ),
            terms=fields.get("terms_version", ""),
        ),
        nonce=nonce if len(nonce) in NONCE_LENGTHS and nonce.isascii() else new_nonce(),
        locale=spoken_locale(fields.get("locale", "")),
        expected_price_minor=int(price) if has_price else None,
        expected_currency=currency if _CURRENCY.fullmatch(currency) else None,
        questions_shown=fields.get("questions_shown"),
    )


def shown_again(typed: Typed) -> Typed:
    """What was typed without characters that a page must not hold."""
    return Typed(
        name="".join(filter(str.isprintable, typed.name))[:SHOWN_LENGTH_MAX],
        email="".join(filter(str.isprintable, typed.email))[:SHOWN_LENGTH_MAX],
        answers=tuple(
            "".join(letter for letter in answer if letter.isprintable() or letter == "\n")[
                :ANSWER_SHOWN_LENGTH_MAX
            ]
            for answer in typed.answers
        ),
        terms=typed.terms[:PRICE_LENGTH_MAX],
    )


def _answer_to(question: Question, typed: str) -> str | bool | None:
    if question.kind == "checkbox":
        return bool(typed)
    return typed or None


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

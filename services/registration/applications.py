"""Applications for a seat: what a person fills in, checked and ready to be admitted.

Page, API and bus fill in the same form, so they have the same rules.
"""

import hashlib
import hmac
import re
from functools import lru_cache
from typing import Annotated
from uuid import UUID, uuid4

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.registration.links import Links
from services.registration.questions import Answers
from services.registration.verdicts import Application
from shared.refusals import Invalid
from shared.text import Line

KEY_LENGTH_MIN, KEY_LENGTH_MAX = 20, 255
EMAIL_LENGTH_MAX = 254
LOCAL_PART_LENGTH_MAX = 64

# The part before the @ of nearly everybody; the rest is for the library to judge.
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")


def email_address(value: str) -> str:
    """A deliverable-looking address, its domain in lower case; raises ValueError."""
    value = value.strip()
    if len(value) > EMAIL_LENGTH_MAX:
        raise ValueError(f"must have at most {EMAIL_LENGTH_MAX} characters")
    local_part, _, domain = value.rpartition("@")
    if len(local_part) > LOCAL_PART_LENGTH_MAX:
        raise ValueError(f"must have at most {LOCAL_PART_LENGTH_MAX} characters before the @")
    try:
        if _PLAIN_LOCAL_PART.fullmatch(local_part):
            return f"{local_part}@{_domain(domain)}"
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as problem:
        raise ValueError(f"must be an e-mail address: {problem}") from None


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    # The library takes 45 µs for an address, and most share a few domains.
    return validate_email(f"x@{domain}", check_deliverability=False).domain


Name = Annotated[Line, Field(min_length=1, max_length=200)]
EmailAddress = Annotated[Line, Field(max_length=320), AfterValidator(email_address)]
LocaleTag = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
PaymentMethodId = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,250}$")]


class RegistrationForm(BaseModel):
    """Who wants a seat. A price that is no longer asked for is refused as `price_changed`."""

    model_config = ConfigDict(strict=True)

    name: Name
    email: EmailAddress
    locale: LocaleTag = "en"
    expected_price_minor: int | None = None
    expected_currency: CurrencyCode | None = None
    payment_method: PaymentMethodId | None = Field(
        default=None,
        description="A Stripe PaymentMethod of the organization's account; needs the scope charge.",
    )
    answers: Answers | None = None
    terms_version: int | None = Field(
        default=None,
        ge=1,
        description="Of the organization's terms that were accepted, if it has any.",
    )


def apply(
    form: RegistrationForm,
    links: Links,
    *,
    body: bytes,
    idempotency_key: str | None = None,
    network: str | None = None,
    organization_id: UUID | None = None,
    questions_shown: str | None = None,
    is_own_only: bool = False,
    is_rehearsal: bool = False,
) -> Application:
    """An application with its id minted and its link signed; `organization_id` is the caller's."""
    registrant_id = uuid4()
    return Application(
        registrant_id=registrant_id,
        name=form.name,
        email=form.email,
        email_key=form.email.lower(),
        locale=form.locale,
        manage_url=links.manage_url(registrant_id),
        expected_price_minor=form.expected_price_minor,
        expected_currency=form.expected_currency,
        payment_method=form.payment_method,
        idempotency_key=idempotency_key,
        body_sha256=None if idempotency_key is None else hashlib.sha256(body).digest(),
        network=network,
        caller_organization_id=organization_id,
        answers=form.answers,
        questions_shown=questions_shown,
        terms_version=form.terms_version,
        is_own_only=is_own_only,
        is_rehearsal=is_rehearsal,
    )


def check_key(key: str | None) -> str | None:
    """An Idempotency-Key as it came; raises Invalid."""
    if key is None:
        return None
    is_plain = key.isascii() and key.isprintable()
    if not is_plain or not KEY_LENGTH_MIN <= len(key) <= KEY_LENGTH_MAX:
        raise Invalid(
            f"Idempotency-Key has {KEY_LENGTH_MIN} to {KEY_LENGTH_MAX} plain characters.",
            field="Idempotency-Key",
        )
    return key


def network_hash(secret: bytes, network: str) -> str:
    """A caller's network as it is stored and told: comparable, and never the address itself."""
    return hmac.digest(secret, f"network\0{network}".encode(), "sha256").hex()[:32]

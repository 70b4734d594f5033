"""Who of a batch is admitted: the verdicts, in their order. No I/O here.

No verdict and no answer tells a stranger whether an address has registered before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from services.registration.organizations import Organization
from services.registration.questions import check_answers, stored_questions, wording
from services.registration.registrants import Registrant
from services.registration.webinars import Webinar
from shared.refusals import Forbidden, InvalidFields, NotFound, Refusal, TooMany

UNPAID_PER_ADDRESS = 3
FREE_PER_ADDRESS = 2
REPEATED_MAIL_EVERY = timedelta(hours=1)


class Closed(Refusal):
    """Registration is closed."""

    code = "closed"


class PriceChanged(Refusal):
    """The price has changed; look at it again before you register."""

    code = "price_changed"


class QuestionsChanged(Refusal):
    """The questions have changed; look at them again before you register."""

    code = "questions_changed"


class SoldOut(Refusal):
    """All seats are taken; one may come back when a hold ends."""

    code = "sold_out"


class KeyReused(Refusal):
    """This Idempotency-Key was used for another request; use a new one."""

    status = 422
    code = "idempotency_key_reused"


class TooManyRegistrations(TooMany):
    """Too many registrations from here; pay for one or wait until one ends."""


@dataclass(slots=True)  # Not frozen: in a rush that alone costs a hundredth of all the time.
class Application:
    """One request for a seat, its id already minted. Nobody changes it."""

    registrant_id: UUID
    name: str
    email: str
    email_key: str
    locale: str
    manage_url: str
    expected_price_minor: int | None = None
    expected_currency: str | None = None
    payment_method: str | None = None
    idempotency_key: str | None = None
    body_sha256: bytes | None = None
    network: str | None = None
    caller_organization_id: UUID | None = None  # Of the API token that came along.
    answers: list[Any] | None = None  # By position, not checked yet.
    questions_shown: str | None = None  # The wording that a page showed.
    terms_version: int | None = None
    is_own_only: bool = False  # Over the bus a token reaches its own organization's webinars only.
    is_rehearsal: bool = False  # Takes no seat, so it needs none, nor a place among others.


@dataclass(frozen=True, slots=True)
class Known:
    """A registration that exists already, with what its request was remembered by."""

    registrant: Registrant
    body_sha256: bytes | None


@dataclass
class Remembered:
    """What the store knows about a batch, read under the webinar's lock."""

    by_id: Mapping[UUID, Known] = field(default_factory=dict)  # Of a commit whose answer was lost.
    by_key: Mapping[str, Known] = field(default_factory=dict)
    by_address: Mapping[str, Sequence[Registrant]] = field(default_factory=dict)  # Active ones.
    unpaid_by_network: Mapping[str, int] = field(default_factory=dict)


Verdict = Application | Registrant | Refusal
"""Admitted, known already, or refused."""


@dataclass
class Judgement:
    """Verdicts in the order of the applications, and what follows for others."""

    verdicts: list[Verdict] = field(default_factory=list)
    repeated: list[Registrant] = field(default_factory=list)
    forms: dict[UUID, dict[str, Any]] = field(default_factory=dict)  # Answers and terms, checked.

    @property
    def admitted(self) -> list[Application]:
        """Each new registrant once, also where equal keys share a verdict."""
        found = (verdict for verdict in self.verdicts if isinstance(verdict, Application))
        return list({id(application): application for application in found}.values())


def judge(
    applications: Sequence[Application],
    webinar: Webinar,
    organization: Organization,
    remembered: Remembered,
    *,
    now: datetime,
    holds_per_network: int,
    terms_version: int | None = None,
) -> Judgement:
    """Decide a batch: known key, `closed`, `price_changed`, `sold_out`, 422, 429, in this order."""
    judge_of_batch = _Judge(
        webinar, organization, remembered, now, holds_per_network, terms_version
    )
    judgement = judge_of_batch.judgement
    by_key: dict[str, tuple[Application, Verdict]] = {}
    for application in applications:
        key = application.idempotency_key
        if key is None:
            judgement.verdicts.append(judge_of_batch.verdict_on(application))
        elif key in by_key:
            first, verdict = by_key[key]
            is_same = first.body_sha256 == application.body_sha256
            judgement.verdicts.append(verdict if is_same else KeyReused())
        else:
            verdict = judge_of_batch.verdict_on(application)
            by_key[key] = (application, verdict)
            judgement.verdicts.append(verdict)
    return judgement


class _Judge:
    """Judges one application after the other, with the seats and places that are left."""

    def __init__(
        self,
        webinar: Webinar,
        organization: Organization,
        remembered: Remembered,
        now: datetime,
        holds_per_network: int,
        terms_version: int | None,
    ) -> None:
        self.judgement = Judgement()
        self._webinar = webinar
        self._remembered = remembered
        self._now = now
        self._holds_per_network = holds_per_network
        self._terms_version = terms_version
        self._questions = stored_questions(webinar.questions)
        self._is_paid = webinar.price_minor > 0
        self._is_closed = not webinar.is_open(now) or (self._is_paid and not organization.is_ready)
        self._left = None if webinar.capacity is None else webinar.capacity - webinar.seats_taken
        self._per_address = UNPAID_PER_ADDRESS if self._is_paid else FREE_PER_ADDRESS
        self._new_of_address: dict[str, int] = {}
        self._new_of_network: dict[str, int] = {}

    @cached_property
    def _wording(self) -> str:
        return wording(self._webinar.questions)

    def verdict_on(self, application: Application) -> Verdict:
        is_own = application.caller_organization_id == self._webinar.organization_id
        if not is_own:
            if application.is_own_only:
                return NotFound()
            if application.payment_method is not None:
                return Forbidden("This API token may not charge for this organization.")
        known = _known(application, self._remembered)
        if known is not None:
            return known
        if self._is_closed:
            return Closed()
        if _expects_other_price(application, self._webinar):
            return PriceChanged()
        if self._left is not None and self._left <= 0 and not application.is_rehearsal:
            return SoldOut()
        refusal = self._check_form(application, is_own=is_own)
        if refusal is not None:
            return refusal
        if application.is_rehearsal:
            return application
        if not self._has_place_for_address(application.email_key):
            return TooManyRegistrations()
        if not is_own and not self._has_place_for_network(application.network):
            return TooManyRegistrations()
        self._take_places(application)
        return application

    def _check_form(self, application: Application, *, is_own: bool) -> Refusal | None:
        """Judge what the organizer asks for; its own people may leave it out, not make it up."""
        wrong: dict[str, str] = {}
        form: dict[str, Any] = {}
        if self._questions or application.answers:
            shown = application.questions_shown
            if shown is not None and shown != self._wording:
                return QuestionsChanged()
            answered, wrong = check_answers(
                self._questions, application.answers, may_leave_out=is_own
            )
            if application.answers is not None or not is_own:
                form["answers"] = answered
        accepted, current = application.terms_version, self._terms_version
        if current is not None and accepted == current:
            form["terms_version"] = accepted
        elif current is not None and not (is_own and accepted is None):
            wrong["terms_version"] = f"Send {current}, once these terms were shown and accepted."
        if form:
            self.judgement.forms[application.registrant_id] = form
        return _invalid(wrong) if wrong else None

    def _has_place_for_address(self, address: str) -> bool:
        held = self._new_of_address.get(address, 0)
        earlier = self._remembered.by_address.get(address)
        if earlier:
            _repeat(self.judgement, earlier, self._now)
            held += sum(
                other.status == "awaiting_payment"
                if self._is_paid
                else other.status == "confirmed" and other.amount_minor == 0
                for other in earlier
            )
        return held < self._per_address

    def _has_place_for_network(self, network: str | None) -> bool:
        if network is None or not self._is_paid or not self._holds_per_network:
            return True
        unpaid = self._remembered.unpaid_by_network.get(network, 0)
        return unpaid + self._new_of_network.get(network, 0) < self._holds_per_network

    def _take_places(self, application: Application) -> None:
        address, network = application.email_key, application.network
        self._new_of_address[address] = self._new_of_address.get(address, 0) + 1
        if network is not None:
            self._new_of_network[network] = self._new_of_network.get(network, 0) + 1
        if self._left is not None:
            self._left -= 1


def _invalid(wrong: Mapping[str, str]) -> InvalidFields:
    return InvalidFields([{"field": field, "message": message} for field, message in wrong.items()])


def _known(application: Application, remembered: Remembered) -> Registrant | Refusal | None:
    if remembered.by_id:
        known = remembered.by_id.get(application.registrant_id)
        if known is not None:
            return known.registrant
    if application.idempotency_key is None:
        return None
    known = remembered.by_key.get(application.idempotency_key)
    if known is None:
        return None
    return known.registrant if known.body_sha256 == application.body_sha256 else KeyReused()


def _expects_other_price(application: Application, webinar: Webinar) -> bool:
    expected, currency = application.expected_price_minor, application.expected_currency
    if expected is not None and expected != webinar.price_minor:
        return True
    return currency is not None and webinar.price_minor > 0 and currency != webinar.currency


def _repeat(judgement: Judgement, earlier: Sequence[Registrant], now: datetime) -> None:
    """The address's owner is mailed the link to the best of what it has, at most hourly."""
    mailed = [other.repeated_at for other in earlier if other.repeated_at is not None]
    if mailed and max(mailed) > now - REPEATED_MAIL_EVERY:
        return
    best = max(earlier, key=lambda other: (other.status == "confirmed", other.number))
    if all(best.email_key != other.email_key for other in judgement.repeated):
        judgement.repeated.append(best)

"""Who of a batch is admitted: the verdicts, in their order. No I/O here.

No verdict and no answer tells a stranger whether an address has registered before.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.registration.organizations import Organization
from services.registration.registrants import Registrant
from services.registration.webinars import Webinar
from shared.refusals import Forbidden, NotFound, Refusal, TooMany

UNPAID_PER_ADDRESS = 3
FREE_PER_ADDRESS = 2
REPEATED_MAIL_EVERY = timedelta(hours=1)


class Closed(Refusal):
    """Registration is closed."""

    code = "closed"


class PriceChanged(Refusal):
    """The price has changed; look at it again before you register."""

    code = "price_changed"


class SoldOut(Refusal):
    """All seats are taken; one may come back when a hold ends."""

    code = "sold_out"


class KeyReused(Refusal):
    """This Idempotency-Key was used for another request; use a new one."""

    status = 422
    code = "idempotency_key_reused"


class TooManyRegistrations(TooMany):
    """Too many registrations from here; pay for one or wait until one ends."""


@dataclass(frozen=True, slots=True)
class Application:
    """One request for a seat, its id already minted."""

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
    is_own_only: bool = False  # Over the bus a token reaches its own organization's webinars only.


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


@dataclass
class Judgement:
    """Verdicts in the order of the applications, and what follows for others."""

    verdicts: list[Application | Registrant | Refusal] = field(default_factory=list)
    repeated: list[Registrant] = field(default_factory=list)

    @property
    def admitted(self) -> list[Application]:
        """Each new registrant once, also where equal keys share a verdict."""
        found = (verdict for verdict in self.verdicts if isinstance(verdict, Application))
        return list({application.registrant_id: application for application in found}.values())


def judge(
    applications: Sequence[Application],
    webinar: Webinar,
    organization: Organization,
    remembered: Remembered,
    *,
    now: datetime,
    holds_per_network: int,
) -> Judgement:
    """Decide a batch: known key, `closed`, `price_changed`, `sold_out`, 429, in this order."""
    judgement = Judgement()
    is_paid = webinar.price_minor > 0
    is_closed = not webinar.is_open(now) or (is_paid and not organization.is_ready)
    left = None if webinar.capacity is None else webinar.capacity - webinar.seats_taken
    by_key: dict[str, tuple[Application, Application | Registrant | Refusal]] = {}
    new_of_address: Counter[str] = Counter()
    new_of_network: Counter[str] = Counter()

    def verdict_of(application: Application) -> Application | Registrant | Refusal:
        nonlocal left
        known = _known(application, remembered)
        if known is not None:
            return known
        if is_closed:
            return Closed()
        if _expects_other_price(application, webinar):
            return PriceChanged()
        if left is not None and left <= 0:
            return SoldOut()
        is_own = application.caller_organization_id == webinar.organization_id
        earlier = remembered.by_address.get(application.email_key, ())
        limit = UNPAID_PER_ADDRESS if is_paid else FREE_PER_ADDRESS
        counted = "awaiting_payment" if is_paid else "confirmed"
        held = sum(
            other.status == counted and (is_paid or other.amount_minor == 0) for other in earlier
        )
        if earlier:
            _repeat(judgement, earlier, now)
        if held + new_of_address[application.email_key] >= limit:
            return TooManyRegistrations()
        network = application.network
        if network is not None and is_paid and holds_per_network and not is_own:
            unpaid = remembered.unpaid_by_network.get(network, 0) + new_of_network[network]
            if unpaid >= holds_per_network:
                return TooManyRegistrations()
            new_of_network[network] += 1
        new_of_address[application.email_key] += 1
        if left is not None:
            left -= 1
        return application

    for application in applications:
        key = application.idempotency_key
        refusal = _not_allowed(application, webinar)
        if refusal is not None:
            judgement.verdicts.append(refusal)
        elif key is not None and key in by_key:
            first, verdict = by_key[key]
            is_same = first.body_sha256 == application.body_sha256
            judgement.verdicts.append(verdict if is_same else KeyReused())
        else:
            verdict = verdict_of(application)
            judgement.verdicts.append(verdict)
            if key is not None:
                by_key[key] = (application, verdict)
    return judgement


def _not_allowed(application: Application, webinar: Webinar) -> Refusal | None:
    if application.caller_organization_id == webinar.organization_id:
        return None
    if application.is_own_only:
        return NotFound()
    if application.payment_method is not None:
        return Forbidden("This API token may not charge for this organization.")
    return None


def _known(application: Application, remembered: Remembered) -> Registrant | Refusal | None:
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

"""Registering, and a registrant's own registration behind its link."""

from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.registration import box_office
from services.registration.access import Caller
from services.registration.applications import RegistrationForm, apply
from services.registration.cancellations import CancelAsked
from services.registration.links import Links
from services.registration.registrants import Registrant, Status
from services.registration.routes.table import KEY, Call, Route, json_body
from shared.web import WrongContentType, parse_body, read_bytes


class RegistrationAnswer(BaseModel):
    """A seat and how to pay for it; `pay_url` and `pay_by` are null unless payment is awaited."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    status: Status
    amount_minor: int
    currency: str | None
    pay_url: str | None
    manage_url: str
    pay_by: AwareDatetime | None


class OwnRegistration(BaseModel):
    """What a registrant sees of its own registration; `join_url` once it is confirmed."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    status: Status
    amount_minor: int
    currency: str | None
    pay_url: str | None
    pay_by: AwareDatetime | None
    join_url: str | None


def own_registration(registrant: Registrant, links: Links) -> OwnRegistration:
    """The registrant's view of its registration."""
    is_awaiting = registrant.status == "awaiting_payment"
    is_confirmed = registrant.status == "confirmed"
    return OwnRegistration(
        id=registrant.id,
        status=registrant.status,
        amount_minor=registrant.amount_minor,
        currency=registrant.currency,
        pay_url=links.pay_url(registrant.id) if is_awaiting else None,
        pay_by=registrant.pay_by if is_awaiting else None,
        join_url=links.join_url(registrant.id, registrant.link_version) if is_confirmed else None,
    )


async def create_registration(call: Call) -> web.StreamResponse:
    """Admit a person; the same door for strangers and for API tokens."""
    request, desk = call.request, call.desk
    webinar_id = call.id("webinar_id")
    if request.content_type != "application/json":
        raise WrongContentType
    body = await read_bytes(request)
    form = parse_body(body, RegistrationForm)
    if form.payment_method is not None:
        require_charge(call)
    application = apply(
        form,
        desk.links,
        body=body,
        idempotency_key=call.idempotency_key,
        network=desk.network_of(request),
        organization_id=_registering_organization(call.caller),
    )
    registration = await desk.admission.register(webinar_id, application)
    return json_body(registration.answer(desk.links), status=201)


def _registering_organization(caller: Caller | None) -> UUID | None:
    """Whose token may register without a stranger's limits."""
    if caller is None or not caller.scopes & {"register", "charge"}:
        return None
    return caller.organization_id


def require_charge(call: Call) -> None:
    """Only a token that may charge sends a payment method; raises Unauthorized, Forbidden."""
    _ = call.organization_id
    assert call.caller is not None
    call.caller.require("charge")


async def get_own_registration(call: Call) -> web.StreamResponse:
    """The state behind a manage link."""
    async with call.desk.database.connection() as connection:
        registrant = await box_office.registrant_behind(
            connection, call.desk.links, call.request.match_info["token"]
        )
    return json_body(own_registration(registrant, call.desk.links))


async def cancel_own_registration(call: Call) -> web.StreamResponse:
    """A registrant gives the seat back; the policy it registered under decides the money."""
    links = call.desk.links
    async with call.desk.database.transaction() as connection:
        registrant = await box_office.registrant_behind(
            connection, links, call.request.match_info["token"]
        )
        cancelled, _ = await box_office.cancel_registration(
            connection, links, registrant.id, CancelAsked(by="registrant")
        )
    return json_body(own_registration(cancelled, links), status=202)


_ADMISSION_REFUSALS = (
    "409 closed: registration is over, or cannot be paid for",
    "409 price_changed: the expected price or currency is not asked for any more",
    "409 sold_out: all seats are taken",
    "422 idempotency_key_reused: the key came with another body",
    "429 too_many: too many unpaid registrations",
    "503 unavailable: too many wait, or a server is away",
)

ROUTES = [
    Route(
        "POST",
        "/api/v1/webinars/{webinar_id}/registrations",
        create_registration,
        "anyone",
        "Register a person",
        RegistrationAnswer,
        status=201,
        body=RegistrationForm,
        parameters=(KEY,),
        refusals=_ADMISSION_REFUSALS,
    ),
    Route(
        "GET",
        "/api/v1/registrations/{token}",
        get_own_registration,
        "link",
        "One's own registration; the token is the last segment of manage_url",
        OwnRegistration,
    ),
    Route(
        "POST",
        "/api/v1/registrations/{token}/cancel",
        cancel_own_registration,
        "link",
        "Cancel one's own registration",
        OwnRegistration,
        status=202,
        refusals=("409 not_active: released or cancelled already",),
    ),
]

"""The caller's organization, its way to Stripe, and what needs a person."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from services.registration.applications import EmailAddress
from services.registration.organizations import CARD_BRANDS, Organization, web_origin
from services.registration.routes.table import Call, Route, json_body
from services.registration.store import exceptions, organizations
from shared.refusals import Unauthorized
from shared.web import Line, read_body

_WHAT_TO_DO = {
    "hold_unanswered": "Payments has not said what became of this payment; check that it runs. "
    "The seat is kept until it answers.",
    "refund_failed": "The money is still with you. Look at the payment in Stripe’s dashboard, then "
    "refund again or there.",
    "refund_unanswered": "Payments has not answered for an hour; check that it runs.",
    "money_flagged": "Payments found something odd about this money. Compare it with Stripe's "
    "dashboard, and refund or settle it there.",
    "money_without_seat": "Someone paid and has no seat. Refund the payment.",
    "dispute_open": "Answer the dispute in Stripe’s dashboard before its deadline.",
    "mail_failed": "The mail could not be handed over. Check the address with the registrant.",
    "sales_stopped": "This cannot be paid for: connect a Stripe account that is ready, or make it "
    "free.",
}


class OrganizationView(BaseModel):
    """An organization; prices can be set once `is_ready`, and `stripe_missing` says what lacks."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
    sender_name: str | None
    reply_to: str | None
    allowed_origins: list[str]
    card_brands_blocked: list[str]
    stripe_account_id: str | None
    stripe_display_name: str | None
    stripe_missing: list[str]
    is_ready: bool
    is_live: bool
    default_currency: str | None
    created_at: AwareDatetime


OrganizationName = Annotated[Line, Field(min_length=1, max_length=200)]
Origin = Annotated[Line, Field(max_length=300), AfterValidator(web_origin)]
CardBrand = Literal["visa", "mastercard", "american_express", "discover_global_network"]


def _some_brand_left(brands: list[str]) -> list[str]:
    if set(brands) >= set(CARD_BRANDS):
        raise ValueError("must leave at least one card brand")
    return sorted(set(brands))


_LEFT_OUT: Any = None


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class OrganizationChanges(BaseModel):
    """What is to change; a field that is left out stays as it is."""

    model_config = ConfigDict(strict=True, json_schema_extra=_without_defaults)

    name: OrganizationName = _LEFT_OUT
    sender_name: OrganizationName | None = None
    reply_to: EmailAddress | None = None
    allowed_origins: Annotated[list[Origin], Field(max_length=20)] = _LEFT_OUT
    card_brands_blocked: Annotated[list[CardBrand], AfterValidator(_some_brand_left)] = _LEFT_OUT


class ExceptionView(BaseModel):
    """Something that needs a person, and what that person can do."""

    model_config = ConfigDict(frozen=True)

    kind: str
    registrant_id: UUID | None
    webinar_id: UUID
    since: AwareDatetime
    detail: str | None
    what_to_do: str


class ExceptionList(BaseModel):
    """What needs a person, oldest first, 200 at most."""

    exceptions: list[ExceptionView]


class ConnectAnswer(BaseModel):
    """Open it in a browser within ten minutes; it works once."""

    connect_url: str


async def get_organization(call: Call) -> web.StreamResponse:
    """The caller's organization."""
    async with call.desk.database.connection() as connection:
        organization = await organizations.get(connection, call.organization_id)
    return json_body(_view(organization))


async def change_organization(call: Call) -> web.StreamResponse:
    """Change the caller's organization."""
    body = await read_body(call.request, OrganizationChanges)
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    async with call.desk.database.transaction() as connection:
        organization = await organizations.lock(connection, call.organization_id)
        organization = replace(organization, **changes)
        await organizations.save(connection, organization)
    return json_body(_view(organization))


async def list_exceptions(call: Call) -> web.StreamResponse:
    """What needs a person."""
    async with call.desk.database.connection() as connection:
        found = await exceptions.list_of(connection, call.organization_id)
    return json_body(
        ExceptionList(
            exceptions=[ExceptionView(**one, what_to_do=_WHAT_TO_DO[one["kind"]]) for one in found]
        )
    )


async def create_stripe_connection(call: Call) -> web.StreamResponse:
    """A ticket with which the caller's browser connects the organization to Stripe."""
    if call.caller is None:
        raise Unauthorized
    async with call.desk.database.connection() as connection:
        now: datetime = await connection.fetchval("SELECT now()")
    connect_url = call.desk.links.connect_url(
        uuid4(), call.organization_id, person=call.caller.token_id, now=now, way="oauth"
    )
    return json_body(ConnectAnswer(connect_url=connect_url), status=201)


def _view(organization: Organization) -> OrganizationView:
    return OrganizationView.model_validate(organization)


ROUTES = [
    Route(
        "GET",
        "/api/v1/organization",
        get_organization,
        "read",
        "The organization of the API token",
        OrganizationView,
    ),
    Route(
        "PATCH",
        "/api/v1/organization",
        change_organization,
        "admin",
        "Change the organization",
        OrganizationView,
        body=OrganizationChanges,
    ),
    Route(
        "GET",
        "/api/v1/exceptions",
        list_exceptions,
        "read",
        "What needs a person",
        ExceptionList,
    ),
    Route(
        "POST",
        "/api/v1/stripe-connection",
        create_stripe_connection,
        "admin",
        "Begin to connect the organization to its Stripe account",
        ConnectAnswer,
        status=201,
    ),
]

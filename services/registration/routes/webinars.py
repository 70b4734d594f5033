"""Webinars: what everybody may see, and what organizers do with them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registration import box_office
from services.registration.questions import Question
from services.registration.refund_policy import sentence
from services.registration.routes.table import PAGE, Call, Parameter, Route, json_body
from services.registration.routes.webinar_bodies import WebinarBody, WebinarChanges
from services.registration.store import organizations, terms, webinars
from services.registration.webinars import Availability, Webinar, availability
from shared.events import Kind
from shared.postgres import Connection
from shared.refusals import Invalid, NotFound
from shared.web import read_body


class PublicWebinar(BaseModel):
    """What anybody may know of a webinar."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: Kind
    title: str
    starts_at: AwareDatetime
    duration_minutes: int
    time_zone: str
    description: str
    price_minor: int
    currency: str | None
    refund_policy: dict[str, Any] | None
    refund_policy_text: str
    card_brands: list[str]
    availability: Availability
    next_hold_ends_at: AwareDatetime | None
    organization_name: str
    public_url: str
    questions: list[Question] = Field(description="To be answered by position")
    terms_version: int | None = Field(description="To be accepted, if the organization has terms")
    terms_url: str | None


class OrganizersWebinar(PublicWebinar):
    """What the organizer sees."""

    version: int
    status: Literal["scheduled", "cancelled"]
    capacity: int | None
    seats_taken: int
    hold_minutes: int
    join_url: str | None
    created_at: AwareDatetime
    cancelled_at: AwareDatetime | None
    refund_until: AwareDatetime | None


class WebinarList(BaseModel):
    """A page of webinars, the latest start first; `next` is null on the last one."""

    webinars: list[OrganizersWebinar]
    next: str | None


async def get_webinar(call: Call) -> web.StreamResponse:
    """The organizer's view with a token of its organization, public facts without."""
    async with call.desk.database.connection() as connection:
        webinar = await webinars.find(connection, call.id("webinar_id"))
        if webinar is None:
            raise NotFound
        (facts,) = await _facts(call, connection, webinar.organization_id, [webinar])
    caller = call.caller
    if caller is None or caller.organization_id != webinar.organization_id:
        return json_body(PublicWebinar(**facts))
    caller.require("read")
    return json_body(_organizers(webinar, facts))


async def list_webinars(call: Call) -> web.StreamResponse:
    """The organization's webinars."""
    limit, after = call.limit(), _read_cursor(call.request.query.get("after"))
    async with call.desk.database.connection() as connection:
        found = await webinars.list_of(
            connection, call.organization_id, after=after, limit=limit + 1
        )
        page = found[:limit]
        facts = await _facts(call, connection, call.organization_id, page)
    listed = [_organizers(*pair) for pair in zip(page, facts, strict=True)]
    return json_body(
        WebinarList(webinars=listed, next=_cursor(page[-1]) if len(found) > limit else None)
    )


async def create_webinar(call: Call) -> web.StreamResponse:
    """Schedule a webinar or virtual event."""
    body = await read_body(call.request, WebinarBody)
    async with call.desk.database.transaction() as connection:
        webinar = await box_office.schedule_webinar(connection, call.organization_id, body.given())
        return await _answer(call, connection, webinar, status=201)


async def change_webinar(call: Call) -> web.StreamResponse:
    """Change a webinar; registrants keep what was frozen for them."""
    body = await read_body(call.request, WebinarChanges)
    async with call.desk.database.transaction() as connection:
        webinar = await box_office.change_webinar(
            connection, call.organization_id, call.id("webinar_id"), body.given()
        )
        return await _answer(call, connection, webinar)


async def cancel_webinar(call: Call) -> web.StreamResponse:
    """Cancel a webinar; its registrants are told in the next moments."""
    async with call.desk.database.transaction() as connection:
        webinar = await box_office.cancel_webinar(
            connection, call.organization_id, call.id("webinar_id")
        )
        answer = await _answer(call, connection, webinar)
    call.desk.webinar_cancelled.set()
    return answer


async def _answer(
    call: Call, connection: Connection, webinar: Webinar, *, status: int = 200
) -> web.Response:
    (facts,) = await _facts(call, connection, webinar.organization_id, [webinar])
    return json_body(_organizers(webinar, facts), status=status)


async def _facts(
    call: Call, connection: Connection, organization_id: UUID, found: Sequence[Webinar]
) -> list[dict[str, Any]]:
    """The public facts of an organization's webinars."""
    organization = await organizations.get(connection, organization_id)
    now: datetime = await connection.fetchval("SELECT now()")
    descriptions = await webinars.descriptions(connection, [webinar.id for webinar in found])
    agreed = await terms.current(connection, organization_id)
    locale = call.request.query.get("locale", "en")
    facts: list[dict[str, Any]] = []
    for webinar in found:
        standing = availability(webinar, is_ready=organization.is_ready, now=now)
        next_hold_ends_at = None
        if standing == "sold_out":
            next_hold_ends_at = await webinars.next_hold_end(connection, webinar.id)
        facts.append(
            {
                "id": webinar.id,
                "kind": webinar.kind,
                "title": webinar.title,
                "starts_at": webinar.starts_at,
                "duration_minutes": webinar.duration_minutes,
                "time_zone": webinar.time_zone,
                "description": descriptions[webinar.id],
                "price_minor": webinar.price_minor,
                "currency": webinar.currency,
                "refund_policy": webinar.refund_policy,
                "refund_policy_text": sentence(webinar.policy, locale),
                "card_brands": organization.card_brands,
                "availability": standing,
                "next_hold_ends_at": next_hold_ends_at,
                "organization_name": organization.name,
                "public_url": call.desk.links.webinar_url(webinar.id),
                "questions": webinar.questions,
                "terms_version": agreed.version if agreed else None,
                "terms_url": call.desk.links.terms_url(webinar.id) if agreed else None,
            }
        )
    return facts


def _organizers(webinar: Webinar, facts: dict[str, Any]) -> OrganizersWebinar:
    return OrganizersWebinar(
        **facts,
        version=webinar.version,
        status=webinar.status,
        capacity=webinar.capacity,
        seats_taken=webinar.seats_taken,
        hold_minutes=webinar.hold_minutes,
        join_url=webinar.join_url,
        created_at=webinar.created_at,
        cancelled_at=webinar.cancelled_at,
        refund_until=webinar.refund_until,
    )


def _cursor(webinar: Webinar) -> str:
    place = f"{webinar.starts_at.isoformat()} {webinar.id}"
    return urlsafe_b64encode(place.encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        starts_at, _, webinar_id = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        place = datetime.fromisoformat(starts_at), UUID(webinar_id)
    except ValueError:
        raise Invalid("Send `next` of the page before.", field="after") from None
    if place[0].tzinfo is None:
        raise Invalid("Send `next` of the page before.", field="after")
    return place


_PRICE_REFUSALS = (
    "409 organization_not_ready: no Stripe account that can take card payments is connected",
)

ROUTES = [
    Route(
        "GET",
        "/api/v1/webinars/{webinar_id}",
        get_webinar,
        "anyone",
        "A webinar: public facts, or the organizer's view with a token of its organization",
        OrganizersWebinar,
        other_answer=PublicWebinar,
        parameters=(Parameter("locale", "query", "Language of refund_policy_text"),),
    ),
    Route(
        "GET",
        "/api/v1/webinars",
        list_webinars,
        "read",
        "The organization's webinars",
        WebinarList,
        parameters=PAGE,
    ),
    Route(
        "POST",
        "/api/v1/webinars",
        create_webinar,
        "write",
        "Schedule a webinar or virtual event",
        OrganizersWebinar,
        status=201,
        body=WebinarBody,
        refusals=_PRICE_REFUSALS,
    ),
    Route(
        "PATCH",
        "/api/v1/webinars/{webinar_id}",
        change_webinar,
        "write",
        "Change a webinar",
        OrganizersWebinar,
        body=WebinarChanges,
        refusals=(
            *_PRICE_REFUSALS,
            "409 capacity_below_seats: more seats are taken",
            "409 policy_stricter: seats are sold and the refund policy would give back less",
            "409 already_cancelled: it was cancelled",
        ),
    ),
    Route(
        "POST",
        "/api/v1/webinars/{webinar_id}/cancel",
        cancel_webinar,
        "write",
        "Cancel a webinar that nobody has paid for",
        OrganizersWebinar,
        refusals=(
            "409 has_paid_registrants: somebody has paid",
            "409 already_cancelled: it was cancelled",
        ),
    ),
]

"""Registrants as the organizer sees them: lists, money, refunds, cancellations."""

import hashlib
from dataclasses import asdict, replace
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registration import box_office
from services.registration.cancellations import CancelAsked, RefundChoice
from services.registration.history import Moment, history_of
from services.registration.questions import Kind
from services.registration.refunds import RefundAsked
from services.registration.registrants import RefundStatus, Registrant, Status
from services.registration.routes.table import KEY, PAGE, Call, Route, json_body
from services.registration.store import refunds, registrants, webinars
from shared.events import MESSAGE_LENGTH_MAX, HoldEndReason, RefundCause, RefundOrigin
from shared.money import AMOUNT_MINOR_MAX
from shared.refusals import Invalid, NotFound
from shared.text import Lines
from shared.web import Line, WrongContentType, parse_body, read_body, read_bytes


class ListedRegistrant(BaseModel):
    """A registrant in a list; fee and net are null until Stripe has told them."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
    email: str
    status: Status
    amount_paid_minor: int = Field(validation_alias="paid_minor")
    amount_refunded_minor: int = Field(validation_alias="refunded_minor")
    currency: str | None
    fee_minor: int | None
    net_minor: int | None
    settlement_currency: str | None
    created_at: AwareDatetime


class RegistrantList(BaseModel):
    """A page of registrants in the order of admission; `next` is null on the last one."""

    registrants: list[ListedRegistrant]
    next: str | None


class RefundView(BaseModel):
    """One refund, ours or made in Stripe's dashboard."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    amount_minor: int
    currency: str | None
    status: RefundStatus
    origin: RefundOrigin
    cause: RefundCause
    reason: str | None
    keep_seat: bool
    failure_reason: str | None
    requested_at: AwareDatetime
    settled_at: AwareDatetime | None


class DisputeView(BaseModel):
    """A charge that the payer's bank contests."""

    model_config = ConfigDict(frozen=True)

    id: str
    amount_minor: int
    currency: str
    status: str
    reason: str | None
    is_open: bool
    told_at: AwareDatetime


class MailView(BaseModel):
    """A mail: `sent` means that the mail server accepted it, not that it was delivered."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: str
    status: str
    message_id: str
    failure_reason: str | None
    told_at: AwareDatetime


class AnswerView(BaseModel):
    """A question as it was asked, and what was answered; null if nothing."""

    model_config = ConfigDict(frozen=True)

    question: str
    kind: Kind
    answer: str | bool | None


class RegistrantView(ListedRegistrant):
    """One registrant with all that happened."""

    webinar_id: UUID
    locale: str
    amount_minor: int
    holds_seat: bool
    starts_at: AwareDatetime = Field(description="As registered for")
    refund_policy: dict[str, Any] | None = Field(description="As registered for")
    description_version: int
    pay_by: AwareDatetime | None
    hold_ended_at: AwareDatetime | None
    hold_end_reason: HoldEndReason | None
    paid_at: AwareDatetime | None
    cancelled_at: AwareDatetime | None
    cancel_cause: str | None
    decline_code: str | None
    decline_message: str | None
    declined_at: AwareDatetime | None
    refunds: list[RefundView]
    disputes: list[DisputeView]
    mails: list[MailView]
    joined_at: list[AwareDatetime]
    answers: list[AnswerView] | None = Field(description="Null if nothing was asked")
    terms_version: int | None
    terms_accepted_at: AwareDatetime | None
    history: list[Moment]


OwnMessage = Annotated[
    Lines | None,
    Field(max_length=MESSAGE_LENGTH_MAX, description="Plain text for the registrant's mail"),
]


class RefundBody(BaseModel):
    """Money back: without an amount all that is left, which cancels unless `keep_seat` is said."""

    model_config = ConfigDict(strict=True)

    amount_minor: int | None = Field(default=None, ge=1, le=AMOUNT_MINOR_MAX)
    keep_seat: bool = False
    reason: Line | None = Field(default=None, max_length=500)
    message: OwnMessage = None


class RefundAnswer(BaseModel):
    """The refund, on its way to Stripe."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    status: RefundStatus
    amount_minor: int


class CancelBody(BaseModel):
    """How much goes back to a paid registrant; without `notify` nobody is mailed."""

    model_config = ConfigDict(strict=True)

    refund: RefundChoice = "policy"
    amount_minor: int | None = Field(default=None, ge=1, le=AMOUNT_MINOR_MAX)
    notify: bool = True
    message: OwnMessage = None


class CancelAnswer(BaseModel):
    """The registration as it is now, and the refund that this caused."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    status: Status
    refund: RefundAnswer | None


async def list_registrants(call: Call) -> web.StreamResponse:
    """The registrants of a webinar of the caller's organization."""
    limit, after = call.limit(), _read_cursor(call.request.query.get("after"))
    async with call.desk.database.connection() as connection:
        webinar = await webinars.find(connection, call.id("webinar_id"))
        if webinar is None or webinar.organization_id != call.organization_id:
            raise NotFound
        found = await registrants.list_of_webinar(
            connection, webinar.id, after=after, limit=limit + 1
        )
    page = found[:limit]
    return json_body(
        RegistrantList(
            registrants=[ListedRegistrant.model_validate(one) for one in page],
            next=str(page[-1].number) if len(found) > limit else None,
        )
    )


async def get_registrant(call: Call) -> web.StreamResponse:
    """One registrant with refunds, disputes, mails and history."""
    async with call.desk.database.connection() as connection:
        registrant = await registrants.find_of_organization(
            connection, call.organization_id, call.id("registrant_id")
        )
        if registrant is None:
            raise NotFound
        money_back = [dict(row) for row in await refunds.list_of(connection, registrant.id)]
        disputes = [dict(row) for row in await refunds.list_disputes(connection, registrant.id)]
        mails = [dict(row) for row in await refunds.list_mails(connection, registrant.id)]
        joins = await registrants.list_joins(connection, registrant.id)
        form = await registrants.find_form(connection, registrant.id)
    return json_body(
        RegistrantView(
            **_plain(registrant),
            refunds=[RefundView(**refund) for refund in money_back],
            disputes=[DisputeView(**dispute) for dispute in disputes],
            mails=[MailView(**mail) for mail in mails],
            joined_at=joins,
            **asdict(form),
            history=history_of(registrant, money_back, disputes, mails, joins),
        )
    )


async def create_refund(call: Call) -> web.StreamResponse:
    """Give money back."""
    key = call.idempotency_key
    if key is None:
        raise Invalid("Send an Idempotency-Key header.", field="Idempotency-Key")
    if call.request.content_type != "application/json":
        raise WrongContentType
    raw = await read_bytes(call.request)
    body = parse_body(raw, RefundBody)
    asked = RefundAsked(
        key,
        hashlib.sha256(raw).digest(),
        body.amount_minor,
        body.keep_seat,
        body.reason,
        message=body.message or None,
    )
    async with call.desk.database.transaction() as connection:
        standing = await box_office.request_refund(
            connection, call.desk.links, call.organization_id, call.id("registrant_id"), asked
        )
    return json_body(RefundAnswer(**vars(standing)), status=202)


async def cancel_registrant(call: Call) -> web.StreamResponse:
    """Cancel a registration and decide what goes back."""
    body = await read_body(call.request, CancelBody)
    async with call.desk.database.transaction() as connection:
        registrant, standing = await box_office.cancel_registration(
            connection,
            call.desk.links,
            call.id("registrant_id"),
            asked_by_organizer(body, call.idempotency_key),
            organization_id=call.organization_id,
        )
    return json_body(cancel_answer(registrant, standing), status=202)


def asked_by_organizer(body: CancelBody, idempotency_key: str | None) -> CancelAsked:
    """What an organizer's cancel body asks for. Raises Invalid."""
    if body.message and not body.notify:
        raise Invalid("Goes with a mail, and `notify` says that none is sent.", field="message")
    return CancelAsked(
        "organizer",
        body.refund,
        body.amount_minor,
        body.notify,
        idempotency_key,
        message=body.message or None,
    )


def cancel_answer(
    registrant: Registrant, standing: box_office.RefundStanding | None
) -> CancelAnswer:
    """What whoever cancelled is told."""
    return CancelAnswer(
        id=registrant.id,
        status=registrant.status,
        refund=None if standing is None else RefundAnswer(**vars(standing)),
    )


def _plain(registrant: Registrant) -> dict[str, Any]:
    return {name: getattr(registrant, name) for name in registrant.__dataclass_fields__}


def _read_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Invalid("Send `next` of the page before.", field="after")
    return int(cursor)


ROUTES = [
    Route(
        "GET",
        "/api/v1/webinars/{webinar_id}/registrants",
        list_registrants,
        "read",
        "The registrants of a webinar",
        RegistrantList,
        parameters=PAGE,
    ),
    Route(
        "GET",
        "/api/v1/registrants/{registrant_id}",
        get_registrant,
        "read",
        "One registrant with money and history",
        RegistrantView,
    ),
    Route(
        "POST",
        "/api/v1/registrants/{registrant_id}/refunds",
        create_refund,
        "refund",
        "Give money back",
        RefundAnswer,
        status=202,
        body=RefundBody,
        parameters=(replace(KEY, is_required=True),),
        refusals=(
            "409 nothing_paid: there is no money to give back",
            "409 nothing_left: all of it went back",
            "422 idempotency_key_reused: the key came with another body",
        ),
    ),
    Route(
        "POST",
        "/api/v1/registrants/{registrant_id}/cancel",
        cancel_registrant,
        "refund",
        "Cancel a registration and decide the refund",
        CancelAnswer,
        status=202,
        body=CancelBody,
        parameters=(KEY,),
        refusals=("409 not_active: released or cancelled already",),
    ),
]

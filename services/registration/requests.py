"""Requests over the bus: the same answers as over HTTP, for internal services.

The API token comes in the header Authorization, the idempotency key in Idempotency-Key.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from pydantic_core import to_jsonable_python

from services.registration import access, box_office
from services.registration.access import Caller
from services.registration.admission import Admission
from services.registration.applications import RegistrationForm, apply, check_key
from services.registration.links import Links
from services.registration.routes.registrants import CancelBody, asked_by_organizer, cancel_answer
from shared.messaging import Answer, Bus, problem_of
from shared.postgres import Database
from shared.refusals import Invalid, Unauthorized
from shared.web import InvalidFields, parse_body


class RegisterRequest(RegistrationForm):
    """Register a person for one of the organization's webinars."""

    webinar_id: UUID


class CancelRequest(CancelBody):
    """Cancel a registration and decide what goes back."""

    registrant_id: UUID


@dataclass(frozen=True)
class Requests:
    """Answers `registration.command.register` and `registration.command.cancel`."""

    database: Database
    links: Links
    admission: Admission

    COMMANDS: ClassVar = (("register", RegisterRequest), ("cancel", CancelRequest))

    def answer_on(self, bus: Bus) -> None:
        """Answer requests; replicas share them."""
        for command, schema in self.COMMANDS:
            bus.answer(command, _naming_fields(getattr(self, command)), schema)

    async def register(self, body: bytes, headers: dict[str, str]) -> Answer:
        """As POST /api/v1/webinars/{webinar_id}/registrations."""
        caller, key = await self._caller(headers, "register"), _key(headers)
        request = parse_body(body, RegisterRequest)
        if request.payment_method is not None:
            caller.require("charge")
        application = apply(
            request,
            self.links,
            body=body,
            idempotency_key=key,
            organization_id=caller.organization_id,
            is_own_only=True,
        )
        registration = await self.admission.register(request.webinar_id, application)
        return Answer(201, to_jsonable_python(registration.answer(self.links)))

    async def cancel(self, body: bytes, headers: dict[str, str]) -> Answer:
        """As POST /api/v1/registrants/{registrant_id}/cancel."""
        caller, key = await self._caller(headers, "refund"), _key(headers)
        request = parse_body(body, CancelRequest)
        async with self.database.transaction() as connection:
            registrant, standing = await box_office.cancel_registration(
                connection,
                self.links,
                request.registrant_id,
                asked_by_organizer(request, key),
                organization_id=caller.organization_id,
            )
        return Answer(202, cancel_answer(registrant, standing).model_dump(mode="json"))

    async def _caller(self, headers: dict[str, str], scope: str) -> Caller:
        async with self.database.connection() as connection:
            caller = await access.authenticate(connection, _header(headers, "authorization"))
        if caller is None:
            raise Unauthorized
        caller.require(scope)
        return caller


def _key(headers: dict[str, str]) -> str:
    key = check_key(_header(headers, "idempotency-key"))
    if key is None:
        raise Invalid("Send an Idempotency-Key header.", field="Idempotency-Key")
    return key


def _header(headers: dict[str, str], name: str) -> str | None:
    """A header by its lower-case name; NATS keeps the case that the sender chose."""
    return next((value for key, value in headers.items() if key.lower() == name), None)


Answerer = Callable[[bytes, dict[str, str]], Awaitable[Answer]]


def _naming_fields(answerer: Answerer) -> Answerer:
    """Name every bad field, as HTTP does; other refusals are the bus's to tell."""

    async def answer(body: bytes, headers: dict[str, str]) -> Answer:
        try:
            return await answerer(body, headers)
        except InvalidFields as refusal:
            problem: dict[str, Any] = problem_of(refusal) | {"errors": refusal.errors}
            return Answer(refusal.status, problem)

    return answer

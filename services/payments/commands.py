"""Door in: requests over the bus, answered as HTTP would be."""

import hashlib
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from services.payments.desk import Desk
from services.payments.payment import Payment, Refund
from services.payments.store import api_tokens, payments
from services.payments.store import refunds as store_refunds
from shared.messaging import Answer, Bus
from shared.postgres import Connection, after_commit
from shared.refusals import Forbidden, Invalid, NotFound, Refusal, Unauthorized
from shared.web import Text, parse_body

SCOPE = "refund"
KEY_LENGTH_MIN, KEY_LENGTH_MAX = 20, 255
TOKEN_LENGTH_MAX = 200


class RefundCommand(BaseModel):
    """Give money back: `amount_minor`, or all that is unrefunded."""

    model_config = ConfigDict(extra="forbid")

    registrant_id: UUID
    amount_minor: int | None = Field(default=None, gt=0, le=99_999_999, strict=True)
    keep_seat: bool = False
    reason: Text | None = Field(default=None, max_length=500)


class NothingPaid(Refusal):
    """Nothing was paid for this registration."""

    code = "nothing_paid"


class AboveWhatIsLeft(Refusal):
    """The amount is more than what is left to give back."""

    status = 422
    code = "invalid"


class OtherBody(Refusal):
    """This Idempotency-Key was used with another body."""

    status = 422
    code = "idempotency_key_reused"


class Commands:
    """The requests that this service answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def subscribe(self, bus: Bus) -> None:
        bus.answer("refund", self.refund, RefundCommand)

    async def refund(self, body: bytes, headers: dict[str, str]) -> Answer:
        """202 with the refund's id and status; a repeated key means the same refund."""
        named = {name.lower(): value for name, value in headers.items()}
        command = parse_body(body, RefundCommand)
        key = named.get("idempotency-key", "")
        if not KEY_LENGTH_MIN <= len(key) <= KEY_LENGTH_MAX or not key.isprintable():
            raise Invalid("must have 20 to 255 characters", field="Idempotency-Key")
        async with self._desk.database.transaction() as connection:
            organization_id = await _organization_of(connection, named.get("authorization", ""))
            found = await payments.lock_payment_of(connection, command.registrant_id)
            if found is None or found[0].organization_id != organization_id:
                raise NotFound
            payment, now = found
            refund_id, body_hash = await store_refunds.add_key(
                connection,
                registrant_id=command.registrant_id,
                idempotency_key=key,
                body_hash=hashlib.sha256(body).digest(),
                refund_id=(mine := uuid4()),
            )
            if body_hash != hashlib.sha256(body).digest():
                raise OtherBody
            if refund_id == mine:
                _check(payment, command)
                await store_refunds.add_request(
                    connection,
                    Refund(
                        refund_id=refund_id,
                        organization_id=payment.organization_id,
                        registrant_id=payment.registrant_id,
                        webinar_id=payment.webinar_id,
                        requested_minor=command.amount_minor,
                        origin="organizer",
                        cause="organizer",
                        reason=command.reason,
                        keep_seat=command.keep_seat,
                        status="waiting",
                        requested_at=now,
                    ),
                )
                after_commit(self._desk.wakes.refunds.set)
            refund = await store_refunds.get_request(connection, refund_id)
        return Answer(202, {"id": str(refund.refund_id), "status": _shown(refund)})


def _check(payment: Payment, command: RefundCommand) -> None:
    if payment.paid_at is None:
        raise NothingPaid
    left = sum(payment.left_minor(charge) for charge in payment.charges)
    if left <= 0 or (command.amount_minor or 0) > left:
        raise AboveWhatIsLeft(field="amount_minor")


def _shown(refund: Refund) -> str:
    """The status as registration shows it: what is done inside here is nobody's business."""
    return "requested" if refund.status in ("waiting", "calling") else refund.status


async def _organization_of(connection: Connection, authorization: str) -> UUID:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_LENGTH_MAX or not token.isascii():
        raise Unauthorized
    known = await api_tokens.find_scopes(connection, token.strip())
    if known is None:
        raise Unauthorized
    organization_id, scopes = known
    if SCOPE not in scopes:
        raise Forbidden(f'This API token lacks the scope "{SCOPE}".')
    return organization_id

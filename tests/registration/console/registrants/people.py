"""Registrants of a webinar, as the organizer's pages have to show them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.registration.registrants import Registrant
from shared.events import EmailBounced, EmailFailed, EmailSent, PaymentFailed
from tests.registration.office import Office, fee_settled, payment_succeeded


def webinar_path(office: Office, webinar: dict[str, Any], *parts: str) -> str:
    return "/".join((f"/console/{office.organization_id}/webinars/{webinar['id']}", *parts))


def person_path(office: Office, registrant: Registrant, *parts: str) -> str:
    return "/".join((f"/console/{office.organization_id}/registrants/{registrant.id}", *parts))


async def named(
    office: Office, webinar: dict[str, Any], name: str, email: str | None = None
) -> Registrant:
    """Somebody of that name, waiting to pay or confirmed if it is free."""
    reply = await office.register(webinar, email, name=name)
    assert reply.status == 201, reply.body
    return await office.registrant(reply.body["id"])


async def paying(office: Office, webinar: dict[str, Any], name: str = "Ana Ruiz") -> Registrant:
    """Somebody who has paid into acct_1, with a fee of 1.72."""
    registrant = await named(office, webinar, name)
    await office.deliver(
        payment_succeeded(
            registrant, stripe_account_id="acct_1", stripe_payment_intent_id="pi_ana", is_live=False
        ),
        fee_settled(registrant),
    )
    return await office.registrant(registrant.id)


def payment_failed(registrant: Registrant, message: str, **fields: Any) -> PaymentFailed:
    return PaymentFailed(
        organization_id=registrant.organization_id,
        registrant_id=registrant.id,
        webinar_id=registrant.webinar_id,
        payment_id=uuid4(),
        decline_code="generic_decline",
        message=message,
        **fields,
    )


def mail_sent(registrant: Registrant, kind: str = "confirmation") -> EmailSent:
    return EmailSent(**_mail(registrant, kind))


def mail_failed(registrant: Registrant, kind: str = "confirmation") -> EmailFailed:
    return EmailFailed(**_mail(registrant, kind), failure_reason="550 no such user")


def mail_bounced(told: EmailSent, status_code: str = "5.1.1") -> EmailBounced:
    """The mail that was told of has come back since."""
    facts = told.model_dump(exclude={"event_id", "occurred_at"})
    later = told.occurred_at + timedelta(microseconds=1)
    return EmailBounced(**facts, occurred_at=later, status_code=status_code)


def _mail(registrant: Registrant, kind: str) -> dict[str, Any]:
    return {
        "organization_id": registrant.organization_id,
        "registrant_id": registrant.id,
        "webinar_id": registrant.webinar_id,
        "email_id": uuid4(),
        "kind": kind,
        "message_id": f"<{uuid4()}@example.org>",
    }

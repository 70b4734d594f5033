"""What people ask for at the counter: one transaction's work, whichever door they came through."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from services.registration import cancellations, refunds
from services.registration import webinars as webinar_rules
from services.registration.cancellations import CANCEL_KEY, CancelAsked
from services.registration.links import Links
from services.registration.refunds import RefundAsked
from services.registration.registrants import Registrant
from services.registration.rescheduling import reschedule
from services.registration.store import (
    organizations,
    outcomes,
    registrants,
    reschedulings,
    webinars,
)
from services.registration.store import refunds as stored_refunds
from services.registration.verdicts import KeyReused
from services.registration.webinars import Webinar
from shared import outbox
from shared.postgres import Connection
from shared.refusals import NotFound


@dataclass(frozen=True)
class RefundStanding:
    """A refund as its asker is told of it."""

    id: UUID
    status: str
    amount_minor: int


async def registrant_behind(connection: Connection, links: Links, manage_token: str) -> Registrant:
    """Whose page a manage token opens; raises NotFound, also for a link that was replaced."""
    registrant_id, link_version = links.read_manage(manage_token)
    registrant = await registrants.find(connection, registrant_id)
    if registrant is None or registrant.link_version != link_version:
        raise NotFound
    return registrant


async def cancel_registration(
    connection: Connection,
    links: Links,
    registrant_id: UUID,
    asked: CancelAsked,
    *,
    organization_id: UUID | None = None,
) -> tuple[Registrant, RefundStanding | None]:
    """End a registration; the same key again gives the same answer. Raises a refusal.

    An organization's own calls name it: another's registrant is not found.
    """
    webinar, registrant = await lock_registrant(connection, registrant_id, organization_id)
    if asked.idempotency_key is not None and registrant.cancel_key == asked.idempotency_key:
        return registrant, await _standing(connection, registrant.id, CANCEL_KEY)
    unsettled = await stored_refunds.unsettled_minor(connection, registrant.id)
    occasion = await outcomes.occasion_for(connection, links, webinar)
    outcome = cancellations.cancel(registrant, asked, unsettled, occasion)
    await outcomes.save(connection, webinar.id, [registrant], [outcome])
    return outcome.registrant, await _standing(connection, registrant.id, CANCEL_KEY)


async def request_refund(
    connection: Connection,
    links: Links,
    organization_id: UUID,
    registrant_id: UUID,
    asked: RefundAsked,
) -> RefundStanding:
    """Give money back; the same key and body again give the same refund. Raises a refusal."""
    webinar, registrant = await lock_registrant(connection, registrant_id, organization_id)
    known = await stored_refunds.find_by_key(connection, registrant.id, asked.idempotency_key)
    if known is not None:
        if known["body_sha256"] != asked.body_sha256:
            raise KeyReused
        return RefundStanding(known["id"], known["status"], known["amount_minor"])
    unsettled = await stored_refunds.unsettled_minor(connection, registrant.id)
    occasion = await outcomes.occasion_for(connection, links, webinar)
    outcome = refunds.request(registrant, asked, unsettled, occasion)
    await outcomes.save(connection, webinar.id, [registrant], [outcome])
    standing = await _standing(connection, registrant.id, asked.idempotency_key)
    assert standing is not None
    return standing


async def schedule_webinar(
    connection: Connection, organization_id: UUID, fields: dict[str, Any]
) -> Webinar:
    """Put a webinar on sale; the fields were checked one by one. Raises a refusal."""
    organization = await organizations.get(connection, organization_id)
    now = await connection.fetchval("SELECT now()")
    description = fields.pop("description")
    webinar = Webinar(
        id=uuid4(),
        organization_id=organization_id,
        version=1,
        status="scheduled",
        seats_taken=0,
        description_version=1,
        created_at=now,
        cancelled_at=None,
        **fields,
    )
    scheduled = webinar_rules.schedule(webinar, is_ready=organization.is_ready, now=now)
    await webinars.add(connection, webinar, description)
    await outbox.enqueue(connection, scheduled)
    return webinar


async def change_webinar(
    connection: Connection, organization_id: UUID, webinar_id: UUID, changes: dict[str, Any]
) -> Webinar:
    """Change fields by name; registrants keep what was frozen for them. Raises a refusal."""
    webinar = await _lock_webinar(connection, organization_id, webinar_id)
    organization = await organizations.get(connection, organization_id)
    # Not the transaction's beginning: whoever was admitted while we waited registered before.
    now = await connection.fetchval("SELECT clock_timestamp()")
    description = changes.pop("description", None)
    if description is not None:
        changes["description_version"] = webinar.description_version + 1
    changed, updated = webinar_rules.change(
        webinar,
        changes,
        is_ready=organization.is_ready,
        has_sold=await webinars.has_sold(connection, webinar_id),
        now=now,
    )
    if description is not None:
        await webinars.add_description(connection, changed, description)
    await webinars.save(connection, changed)
    if changed.starts_at != webinar.starts_at:
        await _tell_new_start(connection, webinar)
    await outbox.enqueue(connection, updated)
    return changed


async def _tell_new_start(connection: Connection, before: Webinar) -> None:
    """Note who has to hear of it: a worker tells them, some at a time."""
    added = reschedule(
        before.organization_id,
        before.id,
        before.starts_at,
        await reschedulings.lock_untold(connection, before.id),
        await reschedulings.last_number(connection, before.id),
    )
    await reschedulings.add(connection, added)


async def cancel_webinar(
    connection: Connection, organization_id: UUID, webinar_id: UUID
) -> Webinar:
    """Take a webinar off sale for good; a worker cancels its registrants. Raises a refusal."""
    webinar = await _lock_webinar(connection, organization_id, webinar_id)
    cancelled, told = webinar_rules.cancel(
        webinar,
        has_paid_registrants=await registrants.has_paid(connection, webinar_id),
        now=await connection.fetchval("SELECT now()"),
    )
    await webinars.save(connection, cancelled)
    await outbox.enqueue(connection, told)
    return cancelled


async def _lock_webinar(connection: Connection, organization_id: UUID, webinar_id: UUID) -> Webinar:
    webinar = await webinars.lock(connection, webinar_id)
    if webinar is None or webinar.organization_id != organization_id:
        raise NotFound
    return webinar


async def lock_registrant(
    connection: Connection, registrant_id: UUID, organization_id: UUID | None
) -> tuple[Webinar, Registrant]:
    """A registrant and its webinar, locked in the order that all keep; raises NotFound."""
    found = await registrants.find(connection, registrant_id)
    if found is None or organization_id not in (None, found.organization_id):
        raise NotFound
    webinar = await webinars.lock(connection, found.webinar_id)
    registrant = await registrants.lock(connection, registrant_id)
    if webinar is None or registrant is None:
        raise NotFound
    return webinar, registrant


async def _standing(
    connection: Connection, registrant_id: UUID, idempotency_key: str
) -> RefundStanding | None:
    known = await stored_refunds.find_by_key(connection, registrant_id, idempotency_key)
    if known is None:
        return None
    return RefundStanding(known["id"], known["status"], known["amount_minor"])

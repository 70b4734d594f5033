"""What pages show, one statement for each subject."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from services.registration.organizations import Organization
from services.registration.pages.facts import RefundLine, RegistrantFacts, WebinarFacts
from services.registration.registrants import Registrant
from services.registration.webinars import Webinar
from shared.postgres import Connection, Record


def _columns(shape: type[Any], alias: str) -> str:
    return ", ".join(f"{alias}.{field.name} AS {alias}_{field.name}" for field in fields(shape))


def _read(shape: type[Any], alias: str, row: Record) -> dict[str, Any]:
    return {field.name: row[f"{alias}_{field.name}"] for field in fields(shape)}


_SOLD = (
    f"{_columns(Webinar, 'w')}, {_columns(Organization, 'o')}, now() AS now, "
    "t.version AS terms_version, t.url AS terms_address"
)
_TERMS = (
    "LEFT JOIN LATERAL (SELECT * FROM organization_terms t WHERE t.organization_id = o.id "
    "ORDER BY t.version DESC LIMIT 1) t ON t.text IS NOT NULL OR t.url IS NOT NULL "
)


async def find_webinar(connection: Connection, webinar_id: UUID) -> WebinarFacts | None:
    """What the public page shows; the next hold's end is looked up only when no seat is free."""
    row = await connection.fetchrow(
        f"SELECT {_SOLD}, d.description, "
        # Seats come back, if at all, when an unpaid hold ends.
        "CASE WHEN w.seats_taken >= w.capacity THEN ("
        " SELECT r.pay_by FROM registrants r WHERE r.webinar_id = w.id"
        " AND r.status = 'awaiting_payment' AND r.hold_ended_at IS NULL AND r.pay_by > now()"
        " ORDER BY r.pay_by LIMIT 1) END AS next_hold_ends_at "
        "FROM webinars w JOIN organizations o ON o.id = w.organization_id "
        f"{_TERMS}"
        "LEFT JOIN webinar_descriptions d"
        " ON d.webinar_id = w.id AND d.version = w.description_version "
        "WHERE w.id = $1",
        webinar_id,
    )
    if row is None:
        return None
    return WebinarFacts(
        webinar=Webinar(**_read(Webinar, "w", row)),
        organization=Organization(**_read(Organization, "o", row)),
        description=row["description"] or "",
        next_hold_ends_at=row["next_hold_ends_at"],
        now=row["now"],
        terms_version=row["terms_version"],
        terms_address=row["terms_address"],
    )


async def find_registrant(connection: Connection, registrant_id: UUID) -> RegistrantFacts | None:
    """What a registrant's own page shows, refunds in the order in which they were asked for."""
    row = await connection.fetchrow(
        f"SELECT {_SOLD}, {_columns(Registrant, 'r')}, "
        "EXISTS (SELECT FROM mails m WHERE m.registrant_id = r.id"
        " AND m.kind = 'confirmation' AND m.status = 'sent') AS is_mail_accepted "
        "FROM registrants r JOIN webinars w ON w.id = r.webinar_id "
        f"JOIN organizations o ON o.id = r.organization_id {_TERMS}WHERE r.id = $1",
        registrant_id,
    )
    if row is None:
        return None
    registrant = Registrant(**_read(Registrant, "r", row))
    refunds = await _refunds_of(connection, registrant)
    return RegistrantFacts(
        registrant=registrant,
        webinar=Webinar(**_read(Webinar, "w", row)),
        organization=Organization(**_read(Organization, "o", row)),
        refunds=refunds,
        is_mail_accepted=row["is_mail_accepted"],
        now=row["now"],
        terms_version=row["terms_version"],
        terms_address=row["terms_address"],
    )


async def own_registrations(
    connection: Connection, webinar_id: UUID, registrant_ids: Sequence[UUID]
) -> list[Registrant]:
    """Those of the registrants who registered for this webinar."""
    rows = await connection.fetch(
        f"SELECT {_columns(Registrant, 'r')} FROM registrants r "
        "WHERE r.id = ANY($1::uuid[]) AND r.webinar_id = $2",
        list(registrant_ids),
        webinar_id,
    )
    return [Registrant(**_read(Registrant, "r", row)) for row in rows]


async def marks(connection: Connection, registrant_ids: Sequence[UUID]) -> dict[UUID, int]:
    """A number for each registrant that is another one once its page would show something else."""
    rows = await connection.fetch(
        "SELECT r.id, hashtextextended(concat_ws('|', r.version, r.status, r.pay_by, "
        "r.pay_by <= now(), r.hold_ended_at, r.declined_at, r.paid_minor, r.refunded_minor, "
        "r.link_version, w.version, (SELECT string_agg(f.status, ' ' ORDER BY f.requested_at, f.id)"
        " FROM refunds f WHERE f.registrant_id = r.id)), 0) AS mark "
        "FROM registrants r JOIN webinars w ON w.id = r.webinar_id WHERE r.id = ANY($1::uuid[])",
        list(registrant_ids),
    )
    return {row["id"]: row["mark"] for row in rows}


async def _refunds_of(connection: Connection, registrant: Registrant) -> tuple[RefundLine, ...]:
    if registrant.paid_at is None:
        return ()
    rows = await connection.fetch(
        "SELECT amount_minor, status, requested_at, settled_at FROM refunds "
        "WHERE registrant_id = $1 ORDER BY requested_at, id LIMIT 100",
        registrant.id,
    )
    return tuple(RefundLine(**row) for row in rows)

"""The group commit's statements: few for a whole batch, whatever its size."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.registration.announcements import Announcement
from services.registration.organizations import Organization
from services.registration.registrants import Registrant
from services.registration.store import organizations, registrants
from services.registration.verdicts import Application, Known
from services.registration.webinars import Webinar
from shared.postgres import Connection, note_events

_ORGANIZATION = ", ".join(f"o.{column}" for column in organizations.COLUMNS.split(", "))


async def surroundings(
    connection: Connection, webinar: Webinar
) -> tuple[Organization, str, datetime]:
    """The organization, the description as it is now, and the database's time."""
    found = await connection.fetchrow(
        f"SELECT now(), d.description, {_ORGANIZATION} FROM organizations o "
        "JOIN webinar_descriptions d ON d.webinar_id = $2 AND d.version = $3 WHERE o.id = $1",
        webinar.organization_id,
        webinar.id,
        webinar.description_version,
    )
    if found is None:
        raise LookupError(f"organization or description of webinar {webinar.id} is missing")
    now, description, *organization = found.values()
    return Organization(*organization), description, now


async def find_by_keys(
    connection: Connection, webinar_id: UUID, keys: Collection[str]
) -> dict[str, Known]:
    """Registrations of the webinar that were admitted under these keys."""
    rows = await connection.fetch(
        f"SELECT idempotency_key, body_sha256, {registrants.COLUMNS} FROM registrants "
        "WHERE webinar_id = $1 AND idempotency_key = ANY($2::text[])",
        webinar_id,
        list(keys),
    )
    found: dict[str, Known] = {}
    for row in rows:
        key, body_sha256, *registrant = row.values()
        found[key] = Known(Registrant(*registrant), body_sha256)
    return found


async def find_by_ids(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Known]:
    """What a commit whose answer was lost has stored."""
    rows = await connection.fetch(
        f"SELECT body_sha256, {registrants.COLUMNS} FROM registrants WHERE id = ANY($1::uuid[])",
        list(ids),
    )
    found: dict[UUID, Known] = {}
    for row in rows:
        body_sha256, *registrant = row.values()
        known = Known(Registrant(*registrant), body_sha256)
        found[known.registrant.id] = known
    return found


async def find_by_addresses(
    connection: Connection, webinar_id: UUID, addresses: Collection[str]
) -> dict[str, list[Registrant]]:
    """Active registrations of these addresses for the webinar."""
    rows = await connection.fetch(
        f"SELECT {registrants.COLUMNS} FROM registrants WHERE webinar_id = $1 "
        "AND email_key = ANY($2::text[]) AND status IN ('awaiting_payment', 'confirmed')",
        webinar_id,
        list(addresses),
    )
    found: dict[str, list[Registrant]] = {}
    for row in rows:
        registrant = Registrant(**row)
        found.setdefault(registrant.email_key, []).append(registrant)
    return found


async def count_unpaid_by_network(
    connection: Connection, webinar_id: UUID, networks: Collection[str]
) -> dict[str, int]:
    """Unpaid holds of the webinar by the network that they came from."""
    rows = await connection.fetch(
        "SELECT network, count(*) AS unpaid FROM registrants WHERE webinar_id = $1 "
        "AND network = ANY($2::text[]) AND status = 'awaiting_payment' GROUP BY network",
        webinar_id,
        list(networks),
    )
    return {row["network"]: row["unpaid"] for row in rows}


async def admit(
    connection: Connection,
    webinar: Webinar,
    admitted: Sequence[Application],
    *,
    pay_by: datetime | None,
    now: datetime,
) -> None:
    """Insert the batch and take its seats, in one statement; the quote comes from the webinar."""
    is_free = pay_by is None
    await connection.execute(
        "WITH admitted AS (INSERT INTO registrants (id, organization_id, webinar_id, version, "
        "status, holds_seat, name, email, email_key, locale, amount_minor, currency, "
        "description_version, refund_policy, starts_at, pay_by, confirmed_at, created_at, "
        "idempotency_key, body_sha256, network) "
        "SELECT a.id, w.organization_id, w.id, $2, $3, true, a.name, a.email, a.email_key, "
        "a.locale, w.price_minor, CASE WHEN w.price_minor > 0 THEN w.currency END, "
        "w.description_version, w.refund_policy, w.starts_at, $4, $5, $6, "
        "a.idempotency_key, a.body_sha256, a.network "
        "FROM webinars w CROSS JOIN unnest($7::uuid[], $8::text[], $9::text[], $10::text[], "
        "$11::text[], $12::text[], $13::bytea[], $14::text[]) AS a (id, name, email, email_key, "
        "locale, idempotency_key, body_sha256, network) WHERE w.id = $1) "
        "UPDATE webinars SET seats_taken = seats_taken + $15 WHERE id = $1",
        webinar.id,
        2 if is_free else 1,
        "confirmed" if is_free else "awaiting_payment",
        pay_by,
        now if is_free else None,
        now,
        [a.registrant_id for a in admitted],
        [a.name for a in admitted],
        [a.email for a in admitted],
        [a.email_key for a in admitted],
        [a.locale for a in admitted],
        [a.idempotency_key for a in admitted],
        [a.body_sha256 for a in admitted],
        [a.network for a in admitted],
        len(admitted),
    )


async def tell(connection: Connection, announcements: Sequence[Announcement]) -> None:
    """Put what admission tells into the outbox; the table checks its size."""
    await connection.execute(
        "INSERT INTO outbox (event_id, subject, payload) "
        "SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
        [event_id for event_id, _, _ in announcements],
        [subject for _, subject, _ in announcements],
        [body for _, _, body in announcements],
    )
    note_events()


async def mark_repeated(
    connection: Connection, repeated: Sequence[Registrant], now: datetime
) -> None:
    """Remember that the owners of these registrations are mailed their link now."""
    await connection.execute(
        "UPDATE registrants SET repeated_at = $2 WHERE id = ANY($1::uuid[])",
        [registrant.id for registrant in repeated],
        now,
    )

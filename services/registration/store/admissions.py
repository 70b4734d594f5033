"""The group commit's statements: few for a whole batch, whatever its size."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from services.registration.organizations import Organization
from services.registration.registrants import Registrant
from services.registration.store import organizations, registrants
from services.registration.store.terms import CURRENT_VERSION
from services.registration.verdicts import Application, Known
from services.registration.webinars import Webinar
from shared.events import RegistrantConfirmed, RegistrantCreated
from shared.postgres import Connection, note_events

# Not a bare column: PostgreSQL would skip through the whole index of statuses for it.
_ACTIVE = "status || '' IN ('awaiting_payment', 'confirmed') AND NOT is_rehearsal"
_ORGANIZATION = ", ".join(f"o.{column}" for column in organizations.COLUMNS.split(", "))
SURROUNDINGS = (
    f"SELECT clock_timestamp(), d.description, {CURRENT_VERSION}, "
    "(SELECT words FROM messages "
    "WHERE organization_id = o.id AND mail = 'confirmation' AND words <> ''), "
    "ARRAY(SELECT idempotency_key FROM registrants "
    "WHERE webinar_id::text = $2::uuid::text AND idempotency_key = ANY($4::text[])), "
    "ARRAY(SELECT email_key FROM registrants WHERE webinar_id::text = $2::uuid::text "
    f"AND email_key = ANY($5::text[]) AND {_ACTIVE}), "
    f"{_ORGANIZATION} FROM organizations o "
    "JOIN webinar_descriptions d ON d.webinar_id = $2 AND d.version = $3 WHERE o.id = $1"
)
"""Read once a batch, however many have registered: registrants only by what the batch brings."""


@dataclass(frozen=True)
class Surroundings:
    """What a batch is judged by, beside the webinar: read after its lock, in one statement."""

    now: datetime
    organization: Organization
    description: str
    terms_version: int | None  # Of the organization's terms, if it has any.
    own_words: str | None  # Of the organization, for confirmations.
    known_keys: list[str]
    known_addresses: list[str]


async def surroundings(
    connection: Connection, webinar: Webinar, *, keys: Collection[str], addresses: Collection[str]
) -> Surroundings:
    """The organization, the description, the database's time, and what is known already."""
    found = await connection.fetchrow(
        SURROUNDINGS,
        webinar.organization_id,
        webinar.id,
        webinar.description_version,
        list(keys),
        list(addresses),
    )
    if found is None:
        raise LookupError(f"organization or description of webinar {webinar.id} is missing")
    now, description, terms_version, own_words, known_keys, known_addresses, *organization = (
        found.values()
    )
    return Surroundings(
        now,
        Organization(*organization),
        description,
        terms_version,
        own_words,
        known_keys,
        known_addresses,
    )


async def find_by_keys(
    connection: Connection, webinar_id: UUID, keys: Collection[str]
) -> dict[str, Known]:
    """Registrations of the webinar that were admitted under these keys."""
    rows = await connection.fetch(
        f"SELECT idempotency_key, body_sha256, {registrants.COLUMNS} FROM registrants "
        "WHERE webinar_id::text = $1::uuid::text AND idempotency_key = ANY($2::text[])",
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
        f"SELECT {registrants.COLUMNS} FROM registrants WHERE webinar_id::text = $1::uuid::text "
        f"AND email_key = ANY($2::text[]) AND {_ACTIVE}",
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
        "SELECT network, count(*) AS unpaid FROM registrants "
        "WHERE webinar_id::text = $1::uuid::text AND network = ANY($2::text[]) "
        "AND status = 'awaiting_payment' GROUP BY network",
        webinar_id,
        list(networks),
    )
    return {row["network"]: row["unpaid"] for row in rows}


async def admit(
    connection: Connection,
    webinar: Webinar,
    admitted: Sequence[Application],
    *,
    created: Sequence[dict[str, Any]],
    confirmed: Sequence[dict[str, Any]],
    forms: Mapping[UUID, dict[str, Any]],
    pay_by: datetime | None,
    now: datetime,
) -> None:
    """Insert the batch, take its seats and tell of it, in one statement.

    The quote comes from the webinar's own row, which the caller has locked. Rows and events come
    as JSON: PostgreSQL takes it apart at less cost than arrays are put together at. `json`, not
    `jsonb`, leaves each event's text as it is. The outbox checks its size.
    """
    await connection.execute(
        "WITH admitted AS (INSERT INTO registrants (id, organization_id, webinar_id, version, "
        "status, holds_seat, name, email, email_key, locale, amount_minor, currency, "
        "description_version, refund_policy, starts_at, pay_by, confirmed_at, created_at, "
        "idempotency_key, body_sha256, network, answers, terms_version, terms_accepted_at, "
        "is_rehearsal) "
        "SELECT a.id, w.organization_id, w.id, $2, $3, a.is_rehearsal IS NOT TRUE, a.name, "
        "a.email, a.email_key, "
        "a.locale, w.price_minor, CASE WHEN w.price_minor > 0 THEN w.currency END, "
        "w.description_version, w.refund_policy, w.starts_at, $4, $5, $6, "
        "a.idempotency_key, decode(a.body_sha256, 'hex'), a.network, a.answers, a.terms_version, "
        "CASE WHEN a.terms_version IS NOT NULL THEN $6::timestamptz END, "
        "a.is_rehearsal IS TRUE "
        "FROM webinars w CROSS JOIN json_to_recordset($7::text::json) AS a (id uuid, name text, "
        "email text, email_key text, locale text, idempotency_key text, body_sha256 text, "
        "network text, answers jsonb, terms_version integer, is_rehearsal boolean) "
        "WHERE w.id = $1), "
        "told AS (INSERT INTO outbox (event_id, subject, payload) "
        "SELECT (told.body->>'event_id')::uuid, told.subject, convert_to(told.body::text, 'UTF8') "
        "FROM (SELECT $8 AS subject, json_array_elements($9::text::json) AS body UNION ALL "
        "SELECT $10, json_array_elements($11::text::json)) AS told) "
        "UPDATE webinars SET seats_taken = seats_taken + $12 WHERE id = $1",
        webinar.id,
        1 if pay_by else 2,
        "awaiting_payment" if pay_by else "confirmed",
        pay_by,
        None if pay_by else now,
        now,
        to_json([_row(application, forms) for application in admitted]).decode(),
        RegistrantCreated.subject,
        to_json(created).decode(),
        RegistrantConfirmed.subject,
        to_json(confirmed).decode(),
        sum(not application.is_rehearsal for application in admitted),
    )
    note_events()


def _row(application: Application, forms: Mapping[UUID, dict[str, Any]]) -> dict[str, Any]:
    body_sha256 = application.body_sha256
    row = {
        "id": application.registrant_id,
        "name": application.name,
        "email": application.email,
        "email_key": application.email_key,
        "locale": application.locale,
        "idempotency_key": application.idempotency_key,
        "body_sha256": None if body_sha256 is None else body_sha256.hex(),
        "network": application.network,
    }
    # What is left out is null to PostgreSQL, and costs nothing where nobody is asked.
    if application.registrant_id in forms:
        row |= forms[application.registrant_id]
    if application.is_rehearsal:
        row["is_rehearsal"] = True
    return row


async def mark_repeated(
    connection: Connection, repeated: Sequence[Registrant], now: datetime
) -> None:
    """Remember that the owners of these registrations are mailed their link now."""
    await connection.execute(
        "UPDATE registrants SET repeated_at = $2 WHERE id = ANY($1::uuid[])",
        [registrant.id for registrant in repeated],
        now,
    )

"""One of each thing that a path may name, all of one organization."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.registration import administration
from tests.registration.office import Office

ID_KINDS = (
    "webinar_id", "registrant_id", "token_id", "person_id", "invitation_id", "token", "name",
)  # fmt: skip
"""What the console's paths name; `token` and `name` are for whoever has them or for all."""


async def ids_of(office: Office, organization_id: UUID) -> dict[str, Any]:
    """Things of an organization that is not the office's."""
    webinar_id, registrant_id, person_id = uuid4(), uuid4(), uuid4()
    starts_at = datetime.now(UTC) + timedelta(days=30)
    async with office.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO webinars (id, organization_id, kind, title, starts_at, "
            "duration_minutes, time_zone) VALUES ($1, $2, 'webinar', 'Theirs', $3, 60, 'UTC')",
            webinar_id,
            organization_id,
            starts_at,
        )
        await connection.execute(
            "INSERT INTO webinar_descriptions (webinar_id, version, organization_id, description) "
            "VALUES ($1, 1, $2, '')",
            webinar_id,
            organization_id,
        )
        await connection.execute(
            "INSERT INTO registrants (id, organization_id, webinar_id, status, holds_seat, name, "
            "email, email_key, locale, amount_minor, description_version, starts_at, "
            "confirmed_at) VALUES ($1, $2, $3, 'confirmed', true, 'Theirs', 'a@example.com', "
            "'a@example.com', 'en', 0, 1, $4, now())",
            registrant_id,
            organization_id,
            webinar_id,
            starts_at,
        )
        await connection.execute(
            "INSERT INTO people (id, email, email_key, name) "
            "VALUES ($1, 'they@example.com', 'they@example.com', 'They')",
            person_id,
        )
        await connection.execute(
            "INSERT INTO memberships (person_id, organization_id, role) VALUES ($1, $2, 'admin')",
            person_id,
            organization_id,
        )
        invitation = await administration.invite_first_admin(
            connection, organization_id, "invited@example.com"
        )
        await administration.create_token(connection, organization_id, "theirs", ["read"])
        [token] = await administration.list_tokens(connection, organization_id)
    return {
        "webinar_id": webinar_id,
        "registrant_id": registrant_id,
        "person_id": person_id,
        "token_id": token["id"],
        "invitation_id": hashlib.sha256(invitation.encode()).hexdigest(),
        "token": uuid4(),
        "name": uuid4(),
    }

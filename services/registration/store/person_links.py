"""Links that are used once, counted and ended. All SQL about them that `people` has not."""

from uuid import UUID

from services.registration.people import email_key
from shared.postgres import Connection


async def count_within_hour(connection: Connection, email: str, purpose: str) -> int:
    """How many links of a kind were made for an address within the hour, used ones too."""
    counted: int = await connection.fetchval(
        "SELECT count(*) FROM person_links WHERE email_key = $1 AND purpose = $2 "
        "AND created_at > now() - interval '1 hour'",
        email_key(email),
        purpose,
    )
    return counted


async def end_all_of(connection: Connection, person_id: UUID, purpose: str) -> None:
    """End every link of a kind that a person has not used."""
    await connection.execute(
        "UPDATE person_links SET used_at = now() "
        "WHERE person_id = $1 AND purpose = $2 AND used_at IS NULL",
        person_id,
        purpose,
    )

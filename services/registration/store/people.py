"""People, their memberships and the links that let them in. All SQL about them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.registration.people import Membership, Person, Role, email_key
from shared.postgres import Connection

_PERSON = "id, email, name, locale, password_hash"


async def add(
    connection: Connection, *, email: str, name: str, locale: str, password_hash: str | None
) -> UUID:
    """Store a new person; raises asyncpg.UniqueViolationError for a known address."""
    person_id = uuid4()
    await connection.execute(
        "INSERT INTO people (id, email, email_key, name, locale, password_hash, "
        "password_changed_at) VALUES ($1, $2, $3, $4, $5, $6, "
        "CASE WHEN $6::text IS NOT NULL THEN now() END)",
        person_id,
        email,
        email_key(email),
        name,
        locale,
        password_hash,
    )
    return person_id


async def find(connection: Connection, person_id: UUID) -> Person | None:
    """The person, or None."""
    found = await connection.fetchrow(f"SELECT {_PERSON} FROM people WHERE id = $1", person_id)
    return None if found is None else Person(**found)


async def lock(connection: Connection, person_id: UUID) -> Person | None:
    """The person as nobody changes them until the transaction ends, or None."""
    found = await connection.fetchrow(
        f"SELECT {_PERSON} FROM people WHERE id = $1 FOR NO KEY UPDATE", person_id
    )
    return None if found is None else Person(**found)


async def find_by_email(connection: Connection, email: str) -> Person | None:
    """The person with this address, or None."""
    found = await connection.fetchrow(
        f"SELECT {_PERSON} FROM people WHERE email_key = $1", email_key(email)
    )
    return None if found is None else Person(**found)


async def set_password(connection: Connection, person_id: UUID, password_hash: str) -> None:
    """Replace the password; sessions are ended by the caller."""
    await connection.execute(
        "UPDATE people SET password_hash = $2, password_changed_at = now() WHERE id = $1",
        person_id,
        password_hash,
    )


async def rename(connection: Connection, person_id: UUID, *, name: str, locale: str) -> None:
    """What the person is called and spoken to in."""
    await connection.execute(
        "UPDATE people SET name = $2, locale = $3 WHERE id = $1", person_id, name, locale
    )


async def renew_hash(connection: Connection, person_id: UUID, renewed: str) -> None:
    """Store the same password by today's parameters; the person is locked by the caller."""
    await connection.execute(
        "UPDATE people SET password_hash = $2 WHERE id = $1", person_id, renewed
    )


async def memberships_of(connection: Connection, person_id: UUID) -> list[Membership]:
    """Where the person belongs, by name of the organization."""
    rows = await connection.fetch(
        "SELECT m.organization_id, o.name AS organization_name, m.role FROM memberships m "
        "JOIN organizations o ON o.id = m.organization_id WHERE m.person_id = $1 "
        "ORDER BY o.name, o.id",
        person_id,
    )
    return [Membership(**row) for row in rows]


async def put_membership(
    connection: Connection, person_id: UUID, organization_id: UUID, role: Role
) -> None:
    """Make the person a member, at least in this role; an admin stays one, whatever is said."""
    await connection.execute(
        "INSERT INTO memberships (person_id, organization_id, role) VALUES ($1, $2, $3) "
        "ON CONFLICT (person_id, organization_id) DO UPDATE SET role = excluded.role "
        "WHERE excluded.role = 'admin'",
        person_id,
        organization_id,
        role,
    )


async def admins_of(connection: Connection, organization_id: UUID) -> list[Person]:
    """Whom to ask, by name."""
    rows = await connection.fetch(
        f"SELECT {', '.join('p.' + column for column in _PERSON.split(', '))} "
        "FROM memberships m JOIN people p ON p.id = m.person_id "
        "WHERE m.organization_id = $1 AND m.role = 'admin' ORDER BY p.name, p.id",
        organization_id,
    )
    return [Person(**row) for row in rows]


async def add_link(
    connection: Connection,
    *,
    token_hash: bytes,
    purpose: str,
    email: str,
    lifetime: timedelta,
    person_id: UUID | None = None,
    organization_id: UUID | None = None,
    role: Role | None = None,
    invited_by: UUID | None = None,
) -> None:
    """Store a link that works once, until `lifetime` is over by the database's clock."""
    await connection.execute(
        "INSERT INTO person_links (token_hash, purpose, email, email_key, person_id, "
        "organization_id, role, invited_by, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9::interval)",
        token_hash,
        purpose,
        email,
        email_key(email),
        person_id,
        organization_id,
        role,
        invited_by,
        lifetime,
    )


async def find_link(
    connection: Connection, token_hash: bytes, purpose: str
) -> dict[str, Any] | None:
    """A link that may still be used, with the organization's name; locked by the caller's use."""
    found = await connection.fetchrow(
        "SELECT l.email, l.person_id, l.organization_id, l.role, l.invited_by, l.expires_at, "
        "o.name AS organization_name FROM person_links l "
        "LEFT JOIN organizations o ON o.id = l.organization_id "
        "WHERE l.token_hash = $1 AND l.purpose = $2 AND l.used_at IS NULL "
        "AND l.expires_at > now()",
        token_hash,
        purpose,
    )
    return None if found is None else dict(found)


async def use_link(connection: Connection, token_hash: bytes, purpose: str) -> bool:
    """Use the link up; False if somebody was faster or it is over."""
    used = await connection.fetchval(
        "UPDATE person_links SET used_at = now() WHERE token_hash = $1 AND purpose = $2 "
        "AND used_at IS NULL AND expires_at > now() RETURNING true",
        token_hash,
        purpose,
    )
    return bool(used)

"""Members of an organization and the invitations that wait. All SQL about them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registration.people import Role, email_key
from shared.postgres import Connection


@dataclass(frozen=True)
class Member:
    """A person in an organization."""

    person_id: UUID
    name: str
    email: str
    locale: str
    role: Role
    joined_at: datetime


@dataclass(frozen=True)
class Invitation:
    """An invitation that nobody has accepted yet; `id` says nothing of its link."""

    id: str
    email: str
    role: Role
    created_at: datetime
    expires_at: datetime
    is_over: bool
    inviter_name: str | None


_MEMBER = "p.id AS person_id, p.name, p.email, p.locale, m.role, m.created_at AS joined_at"
_INVITATION = (
    "encode(l.token_hash, 'hex') AS id, l.email, l.role, l.created_at, l.expires_at, "
    "l.expires_at <= now() AS is_over, p.name AS inviter_name"
)


async def list_of(connection: Connection, organization_id: UUID) -> list[Member]:
    """Everybody, admins first, by name."""
    rows = await connection.fetch(
        f"SELECT {_MEMBER} FROM memberships m JOIN people p ON p.id = m.person_id "
        "WHERE m.organization_id = $1 ORDER BY m.role, p.name, p.id",
        organization_id,
    )
    return [Member(**row) for row in rows]


async def find(connection: Connection, organization_id: UUID, person_id: UUID) -> Member | None:
    """The member, or None."""
    found = await connection.fetchrow(
        f"SELECT {_MEMBER} FROM memberships m JOIN people p ON p.id = m.person_id "
        "WHERE m.organization_id = $1 AND m.person_id = $2",
        organization_id,
        person_id,
    )
    return None if found is None else Member(**found)


async def find_by_email(connection: Connection, organization_id: UUID, email: str) -> Member | None:
    """The member with this address, or None."""
    found = await connection.fetchrow(
        f"SELECT {_MEMBER} FROM memberships m JOIN people p ON p.id = m.person_id "
        "WHERE m.organization_id = $1 AND p.email_key = $2",
        organization_id,
        email_key(email),
    )
    return None if found is None else Member(**found)


async def count_admins(connection: Connection, organization_id: UUID) -> int:
    """How many admins there are; the caller has locked the organization."""
    counted: int = await connection.fetchval(
        "SELECT count(*) FROM memberships WHERE organization_id = $1 AND role = 'admin'",
        organization_id,
    )
    return counted


async def set_role(
    connection: Connection, organization_id: UUID, person_id: UUID, role: Role
) -> None:
    """Give a member another role; the next request sees it."""
    await connection.execute(
        "UPDATE memberships SET role = $3 WHERE organization_id = $1 AND person_id = $2",
        organization_id,
        person_id,
        role,
    )


async def remove(connection: Connection, organization_id: UUID, person_id: UUID) -> None:
    """End a membership; the next request sees it."""
    await connection.execute(
        "DELETE FROM memberships WHERE organization_id = $1 AND person_id = $2",
        organization_id,
        person_id,
    )


async def list_invitations(connection: Connection, organization_id: UUID) -> list[Invitation]:
    """What nobody has accepted yet, the latest first; those that are over too."""
    rows = await connection.fetch(
        f"SELECT {_INVITATION} FROM person_links l LEFT JOIN people p ON p.id = l.invited_by "
        "WHERE l.organization_id = $1 AND l.purpose = 'invitation' AND l.used_at IS NULL "
        "ORDER BY l.created_at DESC, l.email",
        organization_id,
    )
    return [Invitation(**row) for row in rows]


async def find_invitation(
    connection: Connection, organization_id: UUID, invitation_id: str
) -> Invitation | None:
    """An invitation that nobody has accepted yet, or None."""
    found = await connection.fetchrow(
        f"SELECT {_INVITATION} FROM person_links l LEFT JOIN people p ON p.id = l.invited_by "
        "WHERE l.organization_id = $1 AND l.purpose = 'invitation' AND l.used_at IS NULL "
        "AND encode(l.token_hash, 'hex') = $2",
        organization_id,
        invitation_id,
    )
    return None if found is None else Invitation(**found)


async def take_back(
    connection: Connection, organization_id: UUID, invitation_id: str
) -> str | None:
    """The address of an invitation that has just ended; None if there was none to end."""
    email: str | None = await connection.fetchval(
        "UPDATE person_links SET used_at = now() WHERE organization_id = $1 "
        "AND purpose = 'invitation' AND used_at IS NULL AND encode(token_hash, 'hex') = $2 "
        "RETURNING email",
        organization_id,
        invitation_id,
    )
    return email


async def take_back_all(connection: Connection, organization_id: UUID, email: str) -> None:
    """End what waits for this address: a newer word counts."""
    await connection.execute(
        "UPDATE person_links SET used_at = now() WHERE organization_id = $1 "
        "AND purpose = 'invitation' AND used_at IS NULL AND email_key = $2",
        organization_id,
        email_key(email),
    )


async def count_invitations(connection: Connection, organization_id: UUID) -> int:
    """How many wait."""
    counted: int = await connection.fetchval(
        "SELECT count(*) FROM person_links WHERE organization_id = $1 "
        "AND purpose = 'invitation' AND used_at IS NULL",
        organization_id,
    )
    return counted

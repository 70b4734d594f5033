"""Members: invited, given another role, removed. Each call joins a transaction."""

import hashlib
from datetime import datetime
from uuid import UUID

from services.registration.applications import email_address
from services.registration.catalogues import msgid
from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.people import INVITATION_LIFETIME, Person, Role
from services.registration.store import audit, organizations, people, person_links
from services.registration.store import members as stored
from services.registration.store.members import Member
from shared import outbox
from shared.events import AccountMailRequested
from shared.postgres import Connection
from shared.refusals import Invalid, NotFound, Refusal
from shared.tokens import new_secret

INVITATIONS_MAX = 50  # Waiting, of one organization: it sends mail to strangers.
MAILS_PER_HOUR = 3  # To one address.

ROLES: tuple[Role, ...] = ("organizer", "admin")

BAD_ADDRESS = msgid("Type a full address, like name@example.org.")
BAD_ROLE = msgid("Choose a role.")
ALREADY_MEMBER = msgid("This person is a member already. Change the role in the list.")


class LastAdmin(Refusal):
    """An organization keeps one administrator. Make someone else an administrator first."""

    code = "last_admin"


class TooManyInvitations(Refusal):
    """50 invitations wait already. Take some back first."""

    code = "too_many_invitations"


class MailedEnough(Refusal):
    """This address got three invitations within an hour. Send the next one later."""

    code = "mailed_enough"


async def invite(
    connection: Connection,
    links: Links,
    organization: Organization,
    inviter: Person,
    email: str,
    role: str,
) -> str:
    """Mail an invitation, which replaces older ones; the address. Raises Invalid and refusals."""
    try:
        email = email_address(email)
    except ValueError:
        raise Invalid(BAD_ADDRESS, field="email") from None
    if role not in ROLES:
        raise Invalid(BAD_ROLE, field="role")
    await organizations.lock(connection, organization.id)
    if await stored.find_by_email(connection, organization.id, email) is not None:
        raise Invalid(ALREADY_MEMBER, field="email")
    if await person_links.count_within_hour(connection, email, "invitation") >= MAILS_PER_HOUR:
        raise MailedEnough(field="email")
    if await stored.count_invitations(connection, organization.id) >= INVITATIONS_MAX:
        raise TooManyInvitations
    await _send(connection, links, organization, inviter, email, role)
    await audit.add(connection, organization.id, inviter.id, "member_invited", f"{email}: {role}")
    return email


async def invite_again(
    connection: Connection,
    links: Links,
    organization: Organization,
    inviter: Person,
    invitation_id: str,
) -> str:
    """Mail a new link; the old one is dead. Raises NotFound, MailedEnough."""
    await organizations.lock(connection, organization.id)
    invitation = await stored.find_invitation(connection, organization.id, invitation_id)
    if invitation is None:
        raise NotFound
    if (
        await person_links.count_within_hour(connection, invitation.email, "invitation")
        >= MAILS_PER_HOUR
    ):
        raise MailedEnough
    await _send(connection, links, organization, inviter, invitation.email, invitation.role)
    return invitation.email


async def take_back(
    connection: Connection, organization_id: UUID, by: Person, invitation_id: str
) -> str:
    """End an invitation: its link is dead. Raises NotFound."""
    email = await stored.take_back(connection, organization_id, invitation_id)
    if email is None:
        raise NotFound
    await audit.add(connection, organization_id, by.id, "invitation_revoked", email)
    return email


async def change_role(
    connection: Connection, organization_id: UUID, by: Person, person_id: UUID, role: str
) -> Member:
    """Give a member another role at once; may be repeated. Raises NotFound, LastAdmin."""
    if role not in ROLES:
        raise Invalid(BAD_ROLE, field="role")
    member = await _locked(connection, organization_id, person_id)
    if member.role == role:
        return member
    await _keep_an_admin(connection, organization_id, member)
    await stored.set_role(connection, organization_id, person_id, role)
    about = f"{member.email}: {member.role} → {role}"
    await audit.add(connection, organization_id, by.id, "role_changed", about)
    return member


async def remove(
    connection: Connection, organization_id: UUID, by: Person, person_id: UUID
) -> Member:
    """End a membership at once, and what waits for the address. Raises NotFound, LastAdmin."""
    member = await _locked(connection, organization_id, person_id)
    await _keep_an_admin(connection, organization_id, member)
    await stored.remove(connection, organization_id, person_id)
    await stored.take_back_all(connection, organization_id, member.email)
    await audit.add(connection, organization_id, by.id, "member_removed", member.email)
    return member


async def _locked(connection: Connection, organization_id: UUID, person_id: UUID) -> Member:
    """The member, nobody else changing members meanwhile: two last admins cannot both leave."""
    await organizations.lock(connection, organization_id)
    member = await stored.find(connection, organization_id, person_id)
    if member is None:
        raise NotFound
    return member


async def _keep_an_admin(connection: Connection, organization_id: UUID, member: Member) -> None:
    if member.role == "admin" and await stored.count_admins(connection, organization_id) == 1:
        raise LastAdmin


async def _send(
    connection: Connection,
    links: Links,
    organization: Organization,
    inviter: Person,
    email: str,
    role: Role,
) -> None:
    await stored.take_back_all(connection, organization.id, email)
    known = await people.find_by_email(connection, email)
    token = new_secret()
    await people.add_link(
        connection,
        token_hash=hashlib.sha256(token.encode()).digest(),
        purpose="invitation",
        email=email,
        lifetime=INVITATION_LIFETIME,
        organization_id=organization.id,
        role=role,
        invited_by=inviter.id,
    )
    now: datetime = await connection.fetchval("SELECT now()")
    await outbox.enqueue(
        connection,
        AccountMailRequested(
            organization_id=organization.id,
            kind="invitation",
            email=email,
            name=None if known is None else known.name,
            locale=(known or inviter).locale,
            link=f"{links.public_url}/welcome/{token}",
            organization_name=organization.name,
            inviter_name=inviter.name,
            expires_at=now + INVITATION_LIFETIME,
        ),
    )

"""What an operator does by hand: organizations, their first admin, API tokens.

Each call joins a transaction.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid4

from services.registration import access
from services.registration.applications import email_address
from services.registration.store import organizations, people, tokens
from shared import outbox
from shared.events import ApiTokenChanged
from shared.postgres import Connection, Record
from shared.refusals import Invalid, NotFound
from shared.tokens import new_secret
from shared.web import one_line

NAME_LENGTH_MAX = 200
FIRST_LINK_LIFETIME = timedelta(days=1)


async def create_organization(connection: Connection, organization_id: UUID, name: str) -> None:
    """Make an organization; may be repeated for the same id, the first name stays."""
    await organizations.add(connection, organization_id, _name(name))


async def invite_first_admin(connection: Connection, organization_id: UUID, email: str) -> str:
    """The token of a link that makes somebody an admin, once. Raises Invalid, NotFound."""
    try:
        address = email_address(email)
    except ValueError as problem:
        raise Invalid(f"The e-mail address {problem}.", field="email") from None
    if await organizations.find(connection, organization_id) is None:
        raise NotFound("There is no organization with this id.")
    token = new_secret()
    await people.add_link(
        connection,
        token_hash=hashlib.sha256(token.encode()).digest(),
        purpose="invitation",
        email=address,
        lifetime=FIRST_LINK_LIFETIME,
        organization_id=organization_id,
        role="admin",
    )
    return token


async def has_account(connection: Connection, email: str) -> bool:
    """Whether somebody signs in with this address already."""
    return await people.find_by_email(connection, email) is not None


async def create_admin(
    connection: Connection, organization_id: UUID, *, email: str, name: str, password_hash: str
) -> None:
    """Make an account with a password, an admin of the organization."""
    person_id = await people.add(
        connection, email=email, name=_name(name), locale="en", password_hash=password_hash
    )
    await people.put_membership(connection, person_id, organization_id, "admin")


async def create_token(
    connection: Connection, organization_id: UUID, name: str, scopes: Iterable[str]
) -> str:
    """Make an API token and return it; it is shown this once. Raises Invalid, NotFound."""
    wanted = tuple(sorted(set(scopes)))
    unknown = [scope for scope in wanted if scope not in access.SCOPES]
    if unknown or not wanted:
        raise Invalid(f"Choose scopes among {', '.join(access.SCOPES)}.", field="scopes")
    if await organizations.find(connection, organization_id) is None:
        raise NotFound("There is no organization with this id.")
    token = access.new_token()
    token_id = str(uuid4())
    await tokens.add(
        connection,
        token_id=token_id,
        organization_id=organization_id,
        name=_name(name),
        token_hash=access.hash_of(token),
        scopes=wanted,
    )
    await outbox.enqueue(
        connection,
        ApiTokenChanged(
            organization_id=organization_id,
            token_id=token_id,
            token_hash=access.hash_of(token),
            scopes=wanted,
            version=1,
        ),
    )
    return token


async def list_tokens(connection: Connection, organization_id: UUID) -> list[Record]:
    """An organization's tokens, revoked ones included: id, name, scopes, times. Never a hash."""
    return await tokens.list_of(connection, organization_id)


async def revoke_token(connection: Connection, organization_id: UUID, token_id: str) -> None:
    """End a token at once; may be repeated. Raises NotFound."""
    revoked = await tokens.revoke(connection, organization_id, token_id)
    if revoked is None:
        raise NotFound("This organization has no token with this id.")
    await outbox.enqueue(
        connection,
        ApiTokenChanged(
            organization_id=organization_id,
            token_id=token_id,
            token_hash=revoked["token_hash"],
            scopes=tuple(revoked["scopes"]),
            is_revoked=True,
            version=revoked["version"],
        ),
    )


def _name(name: str) -> str:
    try:
        name = one_line(name)
    except ValueError as problem:
        raise Invalid(f"The name {problem}.", field="name") from None
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        raise Invalid(f"A name has 1 to {NAME_LENGTH_MAX} characters.", field="name")
    return name

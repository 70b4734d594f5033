"""What an operator does by hand: organizations and API tokens. Each call joins a transaction."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from services.registration import access
from services.registration.store import organizations, tokens
from shared import outbox
from shared.events import ApiTokenChanged
from shared.postgres import Connection, Record
from shared.refusals import Invalid, NotFound
from shared.web import one_line

NAME_LENGTH_MAX = 200


async def create_organization(connection: Connection, organization_id: UUID, name: str) -> None:
    """Make an organization; may be repeated for the same id, the first name stays."""
    await organizations.add(connection, organization_id, _name(name))


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

"""API tokens, found by their hash."""

from uuid import UUID

from shared.postgres import Connection, Record


async def add(
    connection: Connection,
    *,
    token_id: str,
    organization_id: UUID,
    name: str,
    token_hash: str,
    scopes: tuple[str, ...],
) -> None:
    """Store a new token."""
    await connection.execute(
        "INSERT INTO api_tokens (id, organization_id, name, token_hash, scopes) "
        "VALUES ($1, $2, $3, $4, $5)",
        token_id,
        organization_id,
        name,
        token_hash,
        list(scopes),
    )


async def find_active(connection: Connection, token_hash: str) -> Record | None:
    """The token with this hash unless it was revoked."""
    found: Record | None = await connection.fetchrow(
        "SELECT id, organization_id, scopes FROM api_tokens "
        "WHERE token_hash = $1 AND revoked_at IS NULL",
        token_hash,
    )
    return found


async def list_of(connection: Connection, organization_id: UUID) -> list[Record]:
    """An organization's tokens, newest first, without their hashes."""
    return list(
        await connection.fetch(
            "SELECT id, name, scopes, created_at, revoked_at FROM api_tokens "
            "WHERE organization_id = $1 ORDER BY created_at DESC, id",
            organization_id,
        )
    )


async def revoke(connection: Connection, organization_id: UUID, token_id: str) -> Record | None:
    """The token as it is now, its version raised if it was still active."""
    revoked: Record | None = await connection.fetchrow(
        "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, now()), "
        "version = version + (revoked_at IS NULL)::int "
        "WHERE id = $1 AND organization_id = $2 RETURNING token_hash, scopes, version",
        token_id,
        organization_id,
    )
    return revoked

"""Copies of registration's API tokens, for requests over the bus."""

import hashlib
from uuid import UUID

from shared.events import ApiTokenChanged
from shared.postgres import Connection


async def save_token(connection: Connection, event: ApiTokenChanged) -> None:
    """Keep the newest version of a token."""
    await connection.execute(
        "INSERT INTO api_tokens (token_id, token_hash, organization_id, scopes, is_revoked, "
        "version) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (token_id) DO UPDATE SET "
        "token_hash = excluded.token_hash, scopes = excluded.scopes, "
        "is_revoked = excluded.is_revoked, version = excluded.version "
        "WHERE api_tokens.version < excluded.version",
        event.token_id,
        event.token_hash,
        event.organization_id,
        list(event.scopes),
        event.is_revoked,
        event.version,
    )


async def find_scopes(connection: Connection, token: str) -> tuple[UUID, frozenset[str]] | None:
    """The organization and the scopes of a token that is valid."""
    row = await connection.fetchrow(
        "SELECT organization_id, scopes FROM api_tokens WHERE token_hash = $1 AND NOT is_revoked",
        hashlib.sha256(token.encode()).hexdigest(),
    )
    return None if row is None else (row["organization_id"], frozenset(row["scopes"]))

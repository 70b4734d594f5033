"""An organization's terms, version by version: what registrants agreed to stays readable."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres import Connection

CURRENT_VERSION = (
    # The version that holds now, for statements about an organization `o`; null without terms.
    "(SELECT CASE WHEN t.text IS NOT NULL OR t.url IS NOT NULL THEN t.version END "
    "FROM organization_terms t WHERE t.organization_id = o.id ORDER BY t.version DESC LIMIT 1)"
)


@dataclass(frozen=True)
class Terms:
    """One version: its text in Markdown, or the address where it stands."""

    organization_id: UUID
    version: int
    text: str | None
    url: str | None
    created_at: datetime


_COLUMNS = "organization_id, version, text, url, created_at"


async def current(connection: Connection, organization_id: UUID) -> Terms | None:
    """The terms that hold now; None if there are none, or none any more."""
    found = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM organization_terms WHERE organization_id = $1 "
        "ORDER BY version DESC LIMIT 1",
        organization_id,
    )
    if found is None or (found["text"] is None and found["url"] is None):
        return None
    return Terms(**found)


async def find(connection: Connection, organization_id: UUID, version: int) -> Terms | None:
    """One version as it was agreed to."""
    found = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM organization_terms WHERE organization_id = $1 AND version = $2",
        organization_id,
        version,
    )
    return None if found is None else Terms(**found)


async def add(
    connection: Connection,
    organization_id: UUID,
    *,
    text: str | None = None,
    url: str | None = None,
) -> int | None:
    """Let other terms hold from now on, with neither text nor address none; their version.

    The same terms again are no new version. The organization is locked by the caller.
    """
    latest = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM organization_terms WHERE organization_id = $1 "
        "ORDER BY version DESC LIMIT 1",
        organization_id,
    )
    is_none = text is None and url is None
    if latest is None and is_none:
        return None
    if latest is not None and (latest["text"], latest["url"]) == (text, url):
        return None if is_none else int(latest["version"])
    version = 1 if latest is None else latest["version"] + 1
    await connection.execute(
        "INSERT INTO organization_terms (organization_id, version, text, url) "
        "VALUES ($1, $2, $3, $4)",
        organization_id,
        version,
        text,
        url,
    )
    return None if is_none else version

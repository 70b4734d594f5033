"""The limit above which refunds ask for the password again."""

from uuid import UUID

from services.registration.refund_limits import RefundLimit
from shared.postgres import Connection


async def find(connection: Connection, organization_id: UUID) -> RefundLimit | None:
    """The organization's limit; None asks at every refund."""
    found = await connection.fetchrow(
        "SELECT refund_limit_minor, refund_limit_currency FROM organizations WHERE id = $1",
        organization_id,
    )
    if found is None or found["refund_limit_minor"] is None:
        return None
    return RefundLimit(found["refund_limit_minor"], found["refund_limit_currency"])


async def save(connection: Connection, organization_id: UUID, limit: RefundLimit | None) -> None:
    """Let another limit hold from now on."""
    await connection.execute(
        "UPDATE organizations SET refund_limit_minor = $2, refund_limit_currency = $3 "
        "WHERE id = $1",
        organization_id,
        None if limit is None else limit.amount_minor,
        None if limit is None else limit.currency,
    )

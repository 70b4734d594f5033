"""Organizations, and what payments told of their Stripe accounts."""

from uuid import UUID

from services.registration.organizations import Organization
from shared.events import StripeAccountFacts
from shared.postgres import Connection

COLUMNS = (
    "id, name, sender_name, reply_to, allowed_origins, card_brands_blocked, stripe_account_id, "
    "stripe_display_name, stripe_missing, is_ready, is_live, default_currency, created_at, "
    "privacy_url, imprint_url, stripe_requirements, stripe_mode, stripe_is_submitted, "
    "stripe_may_charge, stripe_may_pay_out, statement_descriptor, has_test_key"
)


async def add(connection: Connection, organization_id: UUID, name: str) -> None:
    """Store a new organization; one that exists stays as it is."""
    await connection.execute(
        "INSERT INTO organizations (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        organization_id,
        name,
    )


async def find(connection: Connection, organization_id: UUID) -> Organization | None:
    """The organization, or None."""
    found = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM organizations WHERE id = $1", organization_id
    )
    return None if found is None else Organization(**found)


async def get(connection: Connection, organization_id: UUID) -> Organization:
    """The organization; it must exist."""
    found = await find(connection, organization_id)
    if found is None:
        raise LookupError(f"organization {organization_id} is not known")
    return found


async def lock(connection: Connection, organization_id: UUID) -> Organization:
    """The organization, which must exist, locked until the transaction ends."""
    found = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM organizations WHERE id = $1 FOR NO KEY UPDATE", organization_id
    )
    if found is None:
        raise LookupError(f"organization {organization_id} is not known")
    return Organization(**found)


async def save(connection: Connection, organization: Organization) -> None:
    """Store what the organization itself may change."""
    await connection.execute(
        "UPDATE organizations SET name = $2, sender_name = $3, reply_to = $4, "
        "allowed_origins = $5, card_brands_blocked = $6, privacy_url = $7, imprint_url = $8 "
        "WHERE id = $1",
        organization.id,
        organization.name,
        organization.sender_name,
        organization.reply_to,
        organization.allowed_origins,
        organization.card_brands_blocked,
        organization.privacy_url,
        organization.imprint_url,
    )


async def copy_stripe_account(
    connection: Connection, account: StripeAccountFacts, *, is_connected: bool
) -> None:
    """Take over what payments says of the account, unless something newer is known."""
    await connection.execute(
        "UPDATE organizations SET stripe_version = $2, stripe_account_id = $3, "
        "stripe_display_name = $4, stripe_missing = $5, is_ready = $6, is_live = $7, "
        "default_currency = $8, stripe_requirements = $9, stripe_mode = $10, "
        "stripe_is_submitted = $11, stripe_may_charge = $12, stripe_may_pay_out = $13, "
        "statement_descriptor = $14, has_test_key = $15 WHERE id = $1 AND stripe_version < $2",
        account.organization_id,
        account.version,
        account.stripe_account_id if is_connected else None,
        account.display_name if is_connected else None,
        list(account.missing) if is_connected else [],
        is_connected and account.is_ready,
        account.is_live,
        account.default_currency,
        list(account.requirements) if is_connected else [],
        account.mode if is_connected else None,
        account.is_submitted or not is_connected,
        is_connected and bool(account.charges_enabled),
        is_connected and bool(account.payouts_enabled),
        account.statement_descriptor if is_connected else None,
        bool(account.has_test_key),
    )


async def allowed_origins_of_webinar(connection: Connection, webinar_id: UUID) -> list[str]:
    """The origins whose pages may call the public API for this webinar."""
    found = await connection.fetchval(
        "SELECT o.allowed_origins FROM webinars w JOIN organizations o "
        "ON o.id = w.organization_id WHERE w.id = $1",
        webinar_id,
    )
    return list(found or ())

"""Names and addresses that were set right; `payments` reads them over a payment's first ones."""

from shared.events import RegistrantCorrected
from shared.postgres import Connection


async def save_correction(connection: Connection, event: RegistrantCorrected) -> None:
    """Keep the newest version, also of somebody whose payment has not come yet."""
    await connection.execute(
        "INSERT INTO corrections (registrant_id, version, name, email, locale, manage_url) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (registrant_id) DO UPDATE SET "
        "version = excluded.version, name = excluded.name, email = excluded.email, "
        "locale = excluded.locale, manage_url = excluded.manage_url "
        "WHERE corrections.version < excluded.version",
        event.registrant_id,
        event.version,
        event.name,
        event.email,
        event.locale,
        event.manage_url,
    )

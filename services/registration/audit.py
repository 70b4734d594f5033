"""What admins and organizers did that others may ask about later. No I/O here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.registration.catalogues import msgid

Act = Literal[
    "member_invited",
    "invitation_revoked",
    "role_changed",
    "member_removed",
    "token_created",
    "token_revoked",
    "stripe_connect_started",
    "stripe_disconnect_asked",
    "settings_changed",
    "refund_over_limit",
]

WORDS: dict[Act, str] = {
    "member_invited": msgid("Invited someone"),
    "invitation_revoked": msgid("Took back an invitation"),
    "role_changed": msgid("Changed a role"),
    "member_removed": msgid("Removed a member"),
    "token_created": msgid("Made an API token"),
    "token_revoked": msgid("Revoked an API token"),
    "stripe_connect_started": msgid("Went to Stripe to connect an account"),
    "stripe_disconnect_asked": msgid("Disconnected the Stripe account"),
    "settings_changed": msgid("Changed the settings"),
    "refund_over_limit": msgid("Gave money back"),
}
"""Each act in words for its reader."""

ABOUT_LENGTH_MAX = 500


@dataclass(frozen=True)
class Entry:
    """One act; without a name it was the operator's, from the command line."""

    id: int
    act: Act
    about: str
    person_id: UUID | None
    person_name: str | None
    happened_at: datetime

    @property
    def words(self) -> str:
        """A message key."""
        return WORDS[self.act]

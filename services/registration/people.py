"""People who sign in to the console, and what they may do where. No I/O here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

Role = Literal["organizer", "admin"]

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFETIME = timedelta(days=14)
PASSWORD_CONFIRMED_FOR = timedelta(minutes=15)  # Before money or the Stripe account is touched.
SESSION_TOUCHED_EVERY = timedelta(minutes=1)  # Not every page is worth a write.

INVITATION_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Person:
    """Somebody with an account; without a password until the first link was followed."""

    id: UUID
    email: str
    name: str
    locale: str
    password_hash: str | None

    def __repr__(self) -> str:
        """Without the hash and the address: this may end up in a traceback."""
        return f"Person({self.id})"


@dataclass(frozen=True)
class Membership:
    """What a person is in an organization."""

    organization_id: UUID
    organization_name: str
    role: Role


@dataclass(frozen=True)
class Session:
    """One signed-in browser."""

    id_hash: bytes
    person_id: UUID
    created_at: datetime
    seen_at: datetime
    confirmed_at: datetime
    browser: str

    def is_over(self, now: datetime) -> bool:
        """Left alone for too long, or simply old."""
        return now - self.seen_at > SESSION_IDLE or now - self.created_at > SESSION_LIFETIME

    def is_confirmed(self, now: datetime) -> bool:
        """Whether the password was given so recently that money may be moved."""
        return now - self.confirmed_at <= PASSWORD_CONFIRMED_FOR


def email_key(email: str) -> str:
    """What makes two addresses the same account."""
    return email.strip().lower()

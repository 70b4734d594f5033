"""API tokens: what a caller may do. A token belongs to one organization and is stored hashed."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from services.registration.store import tokens
from shared.postgres import Connection
from shared.refusals import Forbidden, Unauthorized
from shared.tokens import new_secret

TOKEN_PREFIX = "tq_"
TOKEN_LENGTH_MAX = 200

SCOPES = {
    "read": "see webinars, registrants, money and exceptions",
    "write": "schedule, change and cancel webinars",
    "register": "register people, without the limits for strangers",
    "refund": "cancel registrations and give money back",
    "charge": "charge a payment method on registration",
    "admin": "change the organization and connect Stripe",
}


@dataclass(frozen=True)
class Caller:
    """Who presented a valid token."""

    token_id: str
    organization_id: UUID
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Raises Forbidden without the scope."""
        if scope not in self.scopes:
            raise Forbidden(f'This API token lacks the scope "{scope}".')


def new_token() -> str:
    """A token as its owner sees it, once."""
    return TOKEN_PREFIX + new_secret()


def hash_of(token: str) -> str:
    """What is stored: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer_token(authorization: str | None) -> str | None:
    """The token of an Authorization header; None without the header, raises Unauthorized."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    is_plausible = token.startswith(TOKEN_PREFIX) and token.isascii()
    if scheme.lower() != "bearer" or not is_plausible or len(token) > TOKEN_LENGTH_MAX:
        raise Unauthorized
    return token


async def authenticate(connection: Connection, authorization: str | None) -> Caller | None:
    """The caller that an Authorization header names; None without one, raises Unauthorized."""
    token = bearer_token(authorization)
    if token is None:
        return None
    known = await tokens.find_active(connection, hash_of(token))
    if known is None:
        raise Unauthorized
    return Caller(known["id"], known["organization_id"], frozenset(known["scopes"]))

"""Passwords: Argon2id, at the pace of a person and never on the event loop."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

_AT_ONCE = 2  # Each takes 64 MiB while it works.

_hasher = PasswordHasher()  # RFC 9106's second profile: 64 MiB, three passes.
_places = asyncio.Semaphore(_AT_ONCE)
# Takes as long as a real one: an unknown account must not answer faster.
_NOBODY = _hasher.hash("nobody has this password")


async def hash_of(password: str) -> str:
    """What is stored."""
    async with _places:
        return await asyncio.to_thread(_hasher.hash, password)


async def is_right(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; takes the same time where there is no account."""
    async with _places:
        matches = await asyncio.to_thread(_matches, password_hash or _NOBODY, password)
    return matches and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False

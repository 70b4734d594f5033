"""Signing in: the right password, from a place that has not guessed too often.

A stranger who guesses is slowed down, and cannot keep the owner out: a browser that has signed in
before is counted by itself, whatever others do to the account.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.registration import passwords
from services.registration.password_rules import LENGTH_MAX
from services.registration.people import Person, email_key
from services.registration.store import people, sessions
from shared.postgres import Connection, Database
from shared.refusals import Refusal, TooMany
from shared.tokens import BadToken, TokenSigner

GUESSES_WITHIN = timedelta(minutes=15)
GUESSES_OF_PLACE = 10  # Of one account, by one network or one known browser.
GUESSES_OF_NETWORK = 50  # By one network, of whatever accounts: a school, a company.
GUESSES_OF_ACCOUNT = 50  # By whatever networks, known browsers apart.


class WrongPassword(Refusal):
    """This e-mail and password do not belong together."""

    status = 422
    code = "wrong_password"


class TooManyGuesses(TooMany):
    """Too many tries. Wait 15 minutes, or set a new password by mail."""


@dataclass(frozen=True)
class Place:
    """Where a try comes from; `known_browser` is the cookie of an earlier sign-in."""

    network: str
    known_browser: str | None


async def sign_in(
    database: Database, signer: TokenSigner, email: str, password: str, place: Place
) -> Person:
    """The person behind the address; raises WrongPassword, TooManyGuesses."""
    async with database.transaction() as connection:
        person = await people.find_by_email(connection, email)
        counters = _counters(email, person, place, signer)
        # Counted before it is judged: a thousand tries at once are a thousand tries.
        await sessions.add_failure(connection, [name for name, _ in counters])
        failures = await sessions.count_failures(
            connection, [name for name, _ in counters], GUESSES_WITHIN
        )
    if any(failures.get(name, 0) > allowed for name, allowed in counters):
        raise TooManyGuesses
    stored = None if person is None else person.password_hash
    if len(password) > LENGTH_MAX:
        password = ""
    if not await passwords.is_right(stored, password):
        raise WrongPassword
    assert person is not None
    assert stored is not None
    renewed = await passwords.hash_of(password) if passwords.is_outdated(stored) else None
    async with database.transaction() as connection:
        current = await locked_with(connection, person)
        await sessions.take_back(connection, [name for name, _ in counters[1:]])
        await sessions.forget_failures(connection, counters[0][0])
        if renewed is None:
            return current
        await people.renew_hash(connection, person.id, renewed)
        return replace(current, password_hash=renewed)


async def locked_with(connection: Connection, person: Person) -> Person:
    """The person, locked, if the password is still the one that was judged.

    Hashing takes its time outside any transaction, and a new password may have come meanwhile: it
    ends every session, so none may begin by the old one. Raises WrongPassword.
    """
    current = await people.lock(connection, person.id)
    if current is None or current.password_hash != person.password_hash:
        raise WrongPassword
    return current


def known_browser_of(signer: TokenSigner, person: Person) -> str:
    """The cookie for a browser that has signed in as this person."""
    return signer.sign("browser", str(person.id))


def _counters(
    email: str, person: Person | None, place: Place, signer: TokenSigner
) -> Sequence[tuple[str, int]]:
    """What this try is counted by, each with how many are allowed; the place of it first."""
    account = _hash(email_key(email))
    if person is not None and _is_known(signer, place.known_browser, person):
        assert place.known_browser is not None
        return [(f"browser:{_hash(place.known_browser + place.network)}", GUESSES_OF_PLACE)]
    return [
        (f"place:{account}:{place.network}", GUESSES_OF_PLACE),
        (f"network:{place.network}", GUESSES_OF_NETWORK),
        (f"account:{account}", GUESSES_OF_ACCOUNT),
    ]


def _is_known(signer: TokenSigner, cookie: str | None, person: Person) -> bool:
    if cookie is None:
        return False
    try:
        return signer.verify("browser", cookie) == str(person.id)
    except BadToken:
        return False


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]

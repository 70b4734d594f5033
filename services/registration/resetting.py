"""Forgotten passwords: a link by mail, and a new password for whoever has it.

Nobody learns whether an address has an account: every request stores a link, and only one for an
account is mailed.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.registration import passwords
from services.registration.links import Links
from services.registration.people import RESET_LIFETIME, Person, email_key
from services.registration.store import people, person_links, sessions
from shared import outbox
from shared.events import AccountMailRequested
from shared.postgres import Connection, Database
from shared.refusals import NotFound
from shared.tokens import new_secret

MAILS_PER_HOUR = 3  # To one address.


class ResetOver(NotFound):
    """It was used already, or is older than 10 minutes. Ask for a new one."""


async def ask_for_reset(database: Database, links: Links, email: str) -> None:
    """Mail a link if the address has an account; does as much for one without."""
    token = new_secret()
    async with database.transaction() as connection:
        # One after the other for each address: a hundred requests at once send three mails.
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"reset:{email_key(email)}"
        )
        person = await people.find_by_email(connection, email)
        asked = await person_links.count_within_hour(connection, email, "password_reset")
        if asked >= MAILS_PER_HOUR:
            return
        await people.add_link(
            connection,
            token_hash=_hash_of(token),
            purpose="password_reset",
            email=email,
            lifetime=RESET_LIFETIME,
            person_id=None if person is None else person.id,
        )
        organization = await _organization_of(connection, person)
        if person is None or organization is None:
            return
        now: datetime = await connection.fetchval("SELECT now()")
        await outbox.enqueue(
            connection,
            AccountMailRequested(
                organization_id=organization[0],
                kind="password_reset",
                email=person.email,
                name=person.name,
                locale=person.locale,
                link=f"{links.public_url}/password/reset/{token}",
                organization_name=organization[1],
                expires_at=now + RESET_LIFETIME,
            ),
        )


async def person_behind(connection: Connection, token: str) -> Person:
    """Whose password the link lets one choose; raises ResetOver."""
    link = await people.find_link(connection, _hash_of(token), "password_reset")
    person_id = None if link is None else link["person_id"]
    person = None if person_id is None else await people.find(connection, person_id)
    if person is None:
        raise ResetOver
    return person


async def choose_password(
    database: Database, links: Links, person: Person, password: str, *, token: str
) -> Person:
    """Use the link up for a new password, which ends every session. Raises ResetOver.

    The person as they are with the new password.
    """
    password_hash = await passwords.hash_of(password)
    async with database.transaction() as connection:
        if not await people.use_link(connection, _hash_of(token), "password_reset"):
            raise ResetOver
        await change_password(connection, links, person, password_hash)
    return replace(person, password_hash=password_hash)


async def change_password(
    connection: Connection,
    links: Links,
    person: Person,
    password_hash: str,
    *,
    keep: bytes | None = None,
) -> None:
    """Store another password in the caller's transaction and say so by mail.

    Every session ends but the one to keep, and so does every link to choose a password.
    """
    await people.set_password(connection, person.id, password_hash)
    await sessions.remove_all_of(connection, person.id, keep=keep)
    await person_links.end_all_of(connection, person.id, "password_reset")
    organization = await _organization_of(connection, person)
    if organization is None:
        return
    await outbox.enqueue(
        connection,
        AccountMailRequested(
            organization_id=organization[0],
            kind="password_changed",
            email=person.email,
            name=person.name,
            locale=person.locale,
            link=f"{links.public_url}/password/forgotten",
            organization_name=organization[1],
        ),
    )


async def _organization_of(
    connection: Connection, person: Person | None
) -> tuple[UUID, str] | None:
    """In whose name a person is mailed: one of their organizations; none, none."""
    if person is None:
        return None
    memberships = await people.memberships_of(connection, person.id)
    if not memberships:
        return None
    return memberships[0].organization_id, memberships[0].organization_name


def _hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

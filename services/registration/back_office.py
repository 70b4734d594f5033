"""What organizers do for one registrant by hand: one transaction's work each."""

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from services.registration import corrections
from services.registration.box_office import lock_registrant
from services.registration.links import Links
from services.registration.registrants import Occasion, Registrant, confirmation, facts
from services.registration.store import admissions, moments, outcomes, registrants, webinars
from services.registration.verdicts import Application, Remembered, judge
from services.registration.webinars import Webinar
from shared import outbox
from shared.events import RegistrantCreated
from shared.postgres import Connection
from shared.refusals import NotFound, Refusal

AddedAs = Literal["guest", "paid_elsewhere"]


class AlreadyRegistered(Refusal):
    """This address is registered already. Check the box below to add it once more."""

    code = "already_registered"


@dataclass(frozen=True)
class ByHand:
    """Who does it, and the key of the form: sent twice, it is done once."""

    organization_id: UUID
    person_id: UUID
    key: str


async def send_mail_again(
    connection: Connection, links: Links, registrant_id: UUID, by: ByHand
) -> Registrant:
    """The confirmation, or the way to pay, once more. Raises a refusal."""
    webinar, registrant = await lock_registrant(connection, registrant_id, by.organization_id)
    occasion = await outcomes.occasion_for(connection, links, webinar, registrant)
    told = corrections.mail_again(registrant, occasion, by.key)
    if await moments.add(
        connection, registrant, "mail_requested", told.mail, person_id=by.person_id, key=by.key
    ):
        await outbox.enqueue(connection, told)
    return registrant


async def correct_registrant(
    connection: Connection, links: Links, registrant_id: UUID, name: str, email: str, by: ByHand
) -> Registrant:
    """Another name or address: old links die, and the mail goes out again. Raises a refusal."""
    webinar, registrant = await lock_registrant(connection, registrant_id, by.organization_id)
    occasion = await outcomes.occasion_for(connection, links, webinar, registrant)
    outcome = corrections.correct(registrant, name, email, occasion, by.key)
    after = outcome.registrant
    if after == registrant:
        return registrant
    words = f"{registrant.name} <{registrant.email}> → {after.name} <{after.email}>"
    if not await moments.add(
        connection, registrant, "corrected", words, person_id=by.person_id, key=by.key
    ):
        return registrant  # The form was sent before, with something else in it.
    await registrants.save_identity(connection, after)
    await outbox.enqueue(connection, *outcome.events)
    return after


async def add_registrant(
    connection: Connection,
    links: Links,
    webinar_id: UUID,
    application: Application,
    by: ByHand,
    *,
    added_as: AddedAs,
    note: str,
    is_again: bool,
) -> UUID:
    """A confirmed seat that costs nothing here, judged as at admission. Raises a refusal."""
    webinar = await webinars.lock(connection, webinar_id)
    if webinar is None or webinar.organization_id != by.organization_id:
        raise NotFound
    # What is paid elsewhere, or given away, is free here, and needs no account at Stripe.
    free = replace(webinar, price_minor=0)
    key = application.idempotency_key
    around = await admissions.surroundings(
        connection, free, keys=[key] if key else [], addresses=[application.email_key]
    )
    remembered = Remembered(
        by_key=await admissions.find_by_keys(connection, webinar_id, around.known_keys),
        by_address=await admissions.find_by_addresses(
            connection, webinar_id, around.known_addresses
        ),
    )
    judgement = judge(
        [application],
        free,
        around.organization,
        remembered,
        now=around.now,
        holds_per_network=0,
        terms_version=around.terms_version,
    )
    [verdict] = judgement.verdicts
    if isinstance(verdict, Refusal):
        raise verdict
    if isinstance(verdict, Registrant):
        return verdict.id
    if remembered.by_address and not is_again:
        raise AlreadyRegistered(field="email")
    await registrants.add_by_hand(connection, free, verdict, around.now)
    registrant = await registrants.lock(connection, verdict.registrant_id)
    assert registrant is not None
    await _tell(connection, links, webinar, registrant)
    words = ": ".join(filter(None, (added_as, note)))
    await moments.add(connection, registrant, "added", words, person_id=by.person_id)
    return registrant.id


async def _tell(
    connection: Connection, links: Links, webinar: Webinar, registrant: Registrant
) -> None:
    occasion: Occasion = await outcomes.occasion_for(connection, links, webinar, registrant)
    created = facts(registrant, occasion) | {"version": 1}
    await outbox.enqueue(
        connection, RegistrantCreated(**created), confirmation(registrant, occasion)
    )

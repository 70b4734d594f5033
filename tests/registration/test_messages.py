"""An organization's own words go along with the events that cause its mails."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from services.registration.store import messages
from shared.events import (
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantMailRequested,
    RegistrantReleased,
)
from shared.own_words import OWN_MAILS
from tests.registration.office import Office, checkout_expired


async def write_words(office: Office, **words: str) -> None:
    """Store words for these mails, as somebody of the organization."""
    person_id = uuid4()
    await office.execute(
        "INSERT INTO people (id, email, email_key, name) VALUES ($1, $2, $2, 'Ana')",
        person_id,
        f"{person_id}@example.org",
    )
    async with office.database.transaction() as connection:
        for mail in OWN_MAILS:
            if mail in words:
                message = messages.Message(mail, words[mail])
                await messages.save(connection, office.organization_id, message, person_id)


async def test_every_mail_gets_its_own_words(office: Office) -> None:
    await write_words(office, **{mail: f"Words of {mail}" for mail in OWN_MAILS})
    free: dict[str, Any] = {"price_minor": 0, "currency": None}
    webinar, gratis = await office.schedule(), await office.schedule(**free)

    await office.paid(webinar)
    seat = await office.admitted(gratis)
    lapsed = await office.end_hold(await office.admitted(webinar))
    await office.deliver(checkout_expired(lapsed))
    start = datetime.fromisoformat(gratis["starts_at"]) + timedelta(days=1)
    path = f"/api/v1/webinars/{gratis['id']}"
    await office.organizer("PATCH", path, {"starts_at": start.isoformat()})
    await office.workers.tell_new_starts()
    reply = await office.organizer("POST", f"/api/v1/registrants/{seat.id}/cancel", {})
    assert reply.status == 202, reply.body

    assert [event.own_words for event in await office.told(RegistrantConfirmed)] == [
        "Words of confirmation"
    ] * 2
    (released,) = await office.told(RegistrantReleased)
    (moved,) = await office.told(RegistrantMailRequested)
    (cancelled,) = await office.told(RegistrantCancelled)
    assert released.own_words == "Words of released"
    assert moved.own_words == "Words of rescheduled"
    assert cancelled.own_words == "Words of cancelled"


async def test_without_words_there_are_none(office: Office) -> None:
    await write_words(office, confirmation="", released="Bye")

    await office.paid(await office.schedule())

    (confirmed,) = await office.told(RegistrantConfirmed)
    assert confirmed.own_words is None


async def test_the_calendars_number_rises_with_registration_and_webinar(office: Office) -> None:
    webinar = await office.schedule()
    await office.admitted(webinar)
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"title": "Another"})

    await office.paid(webinar)

    (confirmed,) = await office.told(RegistrantConfirmed)
    assert confirmed.sequence == 2 + 2

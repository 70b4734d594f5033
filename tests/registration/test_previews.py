"""Previews of mails: asked for over the bus, and done without when nobody answers."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.previews import Previews
from services.notifications.rendering import Sender
from services.registration.organizations import Organization
from services.registration.previews import PreviewUnavailable, Sample, framed, preview_mail
from services.registration.store import organizations, webinars
from services.registration.webinars import Webinar
from shared.events import HoldEnded
from shared.messaging import Bus
from shared.own_words import OWN_MAILS, placeholders_of
from shared.postgres import Database
from tests.registration.office import FREE, Office


async def sample(office: Office, **fields: Any) -> Sample:
    """A registrant of a webinar of the office's."""
    made = await office.schedule(**fields)
    async with office.database.connection() as connection:
        webinar = await webinars.find(connection, UUID(made["id"]))
        organization = await organizations.find(connection, office.organization_id)
    assert isinstance(webinar, Webinar)
    assert isinstance(organization, Organization)
    return Sample(webinar, organization, office.links, datetime.now(UTC), "en", "Bring **flour**.")


@contextlib.asynccontextmanager
async def connected(
    service: str, nats_url: str, prefix: str, database: Database
) -> AsyncIterator[Bus]:
    """A service's bus, without its events."""
    bus = Bus(service=service, url=nats_url, prefix=prefix, database=database)
    if service == "notifications":
        Previews(Sender("Taquilla", "tickets@example.org")).answer_on(bus)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def test_every_mail_is_shown_as_it_is_sent(
    office: Office, nats_url: str, nats_prefix: str
) -> None:
    paid, free = await sample(office), await sample(office, **FREE)
    async with (
        connected("notifications", nats_url, nats_prefix, office.database),
        connected("registration", nats_url, nats_prefix, office.database) as bus,
    ):
        for mail in OWN_MAILS:
            words = "\n".join(f"<b>{{{name}}}" for name in placeholders_of(mail))
            for one in (paid, free):
                shown = await preview_mail(bus, one.event(mail, words))

                assert "Bread at home" in shown.subject
                assert "Ana García" in shown.html
                assert "&lt;b&gt;Escuela Norte" in shown.html
                assert "<b>Escuela Norte" in shown.text
                assert "{" not in shown.text


async def test_without_an_answer_there_is_no_preview(
    office: Office, nats_url: str, nats_prefix: str
) -> None:
    event = (await sample(office)).event("confirmation", None)

    with pytest.raises(PreviewUnavailable):
        await preview_mail(None, event)
    async with connected("registration", nats_url, nats_prefix, office.database) as bus:
        with pytest.raises(PreviewUnavailable):
            await preview_mail(bus, event)
    with pytest.raises(PreviewUnavailable):
        await preview_mail(bus, event)


async def test_what_is_refused_is_no_preview(
    office: Office, nats_url: str, nats_prefix: str
) -> None:
    async with (
        connected("notifications", nats_url, nats_prefix, office.database),
        connected("registration", nats_url, nats_prefix, office.database) as bus,
    ):
        with pytest.raises(PreviewUnavailable):
            await preview_mail(
                bus,
                HoldEnded(
                    organization_id=office.organization_id,
                    registrant_id=uuid4(),
                    webinar_id=uuid4(),
                    reason="lapsed",
                ),
            )


def test_a_framed_mail_can_do_nothing_but_be_seen() -> None:
    policy = framed("<p>").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert policy.endswith("; sandbox")
    assert "script" not in policy

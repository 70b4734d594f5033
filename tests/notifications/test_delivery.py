"""Delivery: a mail is handed over once, and what the server said decides what happens next."""

from pathlib import Path

from shared.events import EmailSent
from tests.notifications.builders import confirmed, notifications, read, running


async def test_a_queued_mail_is_accepted_and_told_of(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        event = confirmed()

        await service.receive(event)

        assert await service.settled() == {"confirmation": "sent"}
        (raw,) = service.received()
        assert read(raw)["To"] == event.email
        (published,) = await service.published()
        assert isinstance(published, EmailSent)
        assert published.message_id == read(raw)["Message-ID"]
        assert published.registrant_id == event.registrant_id

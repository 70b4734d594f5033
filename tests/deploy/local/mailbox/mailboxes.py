"""A mailbox within the test, and mails to put into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib

from deploy.local.mailbox.server import Mailbox, running_mailbox


class MailboxUnderTest:
    """A mailbox with a client for each of its doors."""

    def __init__(self, mailbox: Mailbox, http: aiohttp.ClientSession) -> None:
        self.mailbox = mailbox
        self.http = http

    @asynccontextmanager
    async def smtp(self) -> AsyncIterator[aiosmtplib.SMTP]:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=self.mailbox.smtp_port, use_tls=False, start_tls=False
        )
        await client.connect()
        try:
            yield client
        finally:
            client.close()

    async def send(self, mail: EmailMessage | bytes, *, to: str = "ana@example.org") -> None:
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        async with self.smtp() as client:
            await client.sendmail("tickets@example.org", [to], raw)

    async def messages(self, **query: str | int) -> list[dict[str, Any]]:
        async with self.http.get("/api/messages", params=query) as answer:
            assert answer.status == 200
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def page(self, path: str) -> str:
        async with self.http.get(path) as answer:
            assert answer.status == 200
            return await answer.text()

    async def fault(self, **fault: Any) -> None:
        async with self.http.post("/api/faults", json=fault) as answer:
            assert answer.status == 201, await answer.text()


@asynccontextmanager
async def mailbox_under_test(directory: Path) -> AsyncIterator[MailboxUnderTest]:
    async with (
        running_mailbox(directory) as mailbox,
        aiohttp.ClientSession(mailbox.url) as http,
    ):
        yield MailboxUnderTest(mailbox, http)


def mail(
    *,
    subject: str = "You have a seat",
    text: str | None = "Your seat is confirmed.\n",
    html: str | None = None,
    calendar: bytes | None = None,
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Faro Studio <tickets@example.org>"
    message["To"] = "Ana <ana@example.org>"
    message["Subject"] = subject
    message["Message-ID"] = "<one@example.org>"
    if text is not None:
        message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    if calendar is not None:
        message.add_attachment(calendar, maintype="text", subtype="calendar", filename="seat.ics")
    return message

"""The mailbox: mail goes in by SMTP and comes out as it was sent."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosmtplib
import pytest

from deploy.local.mailbox.smtp import MAIL_BYTES_MAX
from tests.deploy.local.mailbox.mailboxes import MailboxUnderTest, mail, mailbox_under_test


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[MailboxUnderTest]:
    async with mailbox_under_test(tmp_path) as mailbox:
        yield mailbox


async def test_a_mail_is_listed_with_its_parts(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(subject="Plätze für Ana", text="Hé\n", html="<p>Hé</p>"))

    [listed] = await mailbox.messages()

    received_at = datetime.fromisoformat(listed.pop("received_at"))
    assert datetime.now(UTC) - received_at < timedelta(minutes=1)
    assert listed == {
        "id": 1,
        "to": "ana@example.org",
        "subject": "Plätze für Ana",
        "text": "Hé\n",
        "html": "<p>Hé</p>\n",
        "message_id": "<one@example.org>",
    }


async def test_mails_are_listed_oldest_first_and_by_recipient(mailbox: MailboxUnderTest) -> None:
    for subject, to in (
        ("1", "ana@example.org"),
        ("2", "bo@example.org"),
        ("3", "Ana@Example.org"),
    ):
        await mailbox.send(mail(subject=subject), to=to)

    assert [found["subject"] for found in await mailbox.messages()] == ["1", "2", "3"]
    assert [found["subject"] for found in await mailbox.messages(to="ANA@example.org")] == [
        "1",
        "3",
    ]
    assert [found["subject"] for found in await mailbox.messages(after=1)] == ["2", "3"]
    assert [found["subject"] for found in await mailbox.messages(after=1, limit=1)] == ["2"]


async def test_each_recipient_gets_a_copy(mailbox: MailboxUnderTest) -> None:
    async with mailbox.smtp() as client:
        await client.sendmail(
            "a@example.org", ["b@example.org", "c@example.org"], "Subject: x\n\ny"
        )

    assert [found["to"] for found in await mailbox.messages()] == ["b@example.org", "c@example.org"]


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: dots\r\n\r\n.\r\n..two\r\n.one\r\nlast",
        b"Subject: no body\r\n",
        b"\r\nno header",
        b"Subject: \xc3\xb1 and bytes \xff\r\n\r\n\xff\xfe",
        b"Subject: long line\r\n\r\n" + b"x" * 200_000,
    ],
)
async def test_the_source_is_kept_byte_for_byte(mailbox: MailboxUnderTest, raw: bytes) -> None:
    await mailbox.send(raw)

    async with mailbox.http.get("/api/messages/1/raw") as answer:
        assert (await answer.read()).rstrip(b"\r\n") == raw.rstrip(b"\r\n")
    [listed] = await mailbox.messages()
    assert listed["id"] == 1


async def test_an_empty_mail_is_a_mail(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(b"")

    [listed] = await mailbox.messages()

    assert (listed["subject"], listed["message_id"]) == ("", None)


async def test_a_mail_over_the_limit_is_refused_and_the_next_one_taken(
    mailbox: MailboxUnderTest,
) -> None:
    async with mailbox.smtp() as client:
        await client.mail("a@example.org")
        await client.rcpt("b@example.org")
        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await client.data(b"x" * (MAIL_BYTES_MAX + 1))
        await client.sendmail("a@example.org", ["b@example.org"], b"Subject: small\r\n\r\n")

    assert refusal.value.code == 552
    assert [found["subject"] for found in await mailbox.messages()] == ["small"]


async def test_deleting_empties_the_mailbox_for_good(tmp_path: Path) -> None:
    async with mailbox_under_test(tmp_path) as mailbox:
        await mailbox.send(mail())
        async with mailbox.http.delete("/api/messages") as answer:
            assert answer.status == 204
        assert await mailbox.messages() == []

    async with mailbox_under_test(tmp_path) as mailbox:
        await mailbox.send(mail(subject="after"))
        [listed] = await mailbox.messages()

    assert (listed["subject"], listed["id"]) == ("after", 2)


async def test_mails_outlive_the_process(tmp_path: Path) -> None:
    async with mailbox_under_test(tmp_path) as mailbox:
        await mailbox.send(mail(subject="kept"))

    async with mailbox_under_test(tmp_path) as mailbox:
        assert [found["subject"] for found in await mailbox.messages()] == ["kept"]


async def test_a_missing_mail_is_not_found(mailbox: MailboxUnderTest) -> None:
    for path in ("/api/messages/7/raw", "/messages/7", "/messages/7/html", "/messages/x"):
        async with mailbox.http.get(path) as answer:
            assert answer.status == 404


async def test_several_hundred_mails_a_second_are_taken(mailbox: MailboxUnderTest) -> None:
    raw = mail(html="<p>Hello</p>\n" * 200, calendar=b"BEGIN:VCALENDAR\r\n" * 20).as_bytes()

    async def send_on_one_connection() -> None:
        async with mailbox.smtp() as client:
            for _ in range(50):
                await client.sendmail("a@example.org", ["b@example.org"], raw)

    started = time.process_time()
    await asyncio.gather(*(send_on_one_connection() for _ in range(8)))
    spent = time.process_time() - started

    assert mailbox.mailbox.mails.count() == 400
    # Processor time of both ends, since the test machine may be busy; a mail takes about 1 ms.
    assert spent < 2

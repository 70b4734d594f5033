"""Faults on demand: the mailbox does wrong what it is told to, as often as it is told to."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from tests.deploy.local.mailbox.mailboxes import MailboxUnderTest, mail, mailbox_under_test


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[MailboxUnderTest]:
    async with mailbox_under_test(tmp_path) as mailbox:
        yield mailbox


@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "message"])
@pytest.mark.parametrize("code", [451, 550])
async def test_a_code_is_answered_as_often_as_asked(
    mailbox: MailboxUnderTest, at: str, code: int
) -> None:
    await mailbox.fault(at=at, code=code, times=2)

    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPException) as refusal:
            await mailbox.send(mail())
        assert str(code) in str(refusal.value)
    await mailbox.send(mail())

    assert len(await mailbox.messages()) == 1


@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "message"])
async def test_a_dropped_connection_leaves_no_mail_behind(
    mailbox: MailboxUnderTest, at: str
) -> None:
    await mailbox.fault(at=at, drop=True)

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await mailbox.send(mail())

    assert await mailbox.messages() == []
    await mailbox.send(mail())
    assert len(await mailbox.messages()) == 1


async def test_a_connection_dropped_after_storing_leaves_the_mail(
    mailbox: MailboxUnderTest,
) -> None:
    await mailbox.fault(at="message", drop=True, stored=True)

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await mailbox.send(mail())

    assert len(await mailbox.messages()) == 1


async def test_a_mail_may_be_kept_and_refused(mailbox: MailboxUnderTest) -> None:
    await mailbox.fault(at="message", code=451, stored=True)

    with pytest.raises(aiosmtplib.SMTPDataError):
        await mailbox.send(mail())

    assert len(await mailbox.messages()) == 1


async def test_a_fault_for_one_recipient_spares_the_others(mailbox: MailboxUnderTest) -> None:
    await mailbox.fault(at="rcpt", code=550, to="Bo@example.org", times=None)

    await mailbox.send(mail(), to="ana@example.org")
    for _ in range(3):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await mailbox.send(mail(), to="bo@example.org")

    assert [found["to"] for found in await mailbox.messages()] == ["ana@example.org"]


async def test_a_delay_is_waited_before_a_normal_answer(mailbox: MailboxUnderTest) -> None:
    await mailbox.fault(at="message", delay_seconds=30)
    async with mailbox.smtp() as client:
        with pytest.raises(aiosmtplib.SMTPReadTimeoutError):
            await client.sendmail("a@example.org", ["b@example.org"], "x", timeout=0.05)

    assert await mailbox.messages() == []
    await mailbox.fault(at="message", delay_seconds=0.01)
    await mailbox.send(mail())
    assert len(await mailbox.messages()) == 1


async def test_faults_are_listed_and_cleared(mailbox: MailboxUnderTest) -> None:
    await mailbox.fault(at="rcpt", code=450, times=5)
    async with mailbox.http.get("/api/faults") as answer:
        [waiting] = await answer.json()

    async with mailbox.http.delete("/api/faults") as answer:
        assert answer.status == 204
    await mailbox.send(mail())

    assert (waiting["at"], waiting["code"], waiting["times"]) == ("rcpt", 450, 5)
    assert len(await mailbox.messages()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"at": "rcpt"},
        {"at": "rcpt", "code": 250},
        {"at": "rcpt", "code": 550, "drop": True},
        {"at": "mail", "drop": True, "stored": True},
        {"at": "mail", "code": 550, "to": "ana@example.org"},
        {"at": "greeting", "code": 421},
        {"at": "rcpt", "code": 550, "times": 0},
        {"at": "rcpt", "code": 550, "text": "two\r\nlines"},
        {"at": "rcpt", "code": 550, "mistyped": 1},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    mailbox: MailboxUnderTest, fault: dict[str, Any]
) -> None:
    async with mailbox.http.post("/api/faults", json=fault) as answer:
        assert answer.status == 422

    assert mailbox.mailbox.faults.waiting == []

"""The mailbox's pages: they show every mail and let none of them do anything."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.deploy.local.mailbox.mailboxes import MailboxUnderTest, mail, mailbox_under_test

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[MailboxUnderTest]:
    async with mailbox_under_test(tmp_path) as mailbox:
        yield mailbox


async def test_the_newest_mail_is_listed_first(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(subject="older"))
    await mailbox.send(mail(subject="newer"))

    page = await mailbox.page("/")

    assert page.index("newer") < page.index("older")


async def test_an_empty_mailbox_says_so(mailbox: MailboxUnderTest) -> None:
    assert "No mail yet" in await mailbox.page("/")
    assert "No mail for this address yet" in await mailbox.page("/?to=ana@example.org")


async def test_a_mail_is_shown_in_each_view(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(text="As text.", html="<p>As HTML.</p>"))

    assert 'src="/messages/1/html"' in await mailbox.page("/messages/1")
    assert "As text." in await mailbox.page("/messages/1?view=text")
    assert "Message-ID: &lt;one@example.org&gt;" in await mailbox.page("/messages/1?view=raw")
    assert "As HTML." in await mailbox.page("/messages/1/html")


async def test_a_mail_without_html_opens_as_text(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(text="Only text."))

    assert "Only text." in await mailbox.page("/messages/1")


async def test_nothing_of_a_mail_is_markup_of_our_page(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(subject=HOSTILE, text=HOSTILE))

    for path in ("/", "/messages/1?view=text", "/messages/1?view=raw", f"/?to={HOSTILE}"):
        assert HOSTILE not in await mailbox.page(path)


async def test_a_mails_own_page_runs_and_loads_nothing(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(html=HOSTILE))

    async with mailbox.http.get("/messages/1/html") as answer:
        policy = answer.headers["Content-Security-Policy"].split("; ")

    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert not [rule for rule in policy if rule.startswith("script-src")]


async def test_links_of_a_mail_open_outside_its_frame(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(html="<!doctype html><html><HEAD><title>x</title></HEAD></html>"))

    page = await mailbox.page("/messages/1/html")

    assert page.startswith('<!doctype html><html><HEAD><base target="_blank">')


async def test_an_attachment_is_downloaded_and_never_shown(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail(calendar=b"BEGIN:VCALENDAR\n"))

    assert "seat.ics" in await mailbox.page("/messages/1")
    async with mailbox.http.get("/messages/1/attachments/0") as answer:
        assert (await answer.read()).startswith(b"BEGIN:VCALENDAR")
        assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''seat.ics"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with mailbox.http.get("/messages/1/attachments/1") as answer:
        assert answer.status == 404


async def test_emptying_needs_a_click_on_our_own_page(mailbox: MailboxUnderTest) -> None:
    await mailbox.send(mail())

    elsewhere = {"Origin": "https://elsewhere.example"}
    async with mailbox.http.post("/empty", headers=elsewhere) as answer:
        assert answer.status == 403
    async with mailbox.http.get("/", headers={"Host": "elsewhere.example"}) as answer:
        assert answer.status == 403
    assert len(await mailbox.messages()) == 1

    async with mailbox.http.post("/empty", headers={"Origin": mailbox.mailbox.url}) as answer:
        assert answer.status == 200
    assert await mailbox.messages() == []

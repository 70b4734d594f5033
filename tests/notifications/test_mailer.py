"""The mailer: connections, what the server's words mean, and no secret in the clear."""

import asyncio

import pytest

from services.notifications import mailer as mailer_module
from services.notifications.mailer import Deferred, Refused, ServerAway
from tests.notifications.builders import mailer_to
from tests.notifications.smtp_server import SmtpServer, smtp_server, trusting
from tests.waiting import eventually

MAIL = b"Subject: a\r\n\r\n.dot\r\nwords\r\n"


async def test_bytes_arrive_as_they_are() -> None:
    async with smtp_server() as server:
        accepted = await mailer_to(server.port).send("ana@example.net", MAIL)

        # On the wire a leading dot is doubled.
        assert server.mails == [MAIL.replace(b"\r\n.dot", b"\r\n..dot")]
        assert (accepted.code, accepted.answer) == (250, "kept")
        assert "MAIL FROM:<tickets@example.org>" in server.commands
        assert "RCPT TO:<ana@example.net>" in server.commands


async def test_a_connection_is_kept_for_the_next_mail_and_introduced_once() -> None:
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        for _ in range(3):
            await mailer.send("ana@example.net", MAIL)

        assert server.connections == 1
        assert server.verbs.count("EHLO") == 1


async def test_no_more_connections_than_allowed() -> None:
    async with smtp_server(SmtpServer(held=asyncio.Event())) as server:
        mailer = mailer_to(server.port, connections=3)
        sending = [asyncio.create_task(mailer.send("ana@example.net", MAIL)) for _ in range(10)]
        await eventually(lambda: server.commands.count("DATA") == 3)
        assert server.held is not None
        server.held.set()
        await asyncio.gather(*sending)

        assert len(server.mails) == 10
        assert server.open_most == server.connections == 3


async def test_a_connection_that_was_closed_while_idle_is_opened_again() -> None:
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        await mailer.send("ana@example.net", MAIL)
        server.hang_up()

        await mailer.send("ana@example.net", MAIL)

        assert len(server.mails) == 2
        assert server.connections == 2


async def test_a_server_that_says_good_bye_to_an_idle_connection_costs_no_try() -> None:
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        await mailer.send("ana@example.net", MAIL)
        server.answers["MAIL"] = "421 idle for too long"

        sending = asyncio.create_task(mailer.send("ana@example.net", MAIL))
        await eventually(lambda: server.connections == 2)
        with pytest.raises(Deferred) as caught:
            await sending

        # Said to a fresh connection it is an answer to the mail.
        assert caught.value.code == 421


async def test_a_connection_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer_module, "IDLE_SECONDS", 0)
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        for _ in range(2):
            await mailer.send("ana@example.net", MAIL)

        assert server.connections == 2


async def test_a_connection_carries_a_limited_number_of_mails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailer_module, "MAILS_PER_CONNECTION", 2)
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        for _ in range(5):
            await mailer.send("ana@example.net", MAIL)

        assert server.connections == 3


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("code", "kind"), [(450, Deferred), (550, Refused)])
async def test_a_refusal_leaves_the_connection_usable(
    verb: str, code: int, kind: type[Exception]
) -> None:
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        server.answers[verb] = f"{code} not this one"
        with pytest.raises(kind) as caught:
            await mailer.send("ana@example.net", MAIL)
        assert caught.value.code == code  # type: ignore[attr-defined]
        server.answers.clear()

        await mailer.send("bo@example.net", MAIL)

        assert server.connections == 1
        # Otherwise a server takes the next mail's sender for a second one of this mail.
        assert "RSET" in server.verbs


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("answer", ["", None, "what is this"])
async def test_a_server_that_hangs_up_or_says_nothing_or_nonsense_defers(
    verb: str, answer: str | None
) -> None:
    async with smtp_server(SmtpServer(answers={verb: answer})) as server:
        mailer = mailer_to(server.port, command_seconds=0.2, final_answer_seconds=0.2)

        with pytest.raises(Deferred):
            await mailer.send("ana@example.net", MAIL)


@pytest.mark.parametrize("greeting", ["554 go away", "421 later", "", None])
async def test_a_server_that_does_not_let_us_in_is_away(greeting: str | None) -> None:
    async with smtp_server(SmtpServer(greeting=greeting)) as server:
        mailer = mailer_to(server.port, connect_seconds=0.2)

        with pytest.raises(ServerAway):
            await mailer.send("ana@example.net", MAIL)
        with pytest.raises(ServerAway):
            await mailer.check()


async def test_a_rejected_password_is_no_verdict_on_the_mail() -> None:
    server = SmtpServer(answers={"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "535 wrong"})
    async with smtp_server(server):
        mailer = mailer_to(server.port, username="ana", password="wrong-secret")

        with pytest.raises(ServerAway) as caught:
            await mailer.send("ana@example.net", MAIL)

        assert "wrong-secret" not in str(caught.value)


async def test_starttls_is_used_and_the_password_goes_only_through_it() -> None:
    server = SmtpServer(answers={"EHLO": "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"})
    async with smtp_server(server):
        mailer = mailer_to(
            server.port,
            security="starttls",
            username="ana",
            password="secret",
            tls_context=trusting(),
        )
        await mailer.send("ana@example.net", MAIL)

        assert server.verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
        assert len(server.mails) == 1


async def test_where_starttls_was_stripped_nothing_is_said_in_the_clear() -> None:
    async with smtp_server(SmtpServer(answers={"EHLO": "250-test\r\n250 AUTH PLAIN"})) as server:
        mailer = mailer_to(
            server.port,
            security="starttls",
            username="ana",
            password="secret",
            tls_context=trusting(),
        )

        with pytest.raises(ServerAway):
            await mailer.send("ana@example.net", MAIL)

        assert server.verbs == ["EHLO"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(security: str) -> None:
    server = SmtpServer(answers={"EHLO": "250-test\r\n250 STARTTLS"}, is_tls=security == "tls")
    async with smtp_server(server):
        mailer = mailer_to(server.port, security=security)

        with pytest.raises(ServerAway):
            await mailer.send("ana@example.net", MAIL)

        assert set(server.verbs) <= {"EHLO", "STARTTLS"}


async def test_tls_from_the_first_byte() -> None:
    async with smtp_server(SmtpServer(is_tls=True)) as server:
        mailer = mailer_to(server.port, security="tls", tls_context=trusting())
        await mailer.send("ana@example.net", MAIL)

        assert len(server.mails) == 1
        await mailer.close()


@pytest.mark.parametrize(
    "address", ["ana@example.net>\r\nRCPT TO:<all@example.net", "", "a b", "josé@example.net"]
)
async def test_what_cannot_be_sent_to_is_refused_and_injects_nothing(address: str) -> None:
    async with smtp_server() as server:
        mailer = mailer_to(server.port)

        with pytest.raises(Refused):
            await mailer.send(address, MAIL)

        assert not any("all@example.net" in command for command in server.commands)
        assert server.mails == []


async def test_an_address_beyond_ascii_goes_to_a_server_that_takes_it() -> None:
    async with smtp_server(SmtpServer(answers={"EHLO": "250-test\r\n250 SMTPUTF8"})) as server:
        await mailer_to(server.port).send("josé@example.net", MAIL)

        assert "MAIL FROM:<tickets@example.org> SMTPUTF8 BODY=8BITMIME" in server.commands
        assert "RCPT TO:<josé@example.net>" in server.commands


async def test_the_check_asks_seldom_and_keeps_its_connection() -> None:
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        await mailer.check()
        asked = len(server.commands)
        await mailer.check()
        assert len(server.commands) == asked

        await mailer.send("ana@example.net", MAIL)
        assert server.connections == 1


async def test_the_check_notices_a_server_that_went_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer_module, "CHECK_SECONDS", 0)
    async with smtp_server() as server:
        mailer = mailer_to(server.port, connect_seconds=0.5)
        await mailer.check()

    with pytest.raises(ServerAway):
        await mailer.check()


async def test_closing_takes_leave() -> None:
    async with smtp_server() as server:
        mailer = mailer_to(server.port)
        await mailer.send("ana@example.net", MAIL)
        await mailer.close()

        assert server.commands[-1] == "QUIT"


async def test_what_a_server_says_can_be_stored() -> None:
    async with smtp_server(SmtpServer(answers={".": "550 no\x00\x1b" + "x" * 900})) as server:
        with pytest.raises(Refused) as caught:
            await mailer_to(server.port).send("ana@example.net", MAIL)

        assert caught.value.answer.isprintable()
        assert len(caught.value.answer) <= 300

"""The door that mail comes in by: SMTP on loopback."""

import asyncio
import logging
import re
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailbox.faults import Fault, Faults, Stage
from deploy.local.mailbox.mails import Mails
from deploy.local.ports import LOOPBACK

MAIL_BYTES_MAX = 25 * 1024 * 1024
IDLE_SECONDS = 600
PLAIN_ADDRESS = re.compile(r"<([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253})>(.*)")
FINAL_DOT = b"\r\n.\r\n"
ACCEPTED = "250 2.0.0 Kept"
CONNECTION_DROPPED = "421 4.3.0 Connection dropped"

# Each command of each mail would be a line.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class _Door:
    """Accepts everything for everybody, but for the faults that were asked for."""

    def __init__(self, mails: Mails, faults: Faults) -> None:
        self._mails = mails
        self._faults = faults

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self.fault(server, Stage.MAIL, []):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self.fault(server, Stage.RCPT, [address]):
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        fault = await self._faults.strike(Stage.MESSAGE, envelope.rcpt_tos)
        if fault is None or fault.stored or (fault.answer is None and not fault.drop):
            content = envelope.original_content or b""
            self._mails.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return _refusal(server, fault) or ACCEPTED

    async def fault(self, server: SMTP, stage: Stage, recipients: list[str]) -> str | None:
        """The answer to give instead of going on."""
        return _refusal(server, await self._faults.strike(stage, recipients))


def _refusal(server: SMTP, fault: Fault | None) -> str | None:
    if fault is None:
        return None
    if fault.drop:
        _abort(server)
        return CONNECTION_DROPPED
    return fault.answer


def _abort(conversation: SMTP) -> None:
    if isinstance(conversation.transport, asyncio.Transport):
        conversation.transport.abort()


class _Conversation(SMTP):
    """aiosmtpd's own conversation, but for two things that are dear in it.

    Reading the mail line by line and addresses by the full grammar costs a millisecond of
    processor time a mail, which benchmarks of the system around it would notice.
    """

    line_length_limit = MAIL_BYTES_MAX

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd calls it so
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Send a recipient first")
            return
        if refusal := await self.event_handler.fault(self, Stage.DATA, self.envelope.rcpt_tos):
            await self.push(refusal)
            return
        await self.push("354 End with a line that is one dot")
        content = await self._content()
        if content is None:
            await self.push("552 5.3.4 The mail is too large")
        else:
            self.envelope.content = self.envelope.original_content = content
            await self.push(await self.event_handler.handle_DATA(self, self.session, self.envelope))
        self._set_post_data_state()  # type: ignore[no-untyped-call] # one of few without types

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        if plain := PLAIN_ADDRESS.match(arg):
            return plain[1], plain[2]
        return super()._getaddr(arg)

    async def _content(self) -> bytes | None:
        """The mail up to its final dot; None when it is larger than it may be."""
        # The line break that ended the command counts: an empty mail is a dot right after it.
        received, scanned = bytearray(b"\r\n"), 0
        too_large = False
        while (end := received.find(FINAL_DOT, scanned)) < 0:
            if len(received) > MAIL_BYTES_MAX:
                too_large = True
                del received[: -len(FINAL_DOT)]
            scanned = max(0, len(received) - len(FINAL_DOT))
            chunk = await self._reader.read(2 * MAIL_BYTES_MAX)
            if not chunk:
                raise ConnectionResetError
            received += chunk
        if after := received[end + len(FINAL_DOT) :]:
            self._reader.feed_data(bytes(after))
        if too_large or end > MAIL_BYTES_MAX:
            return None
        return bytes(received[:end] + b"\r\n").replace(b"\r\n.", b"\r\n")[2:]


@asynccontextmanager
async def listening(
    mails: Mails, faults: Faults, port: int, host: str = LOOPBACK
) -> AsyncIterator[int]:
    """Take mail on the port while the block runs; port 0 takes a free one."""
    door = _Door(mails, faults)
    loop = asyncio.get_running_loop()
    conversations: weakref.WeakSet[SMTP] = weakref.WeakSet()

    def conversation() -> SMTP:
        made = _Conversation(
            door,
            loop=loop,
            hostname="mailbox.localhost",
            ident="Taquilla mailbox",
            enable_SMTPUTF8=True,
            data_size_limit=MAIL_BYTES_MAX,
            timeout=IDLE_SECONDS,
        )
        conversations.add(made)
        return made

    server = await loop.create_server(conversation, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        # Clients keep connections open for their next mail.
        for open_conversation in conversations:
            _abort(open_conversation)
        await asyncio.sleep(0)

"""A mail server that does exactly what a test tells it, for what the mailbox cannot do."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from shared.tasks import stop_tasks

CERTIFICATE = Path(__file__).with_name("localhost-for-tests.pem")

_ANSWERS = {
    "EHLO": "250-test\r\n250 SIZE",
    "AUTH": "235 welcome",
    "MAIL": "250 sender",
    "RCPT": "250 recipient",
    "DATA": "354 go on",
    ".": "250 kept",
    "RSET": "250 reset",
    "NOOP": "250 here",
    "QUIT": "221 bye",
    "STARTTLS": "220 go ahead",
}


@dataclass
class SmtpServer:
    """What it answers, and what it has seen. An empty answer hangs up, None keeps silent."""

    greeting: str | None = "220 test"
    answers: dict[str, str | None] = field(default_factory=dict)
    is_tls: bool = False
    held: asyncio.Event | None = None  # Mails are answered only once this is set.
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    connections: int = 0
    open_most: int = 0
    port: int = 0
    conversations: set["_Conversation"] = field(default_factory=set)

    @property
    def verbs(self) -> list[str]:
        return [command.split(" ")[0] for command in self.commands]

    def hang_up(self) -> None:
        """Close all connections, as a server does that is restarted or tired of waiting."""
        for conversation in list(self.conversations):
            conversation.transport.abort()


class _Conversation(asyncio.Protocol):
    """One connection. Not asyncio's own streams: those of Python 3.11 warn after any TLS."""

    transport: asyncio.Transport
    task: asyncio.Task[None]

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._reader = asyncio.StreamReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._server.connections += 1
        self._server.conversations.add(self)
        self._server.open_most = max(self._server.open_most, len(self._server.conversations))
        self.task = asyncio.get_running_loop().create_task(self._converse())

    def data_received(self, data: bytes) -> None:
        self._reader.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reader.feed_eof()
        self._server.conversations.discard(self)

    async def _converse(self) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if await self._say(self._server.greeting):
                while line := await self._reader.readline():
                    if not await self._answer(line.decode().strip()):
                        break
        self.transport.abort()

    async def _answer(self, command: str) -> bool:
        server = self._server
        verb = command.split(" ")[0]
        server.commands.append(command)
        answer = server.answers.get(verb, _ANSWERS.get(verb, "502 what"))
        if not await self._say(answer):
            return False
        if verb == "STARTTLS":
            transport = await asyncio.get_running_loop().start_tls(
                self.transport, self, _server_context(), server_side=True
            )
            assert transport is not None
            self.transport = transport
        elif verb == "DATA" and answer and answer.startswith("354"):
            content = await self._reader.readuntil(b"\r\n.\r\n")
            if server.held is not None:
                await server.held.wait()
            server.mails.append(content.removesuffix(b".\r\n"))
            return await self._say(server.answers.get(".", _ANSWERS["."]))
        return verb != "QUIT"

    async def _say(self, answer: str | None) -> bool:
        if answer:
            self.transport.write(f"{answer}\r\n".encode())
        elif answer is None:
            await self._reader.read()  # Until the client has had enough.
        return bool(answer)


@contextlib.asynccontextmanager
async def smtp_server(server: SmtpServer | None = None) -> AsyncIterator[SmtpServer]:
    """The server listens on loopback while the block runs."""
    served = server or SmtpServer()

    def conversation() -> _Conversation:
        return _Conversation(served)

    listening = await asyncio.get_running_loop().create_server(
        conversation, "127.0.0.1", 0, ssl=_server_context() if served.is_tls else None
    )
    served.port = listening.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        listening.close()
        tasks = {open_now.task for open_now in served.conversations}
        served.hang_up()
        await stop_tasks(tasks)
        await asyncio.sleep(0)


def trusting() -> ssl.SSLContext:
    """A client that trusts the test's certificate and still checks it."""
    return ssl.create_default_context(cafile=CERTIFICATE)


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context

"""The only file that speaks SMTP: a few connections, kept open, and three kinds of bad news."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException

from services.notifications import measures
from services.notifications.plain_words import is_address, one_line

CONNECT_SECONDS = 15
COMMAND_SECONDS = 60
# RFC 5321, 4.5.3.2.6: who gives up earlier sends mails again that a slow server had taken.
FINAL_ANSWER_SECONDS = 600
IDLE_SECONDS = 60  # Servers hang up on who is silent for longer.
MAILS_PER_CONNECTION = 200
CHECK_SECONDS = 5
QUIT_SECONDS = 1
ANSWER_LENGTH_MAX = 300

_CLOSING = 421
_NO_SUCH_ADDRESS = 553

Security = Literal["starttls", "tls", "none"]


class Refused(Exception):
    """The server will never take this mail."""

    def __init__(self, code: int, answer: str) -> None:
        self.code = code
        self.answer = _printable(answer)
        super().__init__(code)


class Deferred(Exception):
    """The server did not take this mail now, or nobody knows whether it did."""

    def __init__(self, code: int | None, answer: str) -> None:
        self.code = code
        self.answer = _printable(answer)
        super().__init__(code)


class ServerAway(Exception):
    """The mail server cannot be reached or does not let us in; that says nothing of any mail."""


@dataclass(frozen=True)
class Accepted:
    """The server's answer to the final dot: from now on the mail is its business."""

    code: int
    answer: str


@dataclass(eq=False)
class _Connection:
    smtp: SMTP
    used_at: float
    mails: int = 0


class Mailer:
    """Hands mails to the server, over a limited number of connections at once."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        security: Security,
        username: str | None = None,
        password: str | None = None,
        connections: int = 4,
        tls_context: ssl.SSLContext | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        command_seconds: float = COMMAND_SECONDS,
        final_answer_seconds: float = FINAL_ANSWER_SECONDS,
    ) -> None:
        self.connections = connections
        self._host = host
        self._port = port
        self._sender = sender
        self._security = security
        self._username = username
        self._password = password
        # Reading the system's certificates takes long: once, not for each connection.
        self._tls_context = tls_context or ssl.create_default_context()
        self._connect_seconds = connect_seconds
        self._command_seconds = command_seconds
        self._final_answer_seconds = final_answer_seconds
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []
        self._answered_at = float("-inf")

    async def send(self, recipient: str, content: bytes) -> Accepted:
        """Hand one mail over. Raises Refused, Deferred or ServerAway."""
        # aiosmtplib would make the best of what is none, and send to somebody.
        if not is_address(recipient):
            raise Refused(_NO_SUCH_ADDRESS, "this is not an address")
        async with self._slots:
            connection = await self._introduced(recipient)
            async with self._talking(connection):
                answer = await connection.smtp.data(content, timeout=self._final_answer_seconds)
            connection.mails += 1
            self._put_back(connection)
            return Accepted(answer.code, _printable(answer.message))

    async def check(self) -> None:
        """Raises ServerAway when no connection can be had; asks at most every few seconds."""
        if self._clock() - self._answered_at < CHECK_SECONDS:
            return
        connection = self._take_idle()
        if connection is not None:
            try:
                await connection.smtp.noop(timeout=self._connect_seconds)
            except (SMTPException, OSError):
                connection.smtp.close()
                connection = None
        self._put_back(connection or await self._connect())

    async def close(self) -> None:
        """Take leave on all connections that are idle."""
        while self._idle:
            smtp = self._idle.pop().smtp
            with suppress(SMTPException, OSError):
                await smtp.quit(timeout=QUIT_SECONDS)
            smtp.close()

    async def _introduced(self, recipient: str) -> _Connection:
        """A connection on which the server has accepted sender and recipient."""
        while (connection := self._take_idle()) is not None:
            try:
                async with self._talking(connection):
                    await self._introduce(connection, recipient)
            except Deferred as failure:
                # Closed while it was idle; the server has not seen the mail yet.
                if failure.code in (None, _CLOSING):
                    continue
                raise
            return connection
        connection = await self._connect()
        async with self._talking(connection):
            await self._introduce(connection, recipient)
        return connection

    async def _introduce(self, connection: _Connection, recipient: str) -> None:
        smtp = connection.smtp
        options: list[str] = []
        if not recipient.isascii():
            if not smtp.supports_extension("smtputf8"):
                raise SMTPResponseException(
                    _NO_SUCH_ADDRESS, "the mail server takes no addresses beyond ASCII"
                )
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        encoding = "utf-8" if options else "ascii"
        seconds = self._command_seconds
        await smtp.mail(self._sender, options=options, encoding=encoding, timeout=seconds)
        await smtp.rcpt(recipient, encoding=encoding, timeout=seconds)

    @asynccontextmanager
    async def _talking(self, connection: _Connection) -> AsyncIterator[None]:
        """Translates bad news; a connection whose state is not known is closed."""
        try:
            yield
        except SMTPResponseException as answer:
            try:
                await connection.smtp.rset(timeout=self._command_seconds)
                self._put_back(connection)
            except (SMTPException, OSError):
                connection.smtp.close()
            if 500 <= answer.code <= 599:
                raise Refused(answer.code, answer.message) from answer
            raise Deferred(answer.code, answer.message) from answer
        except (SMTPException, OSError) as failure:
            connection.smtp.close()
            raise Deferred(None, f"connection lost: {type(failure).__name__}") from failure
        except BaseException:
            connection.smtp.close()
            raise

    async def _connect(self) -> _Connection:
        smtp = SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            # The fully qualified name would be asked of DNS, which may take seconds.
            local_hostname=socket.gethostname() or "localhost",
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._tls_context,
            timeout=self._connect_seconds,
        )
        try:
            await smtp.connect()
            await smtp.noop()  # Says EHLO first.
        except (SMTPException, OSError) as failure:
            smtp.close()
            raise ServerAway(
                f"{type(failure).__name__}: {failure}"[:ANSWER_LENGTH_MAX]
            ) from failure
        except BaseException:
            smtp.close()
            raise
        measures.connections_opened.inc()
        return _Connection(smtp, self._clock())

    def _take_idle(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if (
                connection.smtp.is_connected
                and self._clock() - connection.used_at < IDLE_SECONDS
                and connection.mails < MAILS_PER_CONNECTION
            ):
                return connection
            connection.smtp.close()
        return None

    def _put_back(self, connection: _Connection) -> None:
        self._answered_at = connection.used_at = self._clock()
        if len(self._idle) < self.connections:
            self._idle.append(connection)
        else:
            connection.smtp.close()

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()


def _printable(answer: str) -> str:
    """What a server says is stored and published: nothing that could not be."""
    return one_line(answer)[:ANSWER_LENGTH_MAX]

"""Posts letters over kept connections: a small HTTP/1.1 client, since deliveries are the bulk."""

import asyncio
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LONGEST_HEAD = 64 * 1024
_MOST_IDLE = 100


class NoAnswer(Exception):
    """The endpoint could not be reached, or said nothing that is HTTP."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    path: str
    is_secure: bool

    @property
    def host_header(self) -> str:
        usual = 443 if self.is_secure else 80
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == usual else f"{name}:{self.port}"


@dataclass(slots=True)
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_used: bool = field(default=False)


class Sender:
    """Keeps connections open between letters and opens as many as there are letters at once."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._idle: dict[tuple[str, int], list[Connection]] = {}

    async def post(self, url: str, body: bytes, headers: dict[str, str], seconds: float) -> int:
        """The status of the answer; raises NoAnswer when there is none in time."""
        address = _address(url)
        own = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = (
            f"POST {address.path} HTTP/1.1\r\nHost: {address.host_header}\r\n{self._head}{own}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        try:
            async with asyncio.timeout(seconds):
                return await self._send(address, request)
        except TimeoutError as late:
            raise NoAnswer("timed out") from late

    async def close(self) -> None:
        writers = [one.writer for idle in self._idle.values() for one in idle]
        self._idle.clear()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)

    async def _send(self, address: Address, request: bytes) -> int:
        while True:
            connection = await self._connection(address)
            try:
                connection.writer.write(request)
                status, may_stay = await _read_answer(connection.reader)
            except (OSError, EOFError, ValueError) as failure:
                connection.writer.close()
                if connection.is_used and isinstance(failure, OSError | EOFError):
                    continue  # The endpoint closed an idle connection: that says nothing.
                raise NoAnswer(type(failure).__name__) from failure
            except BaseException:
                connection.writer.close()
                raise
            idle = self._idle.setdefault((address.host, address.port), [])
            if may_stay and len(idle) < _MOST_IDLE:
                connection.is_used = True
                idle.append(connection)
            else:
                connection.writer.close()
            return status

    async def _connection(self, address: Address) -> Connection:
        idle = self._idle.get((address.host, address.port), [])
        while idle:
            connection = idle.pop()
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                return connection
            connection.writer.close()
        try:
            reader, writer = await asyncio.open_connection(
                address.host,
                address.port,
                ssl=ssl.create_default_context() if address.is_secure else None,
                limit=_LONGEST_HEAD,
            )
        except OSError as failure:
            raise NoAnswer(type(failure).__name__) from failure
        return Connection(reader, writer)


def _address(url: str) -> Address:
    parts = urlsplit(url)
    is_secure = parts.scheme == "https"
    try:
        port = parts.port or (443 if is_secure else 80)
    except ValueError as wrong:
        raise NoAnswer("the URL has no valid port") from wrong
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.hostname or "", port, path, is_secure)


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, and whether the connection can be used again; the body is read and dropped.

    Raises EOFError (asyncio's IncompleteReadError) or ValueError for what is no answer.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as wrong:
        raise ValueError("The head is too long.") from wrong
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status = first.split(" ", 2)[:2]
    fields = dict(_field(line) for line in lines if ":" in line)
    may_stay = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"
    code = int(status)
    if "content-length" in fields:
        await _drop(reader, int(fields["content-length"]))
    elif code not in (204, 304):
        may_stay = False  # Whatever follows ends with the connection, and nobody reads it.
    return code, may_stay


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


async def _drop(reader: asyncio.StreamReader, length: int) -> None:
    while length > 0:
        part = await reader.read(min(length, 65536))
        if not part:
            raise EOFError
        length -= len(part)

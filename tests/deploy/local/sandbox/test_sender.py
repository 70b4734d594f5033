"""The small HTTP client against endpoints that behave in their own ways."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from deploy.local.sandbox.sender import NoAnswer, Sender

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def _endpoint(talk: Talk) -> AsyncIterator[str]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, EOFError):
            return
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?a=b"
    finally:
        server.close()
        await server.wait_closed()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def _answering(answer: bytes, requests: list[bytes] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await _request(reader)
            if requests is not None:
                requests.append(request)
            writer.write(answer)
            if b"Content-Length" not in answer:
                return

    return talk


async def _post(url: str, sender: Sender | None = None, seconds: float = 5) -> int:
    own = sender or Sender({"User-Agent": "Test"})
    try:
        return await own.post(url, b"body", {"Signed": "yes"}, seconds)
    finally:
        if sender is None:
            await own.close()


async def test_a_letter_carries_its_head_and_body() -> None:
    requests: list[bytes] = []
    async with _endpoint(
        _answering(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", requests)
    ) as url:
        assert await _post(url) == 204

    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nUser-Agent: Test\r\nSigned: yes\r\nContent-Length: 4" in head
    assert body == b"body"


async def test_a_connection_is_used_again() -> None:
    connections = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while True:
            await _request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with _endpoint(talk) as url:
        sender = Sender({})
        assert [await _post(url, sender) for _ in range(3)] == [200, 200, 200]
        await sender.close()

    assert len(connections) == 1


async def test_a_connection_that_was_closed_meanwhile_is_replaced() -> None:
    connections = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await _request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with _endpoint(talk) as url:
        sender = Sender({})
        assert [await _post(url, sender) for _ in range(3)] == [200, 200, 200]
        await sender.close()

    assert len(connections) == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nto the end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_an_answer_may_end_in_every_way(answer: bytes) -> None:
    async with _endpoint(_answering(answer)) as url:
        sender = Sender({})
        assert [await _post(url, sender) for _ in range(2)] == [200, 200]
        await sender.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: y\r\n\r\nshort",
    ],
)
async def test_what_is_no_answer_is_said_to_be_none(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(answer)

    async with _endpoint(talk) as url:
        with pytest.raises(NoAnswer):
            await _post(url)


async def test_an_endless_head_is_no_answer() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        for _ in range(3):
            writer.write(b"HTTP/1.1 200 OK" + b"x" * 65_536)
            await writer.drain()

    async with _endpoint(talk) as url:
        with pytest.raises(NoAnswer):
            await _post(url)


async def test_silence_is_given_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with _endpoint(talk) as url:
        with pytest.raises(NoAnswer, match="timed out"):
            await _post(url, seconds=0.05)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://127.0.0.1:99999/"])
async def test_nobody_there_is_no_answer(url: str) -> None:
    with pytest.raises(NoAnswer):
        await _post(url)

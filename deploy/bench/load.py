"""A load generator: connections that are never idle, each request with an address of its own.

A process of its own, so that its CPU is known and nobody else's. Prints one JSON line.
"""

import argparse
import asyncio
import json
import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

CONNECTIONS_MAX = 256
SECONDS_MAX = 60
REQUESTS_MAX = 1_000_000


@dataclass
class Tally:
    """What the connections saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies_seconds: list[float] = field(default_factory=list)
    lost: int = 0


class Connection(asyncio.Protocol):
    """One keep-alive connection: the next request leaves when the answer has arrived."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self._is_waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one without saying so.
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        request = self._load.next_request()
        if request is None:
            self._transport.close()
            return
        self._is_waiting = True
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        length_at = head.find(b"content-length:")
        length = int(head[length_at + 15 :].split(b"\r\n", 1)[0]) if length_at >= 0 else 0
        if len(self._buffer) < head_end + 4 + length:
            return
        tally = self._load.tally
        tally.latencies_seconds.append(time.perf_counter() - self._sent_at)
        tally.statuses[int(head[9:12])] += 1
        self._buffer = b""
        self._is_waiting = False
        self._send()

    def connection_lost(self, _failure: Exception | None) -> None:
        if self._is_waiting:
            self._load.tally.lost += 1
        self._load.connection_ended()


class Load:
    """A bounded closed loop against one address: ends by time or by count, whichever is first."""

    def __init__(self, url: str, *, connections: int, seconds: float, count: int, run: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        if self._host not in ("127.0.0.1", "localhost", "::1"):
            raise SystemExit("The load generator only talks to this machine.")
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._connections = min(connections, CONNECTIONS_MAX)
        self._seconds = min(seconds, SECONDS_MAX)
        self._count = min(count, REQUESTS_MAX)
        self._run = run
        self._number = 0
        self._deadline = 0.0
        self._open = 0
        self._ended = asyncio.Event()
        self.tally = Tally()

    def next_request(self) -> bytes | None:
        if self._number >= self._count or time.perf_counter() >= self._deadline:
            return None
        self._number += 1
        body = b'{"name": "Guest %d", "email": "guest-%s-%d@example.org", "locale": "en"}' % (
            self._number,
            self._run.encode(),
            self._number,
        )
        return self._head + b"%d\r\n\r\n" % len(body) + body

    def connection_ended(self) -> None:
        self._open -= 1
        if not self._open:
            self._ended.set()

    async def run(self) -> dict[str, object]:
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        self._deadline = started + self._seconds
        self._open = self._connections
        for _ in range(self._connections):
            await loop.create_connection(lambda: Connection(self), self._host, self._port)
        async with asyncio.timeout(self._seconds + 30):
            await self._ended.wait()
        seconds = time.perf_counter() - started
        usage = resource.getrusage(resource.RUSAGE_SELF)
        latencies = sorted(self.tally.latencies_seconds) or [0.0]
        return {
            "answers": sum(self.tally.statuses.values()),
            "statuses": {str(status): count for status, count in self.tally.statuses.items()},
            "lost": self.tally.lost,
            "seconds": seconds,
            "per_s": sum(self.tally.statuses.values()) / seconds,
            "p50_ms": latencies[len(latencies) // 2] * 1000,
            "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
        }


def main() -> None:
    """Run one load and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--count", type=int, default=REQUESTS_MAX)
    parser.add_argument("--run", default="a", help="makes the addresses of this run distinct")
    chosen = parser.parse_args()

    async def measured() -> dict[str, object]:
        load = Load(
            chosen.url,
            connections=chosen.connections,
            seconds=chosen.seconds,
            count=chosen.count,
            run=chosen.run,
        )
        return await load.run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measured())))


if __name__ == "__main__":
    main()

"""The embedded NATS: quick, private, and with its streams after a crash."""

import asyncio
import stat
import time
from pathlib import Path

import nats
import pytest
from nats.js.api import StreamConfig

from deploy.local.nats import NatsServer, embedded_nats
from deploy.local.servers import ServerProcess


async def publish(url: str, text: bytes) -> None:
    client = await nats.connect(url)
    try:
        jetstream = client.jetstream()
        await jetstream.add_stream(StreamConfig(name="TICKETS", subjects=["tickets.>"]))
        await jetstream.publish("tickets.one", text)
    finally:
        await client.close()


async def last_message(url: str) -> bytes | None:
    client = await nats.connect(url)
    try:
        message = await client.jetstream().get_last_msg("TICKETS", "tickets.one")
        return message.data
    finally:
        await client.close()


async def test_it_is_ready_at_once_and_stops_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    async with embedded_nats(tmp_path) as url:
        await publish(url, b"one")
        assert time.monotonic() - started < 2
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 2


async def test_streams_and_port_survive_a_restart(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path) as first_url:
        await publish(first_url, b"kept")

    async with embedded_nats(tmp_path) as second_url:
        assert await last_message(second_url) == b"kept"

    assert second_url == first_url


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    process = ServerProcess(NatsServer(tmp_path))
    await publish(process.start(), b"kept")

    process.kill()
    try:
        assert await last_message(process.start()) == b"kept"
    finally:
        process.stop()


async def test_a_password_is_asked_for(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path) as url:
        host, port = url.rpartition("@")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert b"-ERR 'Authorization Violation'" in answer

    assert stat.S_IMODE((tmp_path / "nats.conf").stat().st_mode) == 0o600


@pytest.mark.parametrize("interval", ["always", "2m"])
async def test_the_sync_interval_is_the_callers(tmp_path: Path, interval: str) -> None:
    async with embedded_nats(tmp_path, sync_interval=interval) as url:
        await publish(url, b"one")

    assert f'sync_interval: "{interval}"' in (tmp_path / "nats.conf").read_text()


async def test_a_folder_with_any_name_will_do(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path / 'with space, "quotes" and ñ') as url:
        await publish(url, b"one")
        assert await last_message(url) == b"one"

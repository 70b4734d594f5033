"""The containers' health check, run as the image runs it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy import livez

STATUS: web.AppKey[int] = web.AppKey("status", int)


async def answer(request: web.Request) -> web.Response:
    return web.Response(status=request.app[STATUS])


@pytest.fixture
async def service(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """The port of something that answers /livez with the status asked for."""
    app = web.Application()
    app[STATUS] = request.param
    app.router.add_get("/livez", answer)
    server = TestServer(app)
    await server.start_server()
    yield server.port or 0
    await server.close()


async def check(*arguments: str, **environment: str) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-E", "-S", str(Path(livez.__file__)), *arguments),
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()


@pytest.mark.parametrize(("service", "exit_code"), [(200, 0), (503, 1)], indirect=["service"])
async def test_a_container_is_as_healthy_as_its_service_says(service: int, exit_code: int) -> None:
    assert await check(SERVICE="payments", PAYMENTS_PORT=str(service)) == exit_code


@pytest.mark.parametrize("service", [200], indirect=True)
async def test_what_is_no_service_names_its_port(service: int) -> None:
    assert await check(str(service)) == 0


@pytest.mark.parametrize("service", [200], indirect=True)
async def test_silence_is_not_health(service: int) -> None:
    silent = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with silent:
        assert await check(str(silent.sockets[0].getsockname()[1])) == 1

    assert await check() == 1

"""Event streams: told when something has changed, bounded in every way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from services.registration.live import STREAMS, Streams, add_streams, version_of
from shared.refusals import NotFound
from shared.web import answer_problems
from tests.waiting import eventually


class Board:
    """Something to follow."""

    def __init__(self) -> None:
        self.text = "one"
        self.looks = 0
        self.failure: Exception | None = None

    async def look(self) -> str:
        self.looks += 1
        if self.failure is not None:
            raise self.failure
        return self.text

    async def looked_at(self, times: int) -> None:
        looks = self.looks + times
        await eventually(lambda: self.looks > looks)


Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def following(board: Board, **limits: Any) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[answer_problems])
    add_streams(app, Streams(**limits))

    async def follow(request: web.Request) -> web.StreamResponse:
        return await request.app[STREAMS].stream(
            request, board.look, topic="board", whose=request.query["who"], every_seconds=0.02
        )

    app.router.add_get("/follow", follow)
    async with TestClient(TestServer(app)) as client:
        yield client


async def event(answer: ClientResponse) -> dict[str, str]:
    """The next event, comments and settings skipped."""
    found: dict[str, str] = {}
    async with asyncio.timeout(5):
        while True:
            raw = await answer.content.readline()
            assert raw, "the stream ended"
            line = raw.decode().rstrip("\n")
            if not line and "data" in found:
                return found
            name, _, value = line.partition(": ")
            if name == "data" and "data" in found:
                value = f"{found['data']}\n{value}"
            found[name] = value


async def ended(answer: ClientResponse) -> bool:
    async with asyncio.timeout(5):
        await answer.read()
    return True


async def test_a_listener_is_told_at_once_and_then_only_of_changes() -> None:
    board = Board()
    async with following(board) as client, client.get("/follow?who=ana") as answer:
        first = await event(answer)
        await board.looked_at(3)
        board.text = "two\nlines"
        second = await event(answer)

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (first["data"], second["data"]) == ("one", "two\nlines")
    assert second["id"] == version_of("two\nlines")


async def test_what_a_page_shows_already_is_not_sent_again() -> None:
    board = Board()
    seen = version_of("one")
    async with following(board) as client:
        for sent in (
            client.get(f"/follow?who=ana&seen={seen}"),
            client.get("/follow?who=ana", headers={"Last-Event-ID": seen}),
        ):
            board.text = "one"
            async with sent as answer:
                await board.looked_at(3)
                board.text = "two"
                assert (await event(answer))["data"] == "two"


async def test_listeners_of_one_thing_share_their_looks_and_the_last_one_ends_them() -> None:
    board = Board()
    async with following(board) as client:
        answers = [await client.get(f"/follow?who={who}") for who in range(5)]
        for answer in answers:
            await event(answer)
        assert board.looks < 5
        for answer in answers:
            answer.close()

        def has_stopped() -> bool:
            board.text += "!"  # Writing finds out that nobody is there.
            names = [task.get_name() for task in asyncio.all_tasks()]
            return "event-stream-watch" not in names

        await eventually(has_stopped)


async def test_streams_are_bounded_altogether_and_for_each_listener() -> None:
    async with following(Board(), at_most=3, each=2) as client:
        kept = [await client.get("/follow?who=ana") for _ in range(2)]
        third_of_ana = await client.get("/follow?who=ana")
        kept.append(await client.get("/follow?who=ben"))
        fourth = await client.get("/follow?who=carl")

        assert [answer.status for answer in kept] == [200, 200, 200]
        assert (third_of_ana.status, fourth.status) == (429, 503)
        for answer in kept:
            answer.close()


async def test_a_place_is_free_again_once_its_listener_has_gone() -> None:
    board = Board()
    async with following(board, at_most=1, heartbeat_seconds=0.05) as client:
        first = await client.get("/follow?who=ana")
        await event(first)
        first.close()

        async def is_free() -> bool:
            async with client.get("/follow?who=ben") as answer:
                return answer.status == 200

        assert await eventually(is_free)


async def test_a_stream_ends_when_its_time_is_up_and_beats_until_then() -> None:
    async with (
        following(Board(), lifetime_seconds=0.4, heartbeat_seconds=0.05) as client,
        client.get("/follow?who=ana") as answer,
    ):
        async with asyncio.timeout(5):
            body = await answer.text()

    assert body.count(":\n\n") >= 2
    assert body.count("data: one") == 1


async def test_a_stream_ends_when_what_it_follows_is_gone() -> None:
    board = Board()
    async with following(board) as client, client.get("/follow?who=ana") as answer:
        await event(answer)
        board.failure = NotFound()
        assert await ended(answer)


async def test_a_database_that_is_away_ends_no_stream() -> None:
    board = Board()
    async with following(board) as client, client.get("/follow?who=ana") as answer:
        await event(answer)
        board.failure = ConnectionRefusedError()
        await board.looked_at(1)
        board.failure, board.text = None, "two"
        assert (await event(answer))["data"] == "two"


async def test_a_service_that_stops_ends_its_streams() -> None:
    board = Board()
    app = web.Application()
    add_streams(app)

    async def follow(request: web.Request) -> web.StreamResponse:
        return await request.app[STREAMS].stream(request, board.look, topic=1, whose="ana")

    app.router.add_get("/follow", follow)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/follow")
        await event(answer)
        async with asyncio.timeout(5):
            await client.server.close()
            assert await ended(answer)

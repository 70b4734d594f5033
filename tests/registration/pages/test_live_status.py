"""The status page is told of changes: at once by this process, soon by any other."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from services.registration.live import Streams
from services.registration.pages.rendering import Renderer
from services.registration.pages.routes import add_page_routes
from services.registration.routes.table import DESK, Desk
from services.registration.watching import Watch, add_watch
from shared.web import answer_problems
from tests.registration.office import FREE, Office, payment_succeeded, refunded
from tests.registration.pages.counter import Counter, path_of
from tests.waiting import eventually

SOON = 5


def own_path(office: Office, registrant: Any, what: str) -> str:
    return path_of(office.links.manage_url(registrant.id, registrant.link_version)) + what


async def next_state(stream: ClientResponse) -> str | None:
    """The next state that is told; None at the end of the stream."""
    async with asyncio.timeout(SOON):
        while line := await stream.content.readline():
            if line.startswith(b"data: "):
                return str(json.loads(line[6:])["state"])
    return None


@contextlib.asynccontextmanager
async def listening(counter: Counter, registrant: Any) -> AsyncIterator[ClientResponse]:
    async with counter.client.get(own_path(counter.office, registrant, "/events")) as stream:
        assert stream.status == 200
        yield stream


@contextlib.asynccontextmanager
async def another_replica(office: Office, watch: Watch) -> AsyncIterator[Counter]:
    """Pages of a process that handles no event itself."""
    app = web.Application(middlewares=[answer_problems])
    app[DESK] = Desk(office.database, office.links, office.admission, b"network", ())
    add_watch(app, watch)
    renderer = Renderer(
        public_url=office.links.public_url, payments_public_url=office.links.payments_public_url
    )
    add_page_routes(app, office.links, renderer)
    async with TestClient(TestServer(app)) as client:
        yield Counter(office, client)


async def state_now(counter: Counter, registrant: Any) -> str:
    async with counter.client.get(own_path(counter.office, registrant, "/state")) as answer:
        return str((await answer.json())["state"])


async def test_a_stream_says_at_once_how_it_stands(counter: Counter) -> None:
    registrant = await counter.office.admitted(await counter.office.schedule())

    async with listening(counter, registrant) as stream:
        assert stream.content_type == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-store"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert await next_state(stream) == await state_now(counter, registrant)


async def test_a_payment_is_told_by_the_handler_itself(office: Office) -> None:
    registrant = await office.admitted(await office.schedule())
    # Nobody looks at the database in the time that this test takes.
    office.watch = Watch(look_seconds=3_600)
    async with another_replica(office, office.watch) as counter:
        handled = office.watch.waking(_nothing_but_a_commit)
        async with listening(counter, registrant) as stream:
            before = await next_state(stream)
            await office.execute(
                "UPDATE registrants SET version = version + 1 WHERE id = $1", registrant.id
            )
            async with office.database.transaction() as connection:
                await handled(payment_succeeded(registrant), connection)

            assert await next_state(stream) not in (None, before)


async def _nothing_but_a_commit(_event: Any, _connection: Any) -> None:
    pass


async def test_a_rolled_back_handler_tells_nothing(office: Office) -> None:
    registrant = await office.admitted(await office.schedule())
    watch = Watch(look_seconds=3_600)
    change = "UPDATE registrants SET version = version + 1 WHERE id = $1"
    async with another_replica(office, watch) as counter, listening(counter, registrant) as stream:
        await next_state(stream)
        await office.execute(change, registrant.id)
        with pytest.raises(RuntimeError):
            async with office.database.transaction() as connection:
                await watch.waking(_failing)(payment_succeeded(registrant), connection)
        untold = await state_now(counter, registrant)
        await office.execute(change, registrant.id)
        async with office.database.transaction() as connection:
            handled = watch.waking(_nothing_but_a_commit)
            await handled(payment_succeeded(registrant), connection)

        told = await next_state(stream)
        assert told == await state_now(counter, registrant) != untold


async def _failing(_event: Any, _connection: Any) -> None:
    raise RuntimeError


async def test_what_another_replica_did_is_seen_soon(office: Office) -> None:
    registrant = await office.admitted(await office.schedule())
    async with (
        another_replica(office, Watch(look_seconds=0.05)) as counter,
        listening(counter, registrant) as stream,
    ):
        before = await next_state(stream)
        await office.deliver(payment_succeeded(registrant))

        assert await next_state(stream) not in (None, before)


async def test_each_step_is_told_to_each_open_page(counter: Counter) -> None:
    office = counter.office
    registrant = await office.admitted(await office.schedule())
    async with (
        listening(counter, registrant) as one,
        listening(counter, registrant) as other,
    ):
        first = await next_state(one), await next_state(other)
        await office.deliver(payment_succeeded(registrant))
        paid = await next_state(one), await next_state(other)
        await office.deliver(refunded(registrant, 1_000))
        part = await next_state(one), await next_state(other)

    assert [one for one, other in (first, paid, part) if one != other] == []
    assert len({first[0], paid[0], part[0]}) == 3


async def test_a_stream_without_its_link_is_not_there(counter: Counter) -> None:
    registrant = await counter.office.admitted(await counter.office.schedule(**FREE))
    await counter.office.execute("UPDATE registrants SET link_version = 2")

    for path in (own_path(counter.office, registrant, "/events"), "/r/nobody/events"):
        assert (await counter.get(path)).status == 404


async def test_a_replaced_link_ends_its_streams(office: Office) -> None:
    registrant = await office.admitted(await office.schedule())
    async with (
        another_replica(office, Watch(look_seconds=0.05)) as counter,
        listening(counter, registrant) as stream,
    ):
        await next_state(stream)
        await office.execute("UPDATE registrants SET link_version = 2")

        assert await next_state(stream) is None


async def test_a_stream_too_many_is_refused_and_the_page_polls(office: Office) -> None:
    registrant = await office.admitted(await office.schedule())
    other = await office.admitted(await office.schedule())
    watch = Watch(streams=Streams(at_most=2, each=1))
    async with another_replica(office, watch) as counter, listening(counter, registrant):
        assert (await counter.get(own_path(office, registrant, "/events"))).status == 429
        async with listening(counter, other):
            assert (await counter.get(own_path(office, other, "/events"))).status == 503
            assert await state_now(counter, other)
        async with listening(counter, other) as again:
            assert await next_state(again)


async def test_streams_end_with_the_service(office: Office) -> None:
    registrant = await office.admitted(await office.schedule())
    watch = Watch()
    async with another_replica(office, watch) as counter:
        async with listening(counter, registrant) as stream:
            await next_state(stream)
            watch.close()

            assert await next_state(stream) is None
        assert (await counter.get(own_path(office, registrant, "/events"))).status == 503


async def test_nobody_looks_once_the_pages_are_closed(office: Office) -> None:
    registrant = await office.admitted(await office.schedule())
    watch = Watch(look_seconds=0.01, streams=Streams(heartbeat_seconds=0.05))
    async with another_replica(office, watch) as counter:
        async with listening(counter, registrant) as stream:
            await next_state(stream)
        await eventually(lambda: not watch.is_looking)

"""No door of the service is open by omission."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.registration.console import ROUTES as CONSOLE
from services.registration.doors import UndeclaredDoor, access_of, keep_register, open_door
from services.registration.routes import ROUTES as API
from tests.registration.test_app import app_of_nobody


async def nothing(_request: web.Request) -> web.Response:
    return web.Response()


async def test_a_route_that_does_not_say_who_may_use_it_keeps_the_service_from_starting() -> None:
    app = web.Application()
    open_door(app, "GET", "/declared", nothing, "anyone")
    app.router.add_post("/declared", nothing)
    keep_register(app)

    with pytest.raises(UndeclaredDoor, match="POST /declared"):
        await TestServer(app).start_server()


async def test_declared_routes_and_those_for_operators_may_be_there() -> None:
    app = web.Application()
    open_door(app, "GET", "/declared", nothing, "link")
    app.router.add_get("/livez", nothing)
    keep_register(app)

    server = TestServer(app)
    await server.start_server()
    await server.close()

    assert access_of(app, "GET", "/declared") == "link"
    assert access_of(app, "GET", "/livez") == "operator"


def test_the_register_says_of_every_door_what_its_table_says() -> None:
    app = app_of_nobody()

    assert {(route.method, route.path): access_of(app, route.method, route.path)
            for route in CONSOLE} == {
        (route.method, route.path): route.access for route in CONSOLE
    }  # fmt: skip
    assert {access_of(app, route.method, route.path) for route in API} == {
        "anyone", "link", "token",
    }  # fmt: skip
    assert [
        route.path for route in API
        if (access_of(app, route.method, route.path) == "token") is route.is_public
    ] == []  # fmt: skip

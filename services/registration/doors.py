"""The register of doors: each says who may use it, and none is open that is not in it."""

from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

Access = Literal[
    "anyone",  # Whoever comes along.
    "link",  # Whoever has the signed link that the path holds.
    "token",  # An API token of the scope that the route names.
    "signed_in", "organizer", "admin",  # People of the console.
    "operator",  # Whoever reaches the port: proxies keep these paths to themselves.
]  # fmt: skip

_REGISTER: web.AppKey[dict[tuple[str, str], Access]] = web.AppKey("doors", dict)
_OPERATORS = ("/livez", "/readyz", "/metrics", "/asyncapi.json")


class UndeclaredDoor(RuntimeError):
    """A route was added without saying who may use it; open it by `open_door`."""


def open_door(
    app: web.Application, method: str, path: str, handler: Handler, access: Access
) -> None:
    """Add a route to the application and to the register."""
    if method == "GET" and access in ("anyone", "link"):
        app.router.add_get(path, handler)  # HEAD too: link checkers and previews ask so.
    else:
        app.router.add_route(method, path, handler)
    declare(app, method, path, access)


def declare(app: web.Application, method: str, path: str, access: Access) -> None:
    """Say who may use a route that is added elsewhere."""
    app.setdefault(_REGISTER, {})[method, path] = access


def keep_register(app: web.Application) -> None:
    """Refuse to start with a door that is not in the register; raises UndeclaredDoor."""
    for path in _OPERATORS:
        declare(app, "GET", path, "operator")
    app.on_startup.append(_refuse_undeclared)


def access_of(app: web.Application, method: str, path: str) -> Access | None:
    """Who may use a door; None for one that is not in the register."""
    return app.get(_REGISTER, {}).get((method, path))


async def _refuse_undeclared(app: web.Application) -> None:
    for route in app.router.routes():
        assert route.resource is not None
        # aiohttp answers HEAD where it answers GET.
        method = "GET" if route.method == "HEAD" else route.method
        if access_of(app, method, route.resource.canonical) is None:
            raise UndeclaredDoor(f"{route.method} {route.resource.canonical}")

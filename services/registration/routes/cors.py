"""Pages of other origins: the public calls answer to those that the organization allows."""

import time
from uuid import UUID

from aiohttp import web

from services.registration import box_office
from services.registration.doors import open_door
from services.registration.routes.table import DESK, Desk, Route
from services.registration.store import organizations
from shared.refusals import NotFound

_REMEMBERED_SECONDS = 10
_REMEMBERED_MAX = 1_000
_PREFLIGHT_SECONDS = "600"

_IS_PUBLIC: web.RequestKey[bool] = web.RequestKey("is_public", bool)
_ALLOWED: web.RequestKey[str] = web.RequestKey("allowed_origin", str)


class AllowedOrigins:
    """Who may call for a webinar, remembered for moments so that a rush asks the store once."""

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[float, list[str]]] = {}

    async def of(self, desk: Desk, webinar_id: UUID) -> list[str]:
        """The origins that the webinar's organization allows."""
        known = self._known.get(webinar_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with desk.database.connection() as connection:
            origins = await organizations.allowed_origins_of_webinar(connection, webinar_id)
        if len(self._known) >= _REMEMBERED_MAX:
            self._known.clear()
        self._known[webinar_id] = (time.monotonic() + _REMEMBERED_SECONDS, origins)
        return origins


async def note_origin(request: web.Request, remembered: AllowedOrigins) -> None:
    """Remember on a public request whether its origin may read the answer, refusals included."""
    request[_IS_PUBLIC] = True
    origin = request.headers.get("Origin")
    if origin is None:
        return
    webinar_id = await _webinar_of(request)
    if webinar_id is None:
        return
    if origin in await remembered.of(request.app[DESK], webinar_id):
        request[_ALLOWED] = origin


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Say on every public answer for whom it is."""
    if not request.get(_IS_PUBLIC):
        return
    response.headers["Vary"] = "Origin"
    allowed = request.get(_ALLOWED)
    if allowed is not None:
        response.headers["Access-Control-Allow-Origin"] = allowed
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"


def add_preflights(app: web.Application, routes: list[Route], remembered: AllowedOrigins) -> None:
    """Answer browsers that ask before they call."""
    methods: dict[str, list[str]] = {}
    for route in routes:
        if route.is_public:
            methods.setdefault(route.path, []).append(route.method)

    async def preflight(request: web.Request) -> web.StreamResponse:
        await note_origin(request, remembered)
        answer = web.Response(status=204)
        if request.get(_ALLOWED) is not None:
            resource = request.match_info.route.resource
            assert resource is not None
            answer.headers["Access-Control-Allow-Methods"] = ", ".join(methods[resource.canonical])
            answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
            answer.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
        return answer

    for path in methods:
        open_door(app, "OPTIONS", path, preflight, "anyone")


async def _webinar_of(request: web.Request) -> UUID | None:
    """The webinar that a public call is about, by its id or behind a link."""
    desk = request.app[DESK]
    try:
        if "webinar_id" in request.match_info:
            return UUID(request.match_info["webinar_id"])
        async with desk.database.connection() as connection:
            registrant = await box_office.registrant_behind(
                connection, desk.links, request.match_info["token"]
            )
        return registrant.webinar_id
    except (ValueError, NotFound):
        return None

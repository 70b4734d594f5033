"""How a route is declared: who may use it, what it takes and gives. Nothing is open by omission."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel
from pydantic_core import to_json

from services.registration import access
from services.registration.access import Caller
from services.registration.admission import Admission
from services.registration.applications import check_key, network_hash
from services.registration.links import Links
from shared.messaging import Bus
from shared.postgres import Database
from shared.refusals import Invalid, NotFound, Unauthorized
from shared.web import Network, network_of

Access = Literal["anyone", "link", "read", "write", "refund", "admin"]
"""Anyone; whoever has the link; or the scope that an API token needs."""

Model = TypeVar("Model", bound=BaseModel)

LIMIT_MAX = 200
NETWORKS_REMEMBERED = 4096


@dataclass(frozen=True)
class Desk:
    """What routes work with."""

    database: Database
    links: Links
    admission: Admission
    network_secret: bytes
    trusted_proxies: tuple[Network, ...]
    bus: Bus | None = None  # For what only another service can answer.
    webinar_cancelled: asyncio.Event = field(default_factory=asyncio.Event)  # Wakes its worker.
    _networks: dict[tuple[str, str], str] = field(default_factory=dict)

    def network_of(self, request: web.Request) -> str:
        """The caller's network, hashed."""
        forwarded = request.headers.get("X-Forwarded-For", "")
        caller = request.remote or ""
        known = self._networks.get((caller, forwarded))
        if known is None:
            network = network_of(request, self.trusted_proxies)
            known = network_hash(self.network_secret, network)
            if len(self._networks) >= NETWORKS_REMEMBERED:
                self._networks.clear()
            self._networks[caller, forwarded] = known
        return known


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through a route; `caller` is whose API token came along."""

    request: web.Request
    desk: Desk
    caller: Caller | None

    @property
    def organization_id(self) -> UUID:
        """The caller's organization; only for routes that need a scope."""
        if self.caller is None:
            raise Unauthorized
        return self.caller.organization_id

    def id(self, name: str) -> UUID:
        """An id of the path; what is no id cannot be found."""
        try:
            return UUID(self.request.match_info[name])
        except ValueError:
            raise NotFound from None

    @property
    def idempotency_key(self) -> str | None:
        """The Idempotency-Key header; raises Invalid."""
        return check_key(self.request.headers.get("Idempotency-Key"))

    def limit(self) -> int:
        """How many items a page of a list has; raises Invalid."""
        raw = self.request.query.get("limit", "50")
        if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:9]) <= LIMIT_MAX:
            raise Invalid(f"A page has 1 to {LIMIT_MAX} items.", field="limit")
        return int(raw)


Handle = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Parameter:
    """A query parameter or header, for the document."""

    name: str
    where: Literal["query", "header"]
    description: str
    is_required: bool = False
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True)
class Route:
    """One door of the API."""

    method: Literal["GET", "POST", "PATCH"]
    path: str
    handle: Handle
    access: Access
    summary: str
    answer: type[BaseModel]
    status: int = 200
    other_answer: type[BaseModel] | None = None  # To somebody who may see less.
    body: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    refusals: tuple[str, ...] = ()  # "409 sold_out: why", besides those that every route has.

    @property
    def is_public(self) -> bool:
        """Whether browsers on the organization's own pages may call it."""
        return self.access in ("anyone", "link")


PAGE = (
    Parameter("after", "query", "`next` of the page before"),
    Parameter(
        "limit",
        "query",
        "Items of a page",
        schema={"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": 50},
    ),
)
KEY = Parameter(
    "Idempotency-Key", "header", "20 to 255 characters; the same request again is done once"
)


Door = Callable[[web.Request], Awaitable[web.StreamResponse]]


def bind(route: Route) -> Door:
    """The route as aiohttp calls it: the caller is known and allowed before the handler runs."""

    async def answer(request: web.Request) -> web.StreamResponse:
        desk = request.app[DESK]
        caller = None
        if route.access != "link" and "Authorization" in request.headers:
            async with desk.database.connection() as connection:
                caller = await access.authenticate(connection, request.headers["Authorization"])
        if not route.is_public:
            if caller is None:
                raise Unauthorized
            caller.require(route.access)
        return await route.handle(Call(request, desk, caller))

    return answer


def json_body(body: BaseModel | dict[str, Any], status: int = 200) -> web.Response:
    """An answer about somebody's own business: no cache keeps it."""
    return web.Response(
        body=to_json(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )

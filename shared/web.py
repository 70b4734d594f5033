"""The HTTP edge: bodies are read strictly, refusals become problems, answers counted."""

import json
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, TypeVar

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import BaseModel, ValidationError

from shared import telemetry
from shared.messaging import problem_of
from shared.postgres import UNAVAILABLE, UNSTORABLE
from shared.refusals import Invalid, Refusal, Unavailable
from shared.refusals import InvalidFields as InvalidFields
from shared.text import Line as Line
from shared.text import Text as Text
from shared.text import one_line as one_line
from shared.text import plain_text as plain_text

log = structlog.get_logger(__name__)

BODY_BYTES_MAX = 64 * 1024

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Network = IPv4Network | IPv6Network
ProblemPage = Callable[[web.Request, Refusal], web.Response | None]

PROBLEM_PAGE: web.AppKey[ProblemPage] = web.AppKey("problem_page")
"""How an application shows a refusal to a person; None for callers that read documents."""


class BadBody(Refusal):
    """The body is not a JSON document in UTF-8."""

    status = 400
    code = "bad_body"


class WrongContentType(Refusal):
    """Send the body as application/json."""

    status = 415
    code = "wrong_content_type"


class BodyTooLarge(Refusal):
    """The body is larger than 64 KiB."""

    status = 413
    code = "body_too_large"


async def read_body(request: web.Request, model: type[Model], limit: int = BODY_BYTES_MAX) -> Model:
    """The JSON body as a model; raises a refusal that names each bad field."""
    if request.content_type != "application/json":
        raise WrongContentType
    return parse_body(await read_bytes(request, limit), model)


async def read_bytes(request: web.Request, limit: int = BODY_BYTES_MAX) -> bytes:
    """The raw body; raises BodyTooLarge before it is read to its end."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge
    return bytes(body)


def parse_body(body: bytes, model: type[Model]) -> Model:
    """JSON bytes as a model; raises BadBody or InvalidFields."""
    try:
        return model.model_validate_json(body)
    except ValidationError as failure:
        errors = failure.errors(include_url=False, include_input=False, include_context=False)
        if any(error["type"] == "json_invalid" for error in errors):
            raise BadBody from None
        raise InvalidFields(
            [
                {
                    "field": ".".join(map(str, error["loc"])) or "body",
                    "message": str(error["msg"]).removeprefix("Value error, "),
                }
                for error in errors
            ]
        ) from None


def json_answer(
    body: Any, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """A JSON answer; pydantic models are written by themselves."""
    raw = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body, default=str)
    return web.Response(
        body=raw.encode(), status=status, content_type="application/json", headers=headers
    )


def problem_answer(refusal: Refusal) -> web.Response:
    """An RFC 9457 problem document."""
    document = problem_of(refusal)
    if isinstance(refusal, InvalidFields):
        document["errors"] = refusal.errors
    headers = {"Retry-After": "2"} if refusal.status in (429, 503) else None
    return web.Response(
        body=json.dumps(document).encode(),
        status=refusal.status,
        content_type="application/problem+json",
        headers=headers,
    )


def _answer_to(request: web.Request, refusal: Refusal) -> web.Response:
    write_page = request.app.get(PROBLEM_PAGE)
    if write_page is not None and request.method != "HEAD":
        page = write_page(request, refusal)
        if page is not None:
            return page
    return problem_answer(refusal)


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost layer: every refusal and fault leaves as a problem document, and is counted."""
    started = time.perf_counter()
    answer: web.StreamResponse
    try:
        answer = await handler(request)
    except Refusal as refusal:
        answer = _answer_to(request, refusal)
    except web.HTTPException as known:
        answer = _answer_to(request, _refusal_of(known)) if known.status >= 400 else known
    except UNSTORABLE:
        answer = _answer_to(request, _Unstorable())
    except UNAVAILABLE as failure:
        log.warning("not available", route=_route_of(request), failure=type(failure).__name__)
        answer = _answer_to(request, Unavailable())
    except Exception:
        log.exception("fault", route=_route_of(request))
        answer = _answer_to(request, _Fault())
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "no-referrer")
    route = _route_of(request)
    requests, seconds = _metrics_of(request.method, route, answer.status)
    requests.inc()
    seconds.observe(time.perf_counter() - started)
    return answer


@lru_cache(maxsize=2048)
def _metrics_of(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # Looking children up by their labels each time costs more than counting.
    return (
        telemetry.http_requests.labels(method, route, str(status)),
        telemetry.http_seconds.labels(route),
    )


class _Unstorable(Refusal):
    """This holds characters that cannot be stored, such as U+0000."""

    status = 400
    code = "unstorable"


class _Fault(Refusal):
    """This is a fault of ours. It was noted; try again in a moment."""

    status = 500
    code = "internal"


def _refusal_of(known: web.HTTPException) -> Refusal:
    refusal = Refusal(known.reason)
    refusal.status = known.status  # type: ignore[misc] # One instance, one status of HTTP's own.
    refusal.code = known.reason.lower().replace(" ", "_")  # type: ignore[misc] # Same.
    return refusal


def parse_networks(setting: str) -> tuple[Network, ...]:
    """`10.0.0.0/8,::1/128` as networks; raises ValueError naming the bad one."""
    return tuple(ip_network(part.strip()) for part in setting.split(",") if part.strip())


def network_of(request: web.Request, trusted_proxies: tuple[Network, ...]) -> str:
    """The caller's address, an IPv6 one as its /64; X-Forwarded-For only from trusted proxies."""
    hops = [request.remote or "0.0.0.0"]
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()] + hops
    for hop in reversed(hops):
        try:
            address = ip_address(hop)
        except ValueError:
            break
        caller = address
        if not any(address in network for network in trusted_proxies):
            break
    else:
        caller = ip_address(hops[0])
    if caller.version == 6:
        return str(ip_network((caller, 64), strict=False))
    return str(caller)


def invalid(field: str, message: str) -> Refusal:
    """A refusal that names one field and says what to do."""
    return Invalid(message, field=field)


async def metrics(_request: web.Request) -> web.Response:
    """Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

"""Refusals as pages, for whoever asked with a browser."""

from aiohttp import web

from services.registration.pages.rendering import Renderer, locale_of
from shared.refusals import Refusal
from shared.web import ProblemPage

_PROBLEMS = {
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    410: "not_found",
    429: "too_many",
    500: "fault",
    503: "unavailable",
}
_WORTH_RETRYING = (429, 500, 503)
_FOR_PROGRAMS = ("/api/", "/livez", "/readyz", "/metrics", "/asyncapi.json")


def problem_page(renderer: Renderer) -> ProblemPage:
    """What `shared.web` calls with every refusal; None for callers that read documents."""

    def write(request: web.Request, refusal: Refusal) -> web.Response | None:
        wants_html = "text/html" in request.headers.get("Accept", "")
        if not wants_html or request.path.startswith(_FOR_PROGRAMS):
            return None
        may_retry = refusal.status in _WORTH_RETRYING and request.method == "GET"
        page = renderer.page(
            request,
            "problem.html",
            locale_of(request),
            status=refusal.status,
            is_personal=True,
            problem=_PROBLEMS.get(refusal.status, "bad_request"),
            retry_url=request.path if may_retry else "",
            other_languages={},
        )
        if refusal.status in (429, 503):
            page.headers["Retry-After"] = "2"
        return page

    return write

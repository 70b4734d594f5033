"""Reads the control API's JSON and answers its mistakes."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from deploy.local.sandbox.api.refusals import Refusal
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Mistake(Exception):
    """A control request that cannot be done; the text says why."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


async def read(request: web.Request, *allowed: str) -> dict[str, Any]:
    """The request's JSON object, which may only hold what is allowed; nothing at all is empty."""
    body = await request.read()
    if not body:
        return {}
    try:
        values = json.loads(body)
    except ValueError as wrong:
        raise Mistake(f"This is not JSON: {wrong}") from wrong
    if not isinstance(values, dict):
        raise Mistake("The body is a JSON object.")
    unknown = set(values) - set(allowed) if allowed else set()
    if unknown:
        raise Mistake(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(allowed)}.")
    return values


def find(sandbox: Sandbox, kind: str, thing_id: Any) -> Entry:
    entry = sandbox.world.find(kind, thing_id) if isinstance(thing_id, str) else None
    if entry is None:
        raise Mistake(f"There is no {kind} {thing_id}.", 404)
    return entry


@web.middleware
async def answer_mistakes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Mistakes of control requests as JSON; anything else is left alone."""
    if not request.path.startswith("/_sandbox/"):
        return await handler(request)
    try:
        return await handler(request)
    except Mistake as mistake:
        return web.json_response({"error": str(mistake)}, status=mistake.status)
    except Refusal as refusal:
        return web.json_response(refusal.body(), status=refusal.status)
    except (ValueError, TypeError) as wrong:
        return web.json_response({"error": str(wrong)}, status=400)

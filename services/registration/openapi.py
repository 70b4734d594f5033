"""The OpenAPI 3.1 document, made from the same table that the routes are opened from."""

import json
import re
from functools import cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.registration import access
from services.registration.doors import open_door
from services.registration.routes.table import Route

_PARAMETER = re.compile(r"\{(\w+)\}")

_INTRODUCTION = """\
Register people for webinars and virtual events, paid or free, and give their money back.

Amounts are integers in the unit that Stripe takes for the currency: 4900 EUR is 49.00, 500 JPY is
500. Refusals are RFC 9457 problem documents with a `code` that programs may rely on; bad fields
are named in `errors`. Unknown fields of a body are ignored.
"""


class FieldProblem(BaseModel):
    """One field that cannot be used."""

    field: str
    message: str


class Problem(BaseModel):
    """Why something was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    errors: list[FieldProblem]


def document(routes: list[Route], public_url: str) -> dict[str, Any]:
    """All routes, all models, and who may use what."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Taquilla registration", "version": "1", "description": _INTRODUCTION},
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token of the organization. Scopes: "
                    + "; ".join(f"`{scope}`: {what}" for scope, what in access.SCOPES.items()),
                }
            },
        },
    }


def add_document(app: web.Application, routes: list[Route], public_url: str) -> None:
    """Serve the document at /api/openapi.json."""

    @cache
    def answer_body() -> bytes:
        return json.dumps(document(routes, public_url)).encode()

    async def get_document(_request: web.Request) -> web.Response:
        return web.Response(body=answer_body(), content_type="application/json")

    open_door(app, "GET", "/api/openapi.json", get_document, "anyone")


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handle.__name__,
        "summary": route.summary,
        "description": (route.handle.__doc__ or "").strip(),
        "parameters": _parameters(route),
        "responses": _responses(route),
        "security": _security(route),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(route.body)}
    return operation


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.access == "link":
        return []
    if route.access == "anyone":
        return [{}, {"token": []}]
    return [{"token": [route.access]}]


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"} | ({"format": "uuid"} if name.endswith("_id") else {}),
        }
        for name in _PARAMETER.findall(route.path)
    ]
    others = [
        {
            "name": parameter.name,
            "in": parameter.where,
            "required": parameter.is_required,
            "description": parameter.description,
            "schema": parameter.schema,
        }
        for parameter in route.parameters
    ]
    return in_path + others


def _responses(route: Route) -> dict[str, Any]:
    answers: dict[str, Any] = {
        str(route.status): {"description": route.summary, "content": _answer_content(route)}
    }
    for status, reasons in sorted(_refusals(route).items()):
        answers[status] = {
            "description": "\n".join(f"- `{reason}`" for reason in reasons),
            "content": {"application/problem+json": _json(Problem)["application/json"]},
        }
    return answers


def _refusals(route: Route) -> dict[str, list[str]]:
    reasons = list(route.refusals)
    if "{" in route.path:
        reasons.append("404 not_found: not there, or another organization's")
    if route.access != "link":
        reasons.append("401 unauthorized: the API token is missing or not valid")
        reasons.append("403 forbidden: the API token lacks the scope")
    if route.body is not None:
        reasons.append("400 bad_body: not JSON in UTF-8")
        reasons.append("413 body_too_large: more than 64 KiB")
        reasons.append("415 wrong_content_type: not application/json")
        reasons.append("422 invalid: each bad field is named in errors")
    elif any(not parameter.name[0].isupper() for parameter in route.parameters):
        reasons.append("422 invalid: a parameter cannot be used")
    reasons.append("503 unavailable: a server is away; try again in a moment")
    by_status: dict[str, list[str]] = {}
    for reason in dict.fromkeys(reasons):
        status, _, words = reason.partition(" ")
        by_status.setdefault(status, []).append(words)
    return by_status


def _answer_content(route: Route) -> dict[str, Any]:
    if route.other_answer is None:
        return _json(route.answer)
    shapes = [_reference(route.answer), _reference(route.other_answer)]
    return {"application/json": {"schema": {"anyOf": shapes}}}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": _reference(model)}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas(routes: list[Route]) -> dict[str, Any]:
    read = {route.body for route in routes if route.body is not None}
    written = {Problem} | {route.answer for route in routes}
    written |= {route.other_answer for route in routes if route.other_answer is not None}
    _, schema = models_json_schema(
        [
            *((model, "validation") for model in sorted(read, key=lambda model: model.__name__)),
            *(
                (model, "serialization")
                for model in sorted(written, key=lambda model: model.__name__)
            ),
        ],
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Any] = schema["$defs"]
    return schemas

"""The OpenAPI document describes every door, and the answers are as it says."""

import json
from typing import Any
from uuid import uuid4

from openapi_spec_validator import validate

from services.registration.openapi import document
from services.registration.routes import ROUTES
from services.registration.routes.registrations import RegistrationAnswer
from tests.registration.office import PUBLIC_URL, Office


def test_the_document_is_valid_openapi_3_1() -> None:
    described = document(ROUTES, PUBLIC_URL)

    validate(described)
    assert described["openapi"] == "3.1.0"


async def test_every_route_of_the_api_is_in_the_document(office: Office) -> None:
    described = (await office.call("GET", "/api/openapi.json")).body
    assert office.client.app is not None
    opened = {
        (route.method.lower(), route.resource.canonical)
        for route in office.client.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/")
    }

    documented = {(method, path) for path, item in described["paths"].items() for method in item}

    assert {one for one in opened if one[0] not in ("head", "options")} == documented
    assert len(documented) == len(ROUTES)


def test_each_operation_says_who_may_use_it_and_how_it_refuses() -> None:
    operations: dict[str, dict[str, Any]] = {
        operation["operationId"]: operation
        for item in document(ROUTES, PUBLIC_URL)["paths"].values()
        for operation in item.values()
    }

    assert len(operations) == len(ROUTES)
    assert operations["create_refund"]["security"] == [{"token": ["refund"]}]
    assert operations["create_registration"]["security"] == [{}, {"token": []}]
    assert operations["get_own_registration"]["security"] == []
    responses = operations["create_registration"]["responses"]
    assert set(responses) >= {"201", "404", "409", "422", "429", "503"}
    assert "sold_out" in responses["409"]["description"]
    (key,) = [one for one in operations["create_refund"]["parameters"] if one["in"] == "header"]
    assert key["required"] is True


def test_left_out_fields_are_not_documented_as_null() -> None:
    schemas = document(ROUTES, PUBLIC_URL)["components"]["schemas"]

    assert "default" not in json.dumps(schemas["WebinarChanges"]["properties"]["title"])
    assert "null" not in json.dumps(schemas["WebinarChanges"]["properties"]["title"])


async def test_a_registration_is_answered_as_documented(office: Office) -> None:
    """Admission's answer is written without its model; it must still be that model."""
    webinar = await office.schedule()

    reply = await office.register(webinar)

    assert set(reply.body) == set(RegistrationAnswer.model_fields)
    RegistrationAnswer.model_validate(reply.body)


async def test_an_unknown_route_is_a_problem_document(office: Office) -> None:
    reply = await office.call("GET", f"/api/v1/{uuid4()}")

    assert (reply.status, reply.code) == (404, "not_found")

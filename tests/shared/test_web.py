import contextlib
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, Field

from shared.refusals import Refusal
from shared.web import Line, Text, answer_problems, network_of, parse_networks, read_body


class Seat(BaseModel):
    name: Line = Field(max_length=20)
    note: Text = ""
    count: int = Field(ge=1)


class SeatsSoldOut(Refusal):
    """Every seat is taken."""

    code = "sold_out"


async def take(request: web.Request) -> web.Response:
    seat = await read_body(request, Seat)
    if seat.name == "full":
        raise SeatsSoldOut
    if seat.name == "away":
        raise asyncpg.CannotConnectNowError("starting up")
    if seat.name == "fault":
        raise RuntimeError("secret of ours")
    return web.json_response({"name": seat.name}, status=201)


async def caller(request: web.Request) -> web.Response:
    return web.Response(text=network_of(request, parse_networks("127.0.0.0/8,10.0.0.0/8")))


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application(middlewares=[answer_problems])
    app.router.add_post("/seats", take)
    app.router.add_get("/caller", caller)
    async with TestClient(TestServer(app)) as client:
        yield client


async def answered(body: bytes | str, content_type: str = "application/json") -> tuple[int, dict]:  # type: ignore[type-arg] # A JSON document.
    async with (
        served() as client,
        client.post("/seats", data=body, headers={"Content-Type": content_type}) as answer,
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.status, json.loads(await answer.read())


async def test_a_good_body_is_read() -> None:
    assert await answered('{"name": " Zoë ", "count": 2}') == (201, {"name": "Zoë"})


@pytest.mark.parametrize("name", ["علی\u200cرضا", "👩\u200d🚀", "Zoë Ñandú", "李小龍"])
async def test_names_of_all_languages_are_taken(name: str) -> None:
    assert await answered(json.dumps({"name": name, "count": 1})) == (201, {"name": name})


async def test_every_bad_field_is_named() -> None:
    status, problem = await answered('{"name": 7, "count": 0}')

    assert status == 422
    assert problem["code"] == "invalid"
    assert {error["field"] for error in problem["errors"]} == {"name", "count"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (r'{"name": "a\u0000b", "count": 1}', "name"),
        (r'{"name": "a", "note": "\u0000", "count": 1}', "note"),
        (r'{"name": "Ana\r\nBcc: x@example.org", "count": 1}', "name"),
        (r'{"name": "Ana\u202egpj.exe", "count": 1}', "name"),
        ('{"name": "%s", "count": 1}' % ("x" * 21), "name"),
    ],
)
async def test_text_that_cannot_be_stored_or_shown_is_refused(body: str, field: str) -> None:
    status, problem = await answered(body)

    assert status == 422
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"name": "\\ud800", "count": 1}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"nonsense",
    ],
)
async def test_what_is_not_json_gets_400(body: bytes) -> None:
    status, problem = await answered(body)

    assert (status, problem["code"]) == (400, "bad_body")


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"text"'])
async def test_json_that_is_no_object_gets_422(body: bytes) -> None:
    status, problem = await answered(body)

    assert (status, problem["errors"][0]["field"]) == (422, "body")


async def test_a_body_over_the_limit_gets_413() -> None:
    status, problem = await answered(b'{"note": "%s"}' % (b"x" * 70_000))

    assert (status, problem["code"]) == (413, "body_too_large")


async def test_a_body_that_hides_its_length_gets_413_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"x" * 1024

    async with (
        served() as client,
        ClientSession() as session,
        session.post(
            client.make_url("/seats"),
            data=endless(),
            headers={"Content-Type": "application/json"},
        ) as answer,
    ):
        assert answer.status == 413


async def test_another_content_type_gets_415() -> None:
    status, problem = await answered("name=Ana", "application/x-www-form-urlencoded")

    assert (status, problem["code"]) == (415, "wrong_content_type")


async def test_a_refusal_is_a_problem_document_with_its_code() -> None:
    status, problem = await answered('{"name": "full", "count": 1}')

    assert status == 409
    assert problem == {
        "type": "about:blank",
        "title": "Every seat is taken.",
        "status": 409,
        "code": "sold_out",
        "errors": [],
    }


async def test_a_database_that_is_away_is_503() -> None:
    status, problem = await answered('{"name": "away", "count": 1}')

    assert (status, problem["code"]) == (503, "unavailable")


async def test_a_fault_says_nothing_of_the_inside() -> None:
    status, problem = await answered('{"name": "fault", "count": 1}')

    assert status == 500
    assert "secret" not in json.dumps(problem)


async def test_an_unknown_address_and_method_are_problem_documents() -> None:
    async with served() as client:
        missing = await client.get("/nowhere")
        method = await client.get("/seats")

        assert (missing.status, (await missing.json())["code"]) == (404, "not_found")
        assert (method.status, (await method.json())["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("forwarded", "network"),
    [
        (None, "127.0.0.1"),
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("not an address", "127.0.0.1"),
    ],
)
async def test_the_caller_is_the_last_hop_that_is_no_proxy_of_ours(
    forwarded: str | None, network: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with served() as client, client.get("/caller", headers=headers) as answer:
        assert await answer.text() == network


def test_a_forwarded_header_from_a_stranger_is_ignored() -> None:
    from aiohttp.test_utils import make_mocked_request

    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": "203.0.113.9"})
    request = request.clone(remote="198.51.100.7")

    assert network_of(request, parse_networks("10.0.0.0/8")) == "198.51.100.7"

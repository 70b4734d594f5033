import contextlib
import json
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from shared.service import RUNTIME, Runtime, create_service_app
from shared.settings import ServiceSettings
from tests.servers import fresh_database
from tests.waiting import eventually


@contextlib.asynccontextmanager
async def service(
    postgres_url: str, nats_url: str, prefix: str
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async def prepare(_app: web.Application, _runtime: Runtime) -> None:
        """Nothing of its own."""

    async with fresh_database(postgres_url, "payments") as made:
        settings = ServiceSettings.model_construct(
            postgres_url=SecretStr(made["payments"]), nats_url=nats_url, nats_prefix=prefix, port=0
        )
        app = create_service_app("payments", settings, prepare=prepare)
        async with TestClient(TestServer(app)) as client:
            yield client


async def test_a_service_is_ready_when_what_it_needs_answers(
    postgres_url: str, nats_url: str, nats_prefix: str
) -> None:
    async with service(postgres_url, nats_url, nats_prefix) as client:

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status == 200

        await eventually(is_ready)
        assert (await client.get("/livez")).status == 200


async def test_a_service_without_nats_lives_and_says_what_is_missing(
    postgres_url: str, nats_prefix: str
) -> None:
    async with service(postgres_url, "nats://127.0.0.1:9", nats_prefix) as client:
        ready = await client.get("/readyz")

        assert ready.status == 503
        needs = json.loads(await ready.read())["needs"]
        assert needs["postgres"] == "ok"
        assert "NATS" in needs["nats"]
        assert (await client.get("/livez")).status == 200


async def test_a_service_whose_work_has_ended_is_not_alive(
    postgres_url: str, nats_url: str, nats_prefix: str
) -> None:
    async with service(postgres_url, nats_url, nats_prefix) as client:
        assert client.app is not None
        task = client.app[RUNTIME].tasks[0]
        task.cancel()

        await eventually(task.done)

        answer = await client.get("/livez")
        assert answer.status == 503
        assert json.loads(await answer.read())["ended"] == [task.get_name()]


async def test_operators_find_metrics_and_the_asyncapi_document(
    postgres_url: str, nats_url: str, nats_prefix: str
) -> None:
    async with service(postgres_url, nats_url, nats_prefix) as client:
        await client.get("/livez")
        metrics = await (await client.get("/metrics")).text()
        document = await (await client.get("/asyncapi.json")).json()

    assert 'taquilla_http_requests_total{method="GET",route="/livez",status="200"}' in metrics
    assert document["info"]["title"] == "Taquilla payments"

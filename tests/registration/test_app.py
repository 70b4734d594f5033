"""The service as it runs: put together by `create_app`, on real PostgreSQL and NATS."""

from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import ValidationError

from services.registration.app import create_app
from services.registration.settings import RegistrationSettings
from shared.postgres import Database, open_pool
from tests.registration.office import FREE, new_organization, webinar_body
from tests.servers import fresh_database
from tests.waiting import eventually


def settings(**values: str) -> RegistrationSettings:
    return RegistrationSettings.model_validate(
        {
            "postgres_url": "postgresql://nobody@127.0.0.1:1/nothing",
            "nats_url": "nats://127.0.0.1:1",
            "public_url": "https://tickets.example.org/",
            "payments_public_url": "https://pay.example.org",
            "TAQUILLA_TOKEN_KEYS": "k1:" + "s" * 40,
        }
        | values
    )


def app_of_nobody() -> web.Application:
    """The application as it is put together, without any server behind it."""
    return create_app(settings())


async def test_the_service_admits_publishes_and_follows_the_bus(
    postgres_url: str, nats_url: str, nats_prefix: str
) -> None:
    async with fresh_database(postgres_url, "registration") as fresh:
        app = create_app(
            settings(
                postgres_url=fresh["registration"],
                nats_url=nats_url,
                TAQUILLA_NATS_PREFIX=nats_prefix,
            )
        )
        async with TestClient(TestServer(app)) as client:
            pool = await open_pool(fresh["registration"], name="test", size_max=2)
            database = Database(pool)

            async def is_live_and_ready() -> bool:
                return [(await client.get(path)).status for path in ("/livez", "/readyz")] == [
                    200,
                    200,
                ]

            await eventually(is_live_and_ready)
            token = await new_organization(database, uuid4())
            created = await client.post(
                "/api/v1/webinars",
                json=webinar_body(**FREE),
                headers={"Authorization": f"Bearer {token}"},
            )
            webinar = await created.json()
            registered = await client.post(
                f"/api/v1/webinars/{webinar['id']}/registrations",
                json={"name": "Ana", "email": "ana@example.org"},
            )
            assert (created.status, registered.status) == (201, 201)

            async def all_published() -> bool:
                return not await pool.fetchval(
                    "SELECT count(*) FROM outbox WHERE stream_sequence IS NULL"
                )

            await eventually(all_published)
            documents = [
                (await client.get(path)).status for path in ("/asyncapi.json", "/api/openapi.json")
            ]
            assert documents == [200, 200]
            assert (
                "registration.command.register" in await (await client.get("/asyncapi.json")).text()
            )
            await pool.close()


def test_settings_refuse_what_would_be_mailed_wrong() -> None:
    assert settings().public_url == "https://tickets.example.org"
    for bad in (
        {"public_url": "tickets.example.org"},
        {"trusted_proxies": "everyone"},
        {"holds_per_network": "-1"},
    ):
        with pytest.raises(ValidationError):
            settings(**bad)

"""Provisioning the webhook endpoints, against the sandbox."""

import asyncio
from typing import Any

import pytest

from deploy.local.sandbox import running_sandbox
from services.payments.provision import endpoint_problem, provision, provision_endpoints
from services.payments.stripe_events import API_VERSION, ENDPOINT_EVENTS
from services.payments.stripe_gateway import StripeAccountRefused, StripeGateway
from services.payments.stripe_gateway.endpoints import Endpoint, list_endpoints
from tests.payments.stub_server import answer, stub_server

KEY = "sk_test_sandbox"
URL = "https://tickets.example.org/stripe/webhooks"


async def run(stripe_url: str, *, connect: bool = False, rotate: bool = False) -> list[str]:
    return await provision(
        secret_key=KEY, api_url=stripe_url, webhook_url=URL, connect=connect, rotate=rotate
    )


async def endpoints_at(stripe_url: str) -> list[Endpoint]:
    async with StripeGateway(KEY, api_url=stripe_url) as gateway:
        return await list_endpoints(gateway, URL)


async def call(stripe_url: str, path: str, params: dict[str, Any]) -> dict[str, Any]:
    async with StripeGateway(KEY, api_url=stripe_url) as gateway:
        return await gateway.raw_request("post", path, params)


async def test_the_endpoint_gets_our_version_and_exactly_our_events() -> None:
    async with running_sandbox() as stripe_url:
        (secret,) = await run(stripe_url)

        (endpoint,) = await endpoints_at(stripe_url)
        assert secret.startswith("whsec_")
        assert endpoint.kind == "account"
        assert endpoint.is_enabled
        assert endpoint.api_version == API_VERSION
        assert sorted(endpoint.events) == sorted(ENDPOINT_EVENTS)


async def test_with_oauth_connected_accounts_have_an_endpoint_of_their_own() -> None:
    async with running_sandbox() as stripe_url:
        secrets = await run(stripe_url, connect=True)

        assert len(set(secrets)) == 2
        kinds = sorted(endpoint.kind for endpoint in await endpoints_at(stripe_url))
        assert kinds == ["account", "connect"]


async def test_repeating_it_makes_nothing_new_and_says_where_the_secret_is() -> None:
    async with running_sandbox() as stripe_url:
        await run(stripe_url)

        (again,) = await provision_endpoints(
            secret_key=KEY, api_url=stripe_url, webhook_url=URL, connect=False
        )

        assert again.secret is None
        assert "shown when it was made" in again.says
        assert len(await endpoints_at(stripe_url)) == 1


async def test_oauth_may_be_added_later() -> None:
    async with running_sandbox() as stripe_url:
        await run(stripe_url)

        assert len(await run(stripe_url, connect=True)) == 1
        assert len(await endpoints_at(stripe_url)) == 2


async def test_two_runs_at_once_make_one_endpoint() -> None:
    async with running_sandbox() as stripe_url:
        secrets = await asyncio.gather(run(stripe_url), run(stripe_url), return_exceptions=True)

        assert len(await endpoints_at(stripe_url)) == 1
        assert any(isinstance(each, list) for each in secrets)


async def test_an_endpoint_that_was_changed_is_repaired() -> None:
    async with running_sandbox() as stripe_url:
        await run(stripe_url)
        (endpoint,) = await endpoints_at(stripe_url)
        await call(
            stripe_url,
            f"/v1/webhook_endpoints/{endpoint.endpoint_id}",
            {"enabled_events": ["charge.updated"], "disabled": True},
        )

        assert await run(stripe_url) == []

        (repaired,) = await endpoints_at(stripe_url)
        assert repaired.endpoint_id == endpoint.endpoint_id
        assert endpoint_problem(repaired) is None


async def test_an_endpoint_of_another_version_is_left_and_one_of_ours_made() -> None:
    async with running_sandbox() as stripe_url:
        await call(
            stripe_url, "/v1/webhook_endpoints", {"url": URL, "enabled_events": ["charge.updated"]}
        )

        assert len(await run(stripe_url)) == 1

        versions = [endpoint.api_version for endpoint in await endpoints_at(stripe_url)]
        assert set(versions) == {API_VERSION, None}
        assert await run(stripe_url) == []


async def test_endpoints_of_others_are_left_alone() -> None:
    async with running_sandbox() as stripe_url:
        await call(
            stripe_url,
            "/v1/webhook_endpoints",
            {"url": "https://other.example.org/hook", "enabled_events": ["*"]},
        )

        await run(stripe_url)
        await provision_endpoints(
            secret_key=KEY, api_url=stripe_url, webhook_url=URL, connect=False, retire=True
        )

        async with StripeGateway(KEY, api_url=stripe_url) as gateway:
            (other,) = await list_endpoints(gateway, "https://other.example.org/hook")
        assert other.is_enabled
        assert other.events == ("*",)


async def test_rotating_makes_a_new_secret_and_retiring_ends_the_old_one() -> None:
    async with running_sandbox() as stripe_url:
        (old,) = await run(stripe_url)
        (new,) = await run(stripe_url, rotate=True)
        both = await endpoints_at(stripe_url)

        await provision_endpoints(
            secret_key=KEY, api_url=stripe_url, webhook_url=URL, connect=False, retire=True
        )

        assert old != new
        assert len(both) == 2
        assert len(await endpoints_at(stripe_url)) == 1


async def test_an_endpoint_removed_by_hand_is_made_anew_with_a_new_secret() -> None:
    async with running_sandbox() as stripe_url:
        (first,) = await run(stripe_url)
        (endpoint,) = await endpoints_at(stripe_url)
        async with StripeGateway(KEY, api_url=stripe_url) as gateway:
            await gateway.raw_request("delete", f"/v1/webhook_endpoints/{endpoint.endpoint_id}")

        (second,) = await run(stripe_url)

        assert second != first
        assert len(await endpoints_at(stripe_url)) == 1


def document(endpoint_id: str, url: str, created: int = 1) -> dict[str, Any]:
    return {
        "id": endpoint_id,
        "url": url,
        "status": "enabled",
        "api_version": API_VERSION,
        "enabled_events": list(ENDPOINT_EVENTS),
        "created": created,
    }


async def test_every_page_of_endpoints_is_looked_through() -> None:
    pages = (
        answer(200, {"data": [document("we_1", "https://other.example/")], "has_more": True}),
        answer(200, {"data": [document("we_2", URL)], "has_more": False}),
    )
    async with stub_server(*pages) as stub:
        assert await run(stub.url) == []

    assert "starting_after=we_1" in stub.heard[1].path


async def test_retiring_keeps_the_newest_in_whatever_order_they_are_listed() -> None:
    both = [document("we_older", URL, created=1), document("we_newest", URL, created=2)]
    async with stub_server(answer(200, {"data": both}), answer(200, {"deleted": True})) as stub:
        await provision_endpoints(
            secret_key=KEY, api_url=stub.url, webhook_url=URL, connect=False, retire=True
        )

    assert [(heard.method, heard.path) for heard in stub.heard[1:]] == [
        ("DELETE", "/v1/webhook_endpoints/we_older")
    ]


async def test_a_key_without_the_right_changes_nothing() -> None:
    refused = answer(403, {"error": {"type": "invalid_request_error", "message": "No right."}})
    async with stub_server(refused) as stub:
        with pytest.raises(StripeAccountRefused):
            await run(stub.url)

"""Webhook endpoints as they are made, changed and removed."""

from typing import Any

import pytest

from tests.deploy.local.sandbox.bench import Bench, refused


async def test_the_secret_is_shown_once(bench: Bench) -> None:
    made = await bench.listen("charge.updated", description="Ours")

    again = await bench.client.v1.webhook_endpoints.retrieve_async(made.id)

    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert "secret" not in again
    assert (again.description, again.status) == ("Ours", "enabled")
    assert again.api_version == "2026-10-28.endive"


async def test_endpoints_are_listed(bench: Bench) -> None:
    made = [(await bench.listen("charge.updated")).id for _ in range(2)]

    listed = await bench.client.v1.webhook_endpoints.list_async()

    assert [one.id for one in listed.data] == made[::-1]


async def test_an_endpoint_hears_what_it_was_changed_to(bench: Bench) -> None:
    made = await bench.listen("charge.failed")

    changed = await bench.client.v1.webhook_endpoints.update_async(
        made.id,
        {"enabled_events": ["charge.succeeded"], "metadata": {"a": "1"}, "description": ""},
    )
    await bench.paid()

    assert (changed.enabled_events, changed.description) == (["charge.succeeded"], None)
    await bench.listener.wait_for("charge.succeeded")


async def test_a_disabled_endpoint_hears_nothing(bench: Bench) -> None:
    made = await bench.listen("charge.succeeded")
    await bench.client.v1.webhook_endpoints.update_async(made.id, {"disabled": True})

    await bench.paid()
    await bench.control("quiet")

    assert bench.listener.letters == []
    assert (await bench.client.v1.webhook_endpoints.retrieve_async(made.id)).status == "disabled"


async def test_a_removed_endpoint_is_gone_and_hears_nothing(bench: Bench) -> None:
    made = await bench.listen("charge.succeeded")

    removed = await bench.client.v1.webhook_endpoints.delete_async(made.id)
    await bench.paid()
    await bench.control("quiet")

    assert removed.deleted
    assert bench.listener.letters == []
    error = await refused(bench.client.v1.webhook_endpoints.retrieve_async(made.id))
    assert error.http_status == 404


async def test_an_endpoint_for_connected_accounts_names_the_application(bench: Bench) -> None:
    own = await bench.listen("charge.succeeded")
    theirs = await bench.listen("charge.succeeded", connect=True)

    assert (own.application, theirs.application) == (None, "ca_sandbox")


@pytest.mark.parametrize(
    "changes",
    [
        {"enabled_events": []},
        {"enabled_events": ["*", "charge.updated"]},
        {"api_version": "2020-08-27"},
        {"url": "nowhere"},
    ],
)
async def test_a_wrong_endpoint_is_refused(bench: Bench, changes: dict[str, Any]) -> None:
    params: Any = {"url": bench.listener.url, "enabled_events": ["*"], **changes}

    error = await refused(bench.client.v1.webhook_endpoints.create_async(params))

    assert error.http_status == 400


async def test_there_are_no_more_than_sixteen_endpoints(bench: Bench) -> None:
    for _ in range(16):
        await bench.listen("charge.updated")

    error = await refused(bench.listen("charge.updated"))

    assert "maximum of 16" in str(error.user_message)

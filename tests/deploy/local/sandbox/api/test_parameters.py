"""What a request may hold, and Stripe's words when it holds something else."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.deploy.local.sandbox.bench import Bench, line_item, refused


async def _post(bench: Bench, path: str, pairs: list[tuple[str, str]]) -> tuple[int, Any]:
    async with bench.http.post(
        bench.url + path,
        data=urlencode(pairs),
        headers={
            "Authorization": "Bearer sk_test_x",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    ) as response:
        return response.status, await response.json()


async def test_arrays_come_by_index_or_by_empty_brackets(bench: Bench) -> None:
    for names in (("enabled_events[0]", "enabled_events[1]"), ("enabled_events[]",) * 2):
        status, endpoint = await _post(
            bench,
            "/v1/webhook_endpoints",
            [
                ("url", bench.listener.url),
                (names[0], "refund.created"),
                (names[1], "charge.updated"),
            ],
        )

        assert status == 200
        assert endpoint["enabled_events"] == ["refund.created", "charge.updated"]


async def test_arrays_of_objects_keep_their_order_by_index(bench: Bench) -> None:
    items = [line_item(1000), line_item(2000, quantity=3)]

    session = await bench.session(line_items=items)

    lines = await bench.client.v1.checkout.sessions.line_items.list_async(session.id)
    assert [line.amount_total for line in lines.data] == [1000, 6000]


@pytest.mark.parametrize(
    ("changes", "code", "param", "message"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour", "Received unknown parameter: colour"),
        (
            {"line_items": [{**line_item(), "size": "xl"}]},
            "parameter_unknown",
            "line_items[0][size]",
            "Received unknown parameter: line_items[0][size]",
        ),
        (
            {"line_items": [{"price_data": {"unit_amount": 1}, "quantity": 1}]},
            "parameter_missing",
            "line_items[0][price_data][currency]",
            "Missing required param: line_items[0][price_data][currency].",
        ),
        ({"mode": None}, "parameter_missing", "mode", "Missing required param: mode."),
        ({"mode": "gift"}, None, "mode", "Invalid mode: must be one of payment, setup, or"),
        (
            {"expires_at": "soon"},
            "parameter_invalid_integer",
            "expires_at",
            "Invalid integer: soon",
        ),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email", "Invalid email address"),
        ({"success_url": "here"}, "url_invalid", "success_url", "Not a valid URL"),
        ({"cancel_url": ""}, "parameter_invalid_empty", "cancel_url", "You passed an empty string"),
        ({"locale": "tlh"}, None, "locale", "Invalid locale: must be one of auto, bg"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id", "must be at most 200"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata", "Metadata keys must be at most 40"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]", "up to 500 characters"),
        ({"metadata": {str(n): "v" for n in range(51)}}, None, "metadata", "at most 50 keys"),
        ({"line_items": "two"}, "parameter_invalid_array", "line_items", "Invalid array"),
        ({"metadata": "two"}, "parameter_invalid_object", "metadata", "Invalid object"),
        (
            {"automatic_tax": {"enabled": "perhaps"}},
            "parameter_invalid_boolean",
            "automatic_tax[enabled]",
            "Invalid boolean: perhaps",
        ),
        (
            {"line_items": [line_item(quantity=0)]},
            "parameter_invalid_integer",
            "line_items[0][quantity]",
            "must be greater than or equal to 1",
        ),
        (
            {"line_items": [line_item(-5)]},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
            "Invalid non-negative integer",
        ),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    bench: Bench, changes: dict[str, Any], code: str | None, param: str, message: str
) -> None:
    error = await refused(bench.session(**changes))

    assert (error.http_status, error.code) == (400, code)
    assert error.error is not None
    assert error.error.param == param
    assert message in str(error.user_message)


async def test_a_parameter_that_is_not_played_is_refused_openly(bench: Bench) -> None:
    error = await refused(bench.session(after_expiration={"recovery": {"enabled": True}}))

    assert error.user_message == "The sandbox does not play the parameter after_expiration."


async def test_a_value_that_is_not_played_is_refused_openly(bench: Bench) -> None:
    error = await refused(bench.session(mode="subscription"))

    assert error.user_message == "The sandbox does not play mode=subscription."


async def test_metadata_is_merged_key_by_key_and_cleared_by_nothing(bench: Bench) -> None:
    charge = await bench.paid(payment_intent_data={"metadata": {"a": "1", "b": "2"}})
    charges = bench.client.v1.charges

    changed = await charges.update_async(charge, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}

    cleared = await charges.update_async(charge, {"metadata": ""})
    assert cleared.metadata.to_dict() == {}

"""The gateway against answers of every kind, and webhook signatures."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import stripe

from services.payments.stripe_events import API_VERSION
from services.payments.stripe_gateway import (
    CardDeclined,
    IdempotencyKeyReused,
    NotFromStripe,
    StripeAccountRefused,
    StripeBusy,
    StripeConflict,
    StripeGateway,
    StripeRefused,
    StripeUnavailable,
    is_live_key,
    sign_webhook,
    verify_webhook,
)
from tests.payments.stub_server import StubServer, answer, stub_server

EVENT = json.dumps({"id": "evt_1", "type": "account.updated", "data": {"object": {}}}).encode()


@asynccontextmanager
async def gateway_to(*answers: bytes) -> AsyncIterator[tuple[StripeGateway, StubServer]]:
    async with (
        stub_server(*answers) as stub,
        StripeGateway("sk_test_key", api_url=stub.url, connect_url=stub.url + "/oauth") as gateway,
    ):
        yield gateway, stub


def refusal(status: int, headers: dict[str, str] | None = None, **error: Any) -> bytes:
    error = {"type": "invalid_request_error", "message": "No."} | error
    return answer(status, {"error": error}, {"Request-Id": "req_1", **(headers or {})})


def test_the_pinned_version_is_the_one_that_the_sdk_was_made_for() -> None:
    assert stripe.api_version == API_VERSION


async def test_a_request_carries_version_account_and_key_and_answers_a_plain_dict() -> None:
    async with gateway_to(answer(200, {"id": "cs_1", "nested": {"a": 1}})) as (gateway, stub):
        made = await gateway.raw_request(
            "post",
            "/v1/checkout/sessions",
            {"mode": "payment", "line_items": [{"quantity": 1}]},
            account="acct_9",
            idempotency_key="cs:1:1",
        )

    assert made == {"id": "cs_1", "nested": {"a": 1}}
    heard = stub.heard[0]
    assert (heard.method, heard.path) == ("POST", "/v1/checkout/sessions")
    assert heard.headers["stripe-version"] == API_VERSION
    assert heard.headers["stripe-account"] == "acct_9"
    assert heard.headers["idempotency-key"] == "cs:1:1"
    assert heard.headers["authorization"] == "Bearer sk_test_key"
    assert heard.body == "mode=payment&line_items[0][quantity]=1"


async def test_our_own_account_is_acted_for_without_a_header() -> None:
    async with gateway_to(answer(200, {})) as (gateway, stub):
        await gateway.raw_request("get", "/v1/events", {"limit": 3})

    assert "stripe-account" not in stub.heard[0].headers
    assert stub.heard[0].path == "/v1/events?limit=3"


async def test_oauth_goes_to_the_connect_address() -> None:
    async with gateway_to(answer(200, {})) as (gateway, stub):
        await gateway.raw_request("post", "/token", {"code": "ac_1"}, on="connect")

    assert stub.heard[0].path == "/oauth/token"


async def test_no_telemetry_leaves() -> None:
    async with gateway_to(answer(200, {}, {"Request-Id": "req_1"})) as (gateway, stub):
        await gateway.raw_request("get", "/v1/account")
        await gateway.raw_request("get", "/v1/account")

    assert all("x-stripe-client-telemetry" not in heard.headers for heard in stub.heard)
    assert "telemetry_id" not in stub.heard[0].headers["x-stripe-client-user-agent"]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"", id="connection closed without an answer"),
        pytest.param(answer(200, {"id": "cs_1"}, missing_bytes=10), id="body cut short"),
        pytest.param(answer(200, b""), id="empty body"),
        pytest.param(answer(200, b"<html>"), id="a page instead of JSON"),
        pytest.param(answer(200, [1]), id="JSON that is no object"),
        pytest.param(answer(502, b"<html>Bad gateway"), id="a proxy's page"),
        pytest.param(answer(403, b"<html>Blocked"), id="a firewall's page"),
        pytest.param(answer(500, {"error": {"message": "?", "type": "api_error"}}), id="500"),
        pytest.param(answer(404, {"error": "gone fishing"}), id="an error that is a text"),
        pytest.param(answer(400, {"error": [1]}), id="an error that is a list"),
        pytest.param(answer(302, b"{}", {"Location": "/v1/elsewhere"}), id="a redirect"),
        pytest.param(answer(200, b"\xff\xfe"), id="not UTF-8"),
    ],
)
async def test_without_a_readable_answer_the_outcome_is_unknown(broken: bytes) -> None:
    async with gateway_to(broken) as (gateway, stub):
        with pytest.raises(StripeUnavailable):
            await gateway.raw_request("post", "/v1/refunds", idempotency_key="re:1")

        assert len(stub.heard) == 1, "repeating is up to the due-row that asked"


async def test_a_refused_connection_leaves_the_outcome_unknown() -> None:
    async with StripeGateway("sk_test_key", api_url="http://127.0.0.1:1") as gateway:
        with pytest.raises(StripeUnavailable):
            await gateway.raw_request("get", "/v1/account")


async def test_a_limit_names_its_reason() -> None:
    busy = refusal(429, {"Stripe-Rate-Limited-Reason": "endpoint-rate"}, code="rate_limit")
    async with gateway_to(busy) as (gateway, _):
        with pytest.raises(StripeBusy) as caught:
            await gateway.raw_request("get", "/v1/account")

    assert caught.value.reason == "endpoint-rate"
    assert not caught.value.is_lock_timeout


async def test_a_locked_object_is_told_from_a_limit() -> None:
    async with gateway_to(refusal(429, code="lock_timeout")) as (gateway, _):
        with pytest.raises(StripeBusy) as caught:
            await gateway.raw_request("get", "/v1/account")

    assert caught.value.is_lock_timeout


async def test_a_key_in_use_is_a_conflict() -> None:
    async with gateway_to(refusal(409, type="idempotency_error")) as (gateway, _):
        with pytest.raises(StripeConflict) as caught:
            await gateway.raw_request("post", "/v1/refunds", idempotency_key="re:1")

    assert caught.value.request_id == "req_1"


async def test_a_key_with_other_parameters_is_told_apart() -> None:
    async with gateway_to(refusal(400, type="idempotency_error")) as (gateway, _):
        with pytest.raises(IdempotencyKeyReused) as caught:
            await gateway.raw_request("post", "/v1/refunds", idempotency_key="re:1")

    assert caught.value.code == "idempotency_error"


@pytest.mark.parametrize("status", [400, 404])
async def test_a_refusal_says_code_parameter_and_message(status: int) -> None:
    said = refusal(status, code="resource_missing", param="charge", message="No such charge.")
    async with gateway_to(said) as (gateway, _):
        with pytest.raises(StripeRefused) as caught:
            await gateway.raw_request("post", "/v1/refunds")

    failure = caught.value
    assert type(failure) is StripeRefused
    assert (failure.status, failure.code, failure.param) == (status, "resource_missing", "charge")
    assert failure.message == "No such charge."
    assert failure.request_id == "req_1"


@pytest.mark.parametrize(
    ("status", "code", "is_key"),
    [(401, None, True), (403, "account_invalid", False), (400, "account_invalid", False)],
)
async def test_an_account_that_we_may_not_act_for(
    status: int, code: str | None, is_key: bool
) -> None:
    async with gateway_to(refusal(status, code=code)) as (gateway, _):
        with pytest.raises(StripeAccountRefused) as caught:
            await gateway.raw_request("get", "/v1/account", account="acct_9")

    assert caught.value.is_key_refused is is_key


async def test_a_declined_card_brings_its_code_and_its_intent() -> None:
    declined = refusal(
        402,
        type="card_error",
        code="card_declined",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
        payment_intent={"id": "pi_1", "status": "requires_payment_method"},
    )
    async with gateway_to(declined) as (gateway, _):
        with pytest.raises(CardDeclined) as caught:
            await gateway.raw_request("post", "/v1/payment_intents")

    assert caught.value.decline_code == "insufficient_funds"
    assert caught.value.payment_intent is not None
    assert caught.value.payment_intent["id"] == "pi_1"


async def test_oauths_own_form_of_error_is_a_refusal_too() -> None:
    error = {"error": "invalid_grant", "error_description": "Authorization code expired."}
    async with gateway_to(answer(400, error)) as (gateway, _):
        with pytest.raises(StripeRefused) as caught:
            await gateway.raw_request("post", "/token", on="connect")

    assert (caught.value.code, caught.value.message) == (
        "invalid_grant",
        "Authorization code expired.",
    )


@pytest.mark.parametrize(
    ("key", "is_live"),
    [("sk_test_1", False), ("rk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)],
)
def test_the_key_tells_the_mode(key: str, is_live: bool) -> None:
    assert is_live_key(key) is is_live


def test_any_of_several_secrets_proves_a_webhook() -> None:
    header = sign_webhook(EVENT, "whsec_new")

    assert verify_webhook(EVENT, header, ["whsec_old", "whsec_new"])["id"] == "evt_1"


@pytest.mark.parametrize(
    ("body", "header"),
    [
        pytest.param(EVENT, None, id="no signature"),
        pytest.param(EVENT, "", id="empty signature"),
        pytest.param(EVENT, "t=1,v1=abc", id="made-up signature"),
        pytest.param(EVENT, f"t={int(time.time())},v1=é", id="signature beyond ASCII"),
        pytest.param(EVENT, f"t={'9' * 5000},v1=aa", id="absurd time"),
        pytest.param(EVENT, sign_webhook(EVENT, "whsec_stranger"), id="another's secret"),
        pytest.param(EVENT + b" ", sign_webhook(EVENT, "whsec_ours"), id="changed body"),
        pytest.param(b"\xff" + EVENT, sign_webhook(EVENT, "whsec_ours"), id="not UTF-8"),
        pytest.param(
            EVENT, sign_webhook(EVENT, "whsec_ours", timestamp=int(time.time()) - 301), id="too old"
        ),
        pytest.param(b"[]", sign_webhook(b"[]", "whsec_ours"), id="no event"),
        pytest.param(b"{", sign_webhook(b"{", "whsec_ours"), id="no JSON"),
    ],
)
def test_what_stripe_did_not_sign_is_refused(body: bytes, header: str | None) -> None:
    with pytest.raises(NotFromStripe):
        verify_webhook(body, header, ["whsec_ours"])


def test_without_secrets_no_webhook_is_believed() -> None:
    with pytest.raises(NotFromStripe):
        verify_webhook(EVENT, sign_webhook(EVENT, ""), [])
    with pytest.raises(NotFromStripe):
        verify_webhook(EVENT, sign_webhook(EVENT, ""), [""])

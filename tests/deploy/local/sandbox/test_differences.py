"""The list of refusals holds for the sandbox, and for Stripe itself where there is a key."""

import os

import pytest
import stripe

from tests.deploy.local.sandbox.bench import Bench, code_of, refused
from tests.deploy.local.sandbox.differences import DIFFERENCES, Difference


async def _check(client: stripe.StripeClient, wanted: Difference) -> None:
    error = await refused(client.raw_request_async(wanted.method, wanted.path, **wanted.params))

    assert error.http_status == wanted.status
    assert wanted.message in str(error.user_message)
    if wanted.code is not None:
        assert code_of(error) == wanted.code
    if wanted.param is not None:
        assert error.error is not None
        assert error.error.param == wanted.param


@pytest.mark.parametrize("wanted", DIFFERENCES, ids=lambda one: one.name)
async def test_the_sandbox_refuses_as_stripe_does(bench: Bench, wanted: Difference) -> None:
    await _check(bench.client, wanted)


if "STRIPE_SANDBOX_KEY" in os.environ:

    @pytest.mark.parametrize("wanted", DIFFERENCES, ids=lambda one: one.name)
    async def test_stripe_refuses_as_the_list_says(wanted: Difference) -> None:
        transport = stripe.AIOHTTPClient()
        client = stripe.StripeClient(os.environ["STRIPE_SANDBOX_KEY"], http_client=transport)
        try:
            await _check(client, wanted)
        finally:
            await transport.close_async()  # type: ignore[no-untyped-call]

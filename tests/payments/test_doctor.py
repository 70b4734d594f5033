"""What the doctor finds about Stripe, and what it says to do."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.sandbox import running_sandbox
from services.payments.doctor import Finding, examine, examine_accounts, examine_rehearsals
from services.payments.provision import provision
from services.payments.settings import PaymentsSettings
from services.payments.stripe_gateway import StripeGateway
from tests.payments.account_world import NEW, account_world
from tests.payments.stub_server import answer, stub_server

PUBLIC_URL = "https://tickets.example.org"
URL = f"{PUBLIC_URL}/stripe/webhooks"
FORBIDDEN = answer(403, {"error": {"type": "invalid_request_error", "message": "No right."}})


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TAQUILLA_TOKEN_KEYS": "k:" + "x" * 32,
        "PAYMENTS_POSTGRES_URL": "postgresql://nowhere",
        "PAYMENTS_NATS_URL": "nats://nowhere",
        "PAYMENTS_PUBLIC_URL": PUBLIC_URL,
        "PAYMENTS_STRIPE_SECRET_KEY": "sk_test_sandbox",
        "PAYMENTS_STRIPE_WEBHOOK_SECRETS": "whsec_1",
        "PAYMENTS_STRIPE_ORGANIZATION_ID": str(uuid4()),
    }.items():
        monkeypatch.setenv(name, value)


def settings(stripe_url: str, **changes: Any) -> PaymentsSettings:
    # The rest comes from the environment.
    return PaymentsSettings(stripe_api_url=stripe_url, stripe_connect_url=stripe_url, **changes)


def of(findings: list[Finding], subject: str) -> Finding:
    (found,) = [finding for finding in findings if finding.subject == subject]
    return found


async def test_everything_in_order_is_said_to_be() -> None:
    async with running_sandbox() as stripe_url:
        await provision(
            secret_key="sk_test_sandbox", api_url=stripe_url, webhook_url=URL, connect=True
        )

        findings = await examine(settings(stripe_url, stripe_client_id="ca_sandbox"))

    assert all(finding.is_good for finding in findings), findings
    assert [finding.subject for finding in findings] == [
        "Stripe key",
        "clock",
        "account",
        "account webhooks",
        "connect webhooks",
    ]
    assert "test mode" in of(findings, "Stripe key").says


async def test_an_account_that_is_not_ready_comes_with_what_is_missing() -> None:
    async with running_sandbox() as stripe_url:
        async with StripeGateway("sk_test_sandbox", api_url=stripe_url) as gateway:
            own = await gateway.raw_request("get", "/v1/account")
        not_ready = own | {"charges_enabled": False, "details_submitted": False}
    async with stub_server(answer(200, {"data": []}), answer(200, not_ready)) as stub:
        findings = await examine(settings(stub.url, stripe_webhook_secrets="none"))

    account = of(findings, "account")
    assert not account.is_good
    assert "the application at Stripe" in account.remedy


async def test_missing_endpoints_are_told_with_the_command_that_makes_them() -> None:
    async with running_sandbox() as stripe_url:
        findings = await examine(settings(stripe_url))

    webhooks = of(findings, "account webhooks")
    assert not webhooks.is_good
    assert "taquilla stripe provision" in webhooks.remedy


async def test_an_endpoint_that_was_switched_off_is_found() -> None:
    async with running_sandbox() as stripe_url:
        await provision(
            secret_key="sk_test_sandbox", api_url=stripe_url, webhook_url=URL, connect=False
        )
        async with StripeGateway("sk_test_sandbox", api_url=stripe_url) as gateway:
            (endpoint,) = (await gateway.raw_request("get", "/v1/webhook_endpoints"))["data"]
            await gateway.raw_request(
                "post", f"/v1/webhook_endpoints/{endpoint['id']}", {"disabled": True}
            )

        webhooks = of(await examine(settings(stripe_url)), "account webhooks")

    assert not webhooks.is_good
    assert "switched off" in webhooks.says


async def test_living_without_webhooks_is_said_openly() -> None:
    async with running_sandbox() as stripe_url:
        findings = await examine(settings(stripe_url, stripe_webhook_secrets="none"))

    assert "Off (none)" in of(findings, "webhooks").says


async def test_a_refused_key_is_the_only_finding() -> None:
    async with running_sandbox() as stripe_url:
        (finding,) = await examine(settings(stripe_url, stripe_secret_key="sk_wrong"))

    assert not finding.is_good
    assert "PAYMENTS_STRIPE_SECRET_KEY" in finding.remedy
    assert "sk_wrong" not in finding.says


async def test_a_stripe_that_does_not_answer_is_the_only_finding() -> None:
    (finding,) = await examine(settings("http://127.0.0.1:1"))

    assert not finding.is_good
    assert "PAYMENTS_STRIPE_API_URL" in finding.remedy


async def test_a_restricted_key_without_rights_is_told_which_it_needs() -> None:
    async with stub_server(FORBIDDEN) as stub:
        (finding,) = await examine(settings(stub.url, stripe_secret_key="rk_test_1"))

    assert "Checkout Sessions" in finding.remedy


async def test_a_restricted_key_that_may_not_read_its_account_is_told_what_to_do() -> None:
    async with stub_server(answer(200, {"data": []}), FORBIDDEN) as stub:
        findings = await examine(settings(stub.url, stripe_secret_key="rk_test_1"))

    assert "secret key (sk_...)" in of(findings, "account").remedy
    assert "Webhook Endpoints" in of(findings, "webhooks").remedy


@pytest.mark.parametrize(("seconds", "word"), [(300, "behind"), (-300, "ahead of")])
async def test_a_wrong_clock_is_found_by_stripes_own(seconds: int, word: str) -> None:
    stripes = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    async with stub_server(answer(200, {"data": []}, {"Date": stripes}), FORBIDDEN) as stub:
        clock = of(await examine(settings(stub.url)), "clock")

    assert not clock.is_good
    assert word in clock.says


async def test_an_installation_that_can_pay_nobody_says_so() -> None:
    async with running_sandbox() as stripe_url:
        findings = await examine(settings(stripe_url, stripe_organization_id=None))

    assert not of(findings, "account").is_good
    assert "PAYMENTS_STRIPE_CLIENT_ID" in of(findings, "account").remedy


async def test_connected_accounts_are_listed_with_what_they_need(postgres_url: str) -> None:
    async with account_world(postgres_url) as world:
        await world.connected()
        await world.connected(NEW, name="New Webinars")
        await world.check_now()

        async with world.database.connection() as connection:
            findings = await examine_accounts(connection)

    assert sorted((finding.is_good, finding.says) for finding in findings) == [
        (False, "New Webinars is not ready."),
        (True, "Anna Talks takes payments."),
    ]
    (unready,) = [finding for finding in findings if not finding.is_good]
    assert "a bank account for payouts" in unready.remedy


async def test_the_key_of_rehearsals_is_looked_at_as_well() -> None:
    test_key = {"stripe_secret_key": "sk_live_1", "stripe_test_secret_key": "sk_test_1"}
    async with running_sandbox() as test_mode, running_sandbox(is_live=True) as live_mode:
        good = await examine_rehearsals(settings(test_mode, **test_key))
        bad = await examine_rehearsals(settings(live_mode, **test_key))
        idle = await examine_rehearsals(settings(test_mode, stripe_test_secret_key="sk_test_1"))
        none = await examine_rehearsals(settings(test_mode))

    assert good[0].is_good
    assert "no card is charged" in good[0].says
    assert not bad[0].is_good
    assert "PAYMENTS_STRIPE_TEST_SECRET_KEY" in bad[0].remedy
    assert idle[0].is_good
    assert "ignored" in idle[0].says
    assert none == []

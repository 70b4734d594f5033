"""The service refuses to start when it could not be trusted."""

import os
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.payments.settings import PaymentsSettings

VALUES: dict[str, Any] = {
    "postgres_url": "postgresql://payments@127.0.0.1/taquilla",
    "nats_url": "nats://127.0.0.1:4222",
    "TAQUILLA_TOKEN_KEYS": "k1:" + "x" * 32,
    "public_url": "https://pay.example/",
    "stripe_secret_key": "sk_test_1",
    "stripe_webhook_secrets": "whsec_1",
}


def settings(**values: Any) -> PaymentsSettings:
    return PaymentsSettings(**VALUES | values)


def test_without_webhook_secrets_it_refuses_to_start() -> None:
    without = {name: value for name, value in VALUES.items() if "webhook" not in name}

    with pytest.raises(ValidationError, match="stripe_webhook_secrets"):
        PaymentsSettings(**without)


@pytest.mark.parametrize("value", ["", " ", ",", "secret", "whsec_1,other"])
def test_secrets_that_are_none_refuse_to_start(value: str) -> None:
    with pytest.raises(ValidationError, match="whsec_"):
        settings(stripe_webhook_secrets=value)


def test_living_without_webhooks_is_said_aloud() -> None:
    assert settings(stripe_webhook_secrets="none").webhook_secrets == ()


def test_secrets_are_a_list() -> None:
    assert settings(stripe_webhook_secrets="whsec_1, whsec_2,").webhook_secrets == (
        "whsec_1",
        "whsec_2",
    )


def test_a_publishable_key_is_no_key() -> None:
    with pytest.raises(ValidationError, match="secret or restricted key"):
        settings(stripe_secret_key="pk_test_1")


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(stripe_secret_key="sk_test_canary"))

    assert "canary" not in shown
    assert "whsec_1" not in shown


def test_empty_variables_of_a_compose_file_are_unset_ones() -> None:
    found = settings(stripe_organization_id="", stripe_client_id="")

    assert found.stripe_organization_id is None
    assert found.stripe_client_id is None


def test_addresses_end_without_a_slash() -> None:
    assert settings().public_url == "https://pay.example"


def test_the_command_says_which_variable_is_missing() -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PAYMENTS_")
    } | {
        "PAYMENTS_POSTGRES_URL": VALUES["postgres_url"],
        "PAYMENTS_NATS_URL": VALUES["nats_url"],
        "PAYMENTS_PUBLIC_URL": VALUES["public_url"],
        "PAYMENTS_STRIPE_SECRET_KEY": "sk_test_canary",
        "PAYMENTS_STRIPE_ORGANIZATION_ID": str(uuid4()),
        "TAQUILLA_TOKEN_KEYS": VALUES["TAQUILLA_TOKEN_KEYS"],
    }

    done = subprocess.run(
        [sys.executable, "-m", "services.payments"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "PAYMENTS_STRIPE_WEBHOOK_SECRETS" in done.stderr
    assert "canary" not in done.stderr + done.stdout


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "pk_test_1", "secret"])
def test_a_key_for_rehearsals_that_is_no_test_key_refuses_to_start(key: str) -> None:
    with pytest.raises(ValidationError, match="test mode"):
        settings(stripe_secret_key="sk_live_1", stripe_test_secret_key=key)


@pytest.mark.parametrize("key", ["sk_test_2", "rk_test_2"])
def test_a_live_key_may_have_a_test_key_for_rehearsals_beside_it(key: str) -> None:
    assert settings(stripe_secret_key="sk_live_1", stripe_test_secret_key=key).rehearsal_key == key


def test_a_test_key_needs_none_beside_it() -> None:
    assert settings(stripe_test_secret_key="sk_test_2").rehearsal_key is None
    assert settings(stripe_secret_key="sk_live_1", stripe_test_secret_key="").rehearsal_key is None

"""The services' environment: complete, understood by their settings, and free of the caller's."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from deploy.doctor import SETTINGS
from deploy.local.environment import ENVIRONMENTS, Wiring, without_settings

WIRING = Wiring(
    host="127.0.0.1",
    registration_port=8080,
    payments_port=8081,
    notifications_port=8082,
    sandbox_url="http://127.0.0.1:8090",
    smtp_port=8026,
    postgres_urls={service: f"postgresql://{service}@127.0.0.1/x" for service in ENVIRONMENTS},
    nats_url="nats://127.0.0.1:4222",
    nats_prefix="",
    token_keys=f"one:{'k' * 32}",
    organization_id="6e2f1c1e-0000-4000-8000-000000000001",
    webhook_secrets=["whsec_one", "whsec_two"],
)


def variable(service: str, name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else f"{service.upper()}_{name.upper()}"


@pytest.mark.parametrize("service", ENVIRONMENTS)
def test_every_setting_of_a_service_is_given_and_no_other(service: str) -> None:
    known = {
        variable(service, name, field) for name, field in SETTINGS[service].model_fields.items()
    }

    assert ENVIRONMENTS[service](WIRING).keys() == known


@pytest.mark.parametrize("service", ENVIRONMENTS)
def test_a_service_takes_its_environment(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENTS[service](WIRING, 9000).items():
        monkeypatch.setenv(name, value)

    settings = SETTINGS[service]()

    assert settings.port == 9000
    assert settings.postgres_url.get_secret_value() == WIRING.postgres_urls[service]
    assert settings.token_keys.get_secret_value() == WIRING.token_keys


@pytest.mark.parametrize("service", ENVIRONMENTS)
def test_no_service_is_told_the_database_of_another(service: str) -> None:
    values = " ".join(ENVIRONMENTS[service](WIRING).values())

    for other in ENVIRONMENTS.keys() - {service}:
        assert WIRING.postgres_urls[other] not in values


def test_limits_per_network_are_off_on_one_machine() -> None:
    assert ENVIRONMENTS["registration"](WIRING)["REGISTRATION_HOLDS_PER_NETWORK"] == "0"
    assert ENVIRONMENTS["payments"](WIRING)["PAYMENTS_ATTEMPTS_PER_NETWORK"] == "0"


def test_the_callers_own_settings_are_left_behind() -> None:
    caller = {"PATH": "/bin", "PAYMENTS_STRIPE_SECRET_KEY": "sk_live_x", "TAQUILLA_NATS_URL": "x"}

    assert without_settings(caller) == {"PATH": "/bin"}


def test_replicas_differ_by_their_port_alone() -> None:
    builders: list[Callable[[Wiring, int | None], dict[str, str]]] = list(ENVIRONMENTS.values())
    for build in builders:
        differing: dict[str, Any] = dict(build(WIRING, 9000).items() - build(WIRING, None).items())
        assert list(differing.values()) == ["9000"]

"""Compose starts the services with the variables that they read, and keeps them locked up."""

import re
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from deploy.local.environment import ENVIRONMENTS, Wiring
from services.notifications.settings import Settings as NotificationsSettings
from services.payments.settings import PaymentsSettings
from services.registration.settings import RegistrationSettings
from shared.settings import ServiceSettings
from tests.deploy.compose import (
    PROJECT,
    MissingVariable,
    documented,
    interpolate,
    names_in,
    read_compose,
    undescribed,
    variables_of,
)

SETTINGS: dict[str, type[ServiceSettings]] = {
    "registration": RegistrationSettings,
    "payments": PaymentsSettings,
    "notifications": NotificationsSettings,
}
ONE_SHOT = {"migrate", "provision", "doctor"}
FROM_OUTSIDE = {"postgres", "nats", "proxy"}
COMPOSE = read_compose()
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]


def environment_of(container: str) -> dict[str, str]:
    environment: dict[str, str] = CONTAINERS[container]["environment"]
    return environment


def filled_in() -> dict[str, str]:
    """An .env as an operator writes it: what .env.example leaves empty has a value."""
    secrets = {name: uuid4().hex for name in documented() if name.endswith("_PASSWORD")}
    return secrets | {
        "TAQUILLA_TOKEN_KEYS": f"first:{uuid4().hex}",
        "REGISTRATION_PUBLIC_URL": "https://tickets.example.org",
        "PAYMENTS_PUBLIC_URL": "https://tickets.example.org",
        "PAYMENTS_STRIPE_SECRET_KEY": "rk_test_123",
        "PAYMENTS_STRIPE_WEBHOOK_SECRETS": "whsec_123",
        "NOTIFICATIONS_SMTP_HOST": "smtp.example.org",
        "NOTIFICATIONS_MAIL_FROM": "Taquilla <tickets@example.org>",
    }


def rendered(container: str, environment: dict[str, str]) -> dict[str, str]:
    return {
        name: interpolate(value, environment) for name, value in environment_of(container).items()
    }


def local_wiring() -> Wiring:
    return Wiring(
        host="127.0.0.1",
        registration_port=8080,
        payments_port=8081,
        notifications_port=8082,
        sandbox_url="http://127.0.0.1:8090",
        smtp_port=8026,
        postgres_urls=dict.fromkeys(SETTINGS, "postgresql://127.0.0.1/taquilla"),
        nats_url="nats://127.0.0.1",
        nats_prefix="",
        token_keys=f"local:{uuid4().hex}",
        organization_id=str(uuid4()),
        webhook_secrets=["whsec_123"],
    )


@pytest.mark.parametrize("service", SETTINGS)
def test_compose_sets_each_variable_that_the_service_reads_and_no_other(service: str) -> None:
    assert set(environment_of(service)) == variables_of(SETTINGS[service])


@pytest.mark.parametrize("service", SETTINGS)
def test_compose_and_the_local_run_set_the_same_variables(service: str) -> None:
    assert set(environment_of(service)) == set(ENVIRONMENTS[service](local_wiring()))


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_starts_with_what_compose_gives_it(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = filled_in()
    for name, value in rendered(service, environment).items():
        monkeypatch.setenv(name, value)

    settings = SETTINGS[service]()

    assert settings.host == "0.0.0.0"
    password = environment[f"{service.upper()}_POSTGRES_PASSWORD"]
    assert settings.postgres_url.get_secret_value() == (
        f"postgresql://{service}:{password}@postgres:5432/taquilla"
    )
    password = environment[f"NATS_{service.upper()}_PASSWORD"]
    assert settings.nats_url == f"nats://{service}:{password}@nats:4222"


@pytest.mark.parametrize("service", SETTINGS)
def test_a_mistake_in_one_variable_shows_no_other(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in rendered(service, filled_in()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(f"{service.upper()}_NATS_URL")

    with pytest.raises(ValidationError, match="nats_url") as refused:
        SETTINGS[service]()

    # By default pydantic shows beginning and end of everything that was set.
    assert "input" not in str(refused.value)


@pytest.mark.parametrize("service", SETTINGS)
def test_servers_of_ones_own_replace_those_of_compose(service: str) -> None:
    own = {
        f"{service.upper()}_POSTGRES_URL": "postgresql://me@db.example.org/tickets",
        f"{service.upper()}_NATS_URL": "nats://nats.example.org",
    }

    environment = rendered(service, filled_in() | own)

    assert environment.items() >= own.items()


@pytest.mark.parametrize(
    ("container", "name"),
    [
        ("postgres", "POSTGRES_PASSWORD"),
        ("nats", "NATS_PAYMENTS_PASSWORD"),
        ("migrate", "REGISTRATION_POSTGRES_PASSWORD"),
        ("registration", "TAQUILLA_TOKEN_KEYS"),
        ("registration", "REGISTRATION_PUBLIC_URL"),
        ("payments", "PAYMENTS_PUBLIC_URL"),
        ("notifications", "NOTIFICATIONS_SMTP_HOST"),
    ],
)
def test_nothing_starts_on_a_default_that_nobody_chose(container: str, name: str) -> None:
    with pytest.raises(MissingVariable, match=name):
        rendered(container, {**filled_in(), name: ""})


def test_migrations_run_as_the_owner_and_make_the_roles_that_the_services_use() -> None:
    environment = filled_in()
    migrate = rendered("migrate", environment)

    for service in SETTINGS:
        variable = f"{service.upper()}_POSTGRES_URL"
        assert migrate[variable] == rendered(service, environment)[variable]
        assert migrate[f"{service.upper()}_MIGRATE_POSTGRES_URL"] == (
            f"postgresql://postgres:{environment['POSTGRES_PASSWORD']}@postgres:5432/taquilla"
        )


def test_every_variable_is_in_the_example_and_described() -> None:
    read_by_services = set().union(*map(variables_of, SETTINGS.values()))
    read_by_compose = names_in((PROJECT / "docker-compose.yml").read_text())

    assert read_by_services | read_by_compose == set(documented())
    assert undescribed() == []


def test_the_example_shows_the_defaults_that_the_services_have() -> None:
    shown = documented()

    for service, settings in SETTINGS.items():
        for name, field in settings.model_fields.items():
            variable = str(field.validation_alias or f"{service}_{name}").upper()
            if not field.is_required():
                default = "" if field.default is None else str(field.default)
                assert shown[variable] == default, variable


def test_the_nats_server_takes_any_password_as_text() -> None:
    """Unquoted, 12345678 is a number to it and it does not start."""
    passwords = rendered("nats", filled_in() | {"NATS_PAYMENTS_PASSWORD": "12345678"})

    assert passwords["NATS_PAYMENTS_PASSWORD"] == '"12345678"'


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_can_do_no_more_than_it_must(container: str) -> None:
    options = CONTAINERS[container]

    assert options["read_only"] is True
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in options["tmpfs"]
    assert not {"privileged", "pid", "ipc", "network_mode", "devices"} & set(options)
    assert options.get("cap_add", []) == (["NET_BIND_SERVICE"] if container == "proxy" else [])


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_is_watched_and_started_again(container: str) -> None:
    options = CONTAINERS[container]

    if container in ONE_SHOT:
        assert options["restart"] == "no"
        assert options["healthcheck"] == {"disable": True}
    else:
        assert options["restart"] == "unless-stopped"
        # The services have the health check of their image.
        assert container in SETTINGS or options["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_can_be_scaled(service: str) -> None:
    """A host port or a name of its own belongs to one container only."""
    assert not {"ports", "container_name", "hostname"} & set(CONTAINERS[service])


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_starts_after_what_it_needs(service: str) -> None:
    assert CONTAINERS[service]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "nats": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }


def test_only_the_proxy_is_reached_from_outside_and_the_demo_from_this_machine() -> None:
    published = {
        name: options["ports"] for name, options in CONTAINERS.items() if "ports" in options
    }

    assert set(published) == {"proxy", "sandbox", "mailbox"}
    for container in ("sandbox", "mailbox"):
        assert CONTAINERS[container]["profiles"] == ["demo"]
        assert all(port.startswith("127.0.0.1:") for port in published[container])


def test_database_and_bus_have_no_way_out() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert CONTAINERS["postgres"]["networks"] == ["inside"]
    assert CONTAINERS["nats"]["networks"] == ["inside"]


def test_every_image_has_a_version_and_ours_are_built_once() -> None:
    builds: dict[str, list[str]] = {}
    for name, options in CONTAINERS.items():
        image = interpolate(options["image"], {})
        assert re.search(r":\d+\.\d+", image), image
        if name in FROM_OUTSIDE:
            continue
        builds.setdefault(image, [])
        if build := options.get("build"):
            assert image == f"taquilla-{build['args']['SERVICE']}:0.1.0"
            builds[image].append(name)
        else:
            assert options["pull_policy"] == "never"

    assert {image: len(names) for image, names in builds.items()} == dict.fromkeys(builds, 1)


def test_the_image_needs_neither_root_nor_a_writable_file_system() -> None:
    dockerfile = (PROJECT / "deploy/Dockerfile").read_text()
    final_stage = dockerfile.rpartition("\nFROM ")[2]
    instructions = final_stage.replace("\\\n", " ").splitlines()

    users = [line.split()[1] for line in instructions if line.startswith("USER")]
    assert users == ["10001:10001"]
    command = next(line for line in instructions if line.startswith("CMD"))
    assert command == 'CMD ["sh", "-c", "exec python -m services.${SERVICE}"]'
    health = next(line for line in instructions if line.startswith("HEALTHCHECK"))
    assert "CMD [" in health
    assert "--require-hashes" in dockerfile
    assert "--only-binary :all:" in dockerfile
    assert "unchecked-hash" in dockerfile


def test_nothing_but_the_three_source_folders_enters_an_image() -> None:
    rules = (PROJECT / ".dockerignore").read_text().split("\n")
    kept = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}

    assert "*" in rules
    assert kept == {"services", "shared", "deploy"}

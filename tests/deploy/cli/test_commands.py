"""The commands: they do what they say, and where they cannot, they say what to do."""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app
from services.registration.access import hash_of
from tests.servers import FreshDatabase, fresh_database, service_url

ORGANIZATION = "7f0c5f3c-8a2d-4d5a-9d6a-0f4f1b1f2a3b"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rows(url: str, statement: str) -> list[asyncpg.Record]:
    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    return asyncio.run(fetch())


@pytest.fixture
def database(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FreshDatabase]:
    """Registration's, named by its variable; commands start event loops of their own."""
    with asyncio.Runner() as runner:
        made = fresh_database(postgres_url, "registration")
        database = runner.run(made.__aenter__())
        monkeypatch.setenv("REGISTRATION_POSTGRES_URL", database["registration"])
        yield database
        runner.run(made.__aexit__(None, None, None))


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REGISTRATION_POSTGRES_URL", "PAYMENTS_POSTGRES_URL", "PAYMENTS_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_first_admin_gets_a_link_that_works_once(
    database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRATION_PUBLIC_URL", "https://tickets.example.org/")
    run("organization", "create", "Faro Studio", "--id", ORGANIZATION)

    link = run("admin", "create", "--organization", ORGANIZATION, "Ines@Example.org")

    [stored] = rows(database.admin_url, "SELECT * FROM registration.person_links")
    token = link.stdout.strip().removeprefix("https://tickets.example.org/welcome/")
    assert stored["token_hash"] == hashlib.sha256(token.encode()).digest()
    assert (stored["email_key"], stored["role"]) == ("ines@example.org", "admin")


@pytest.mark.parametrize(
    ("organization", "email", "said"),
    [(ORGANIZATION, "ines", "e-mail address"), (str(uuid4()), "ines@example.org", "organization")],
    ids=("bad address", "unknown organization"),
)
def test_an_admin_that_cannot_be_is_refused_in_words(
    database: FreshDatabase, organization: str, email: str, said: str
) -> None:
    run("organization", "create", "Faro Studio", "--id", ORGANIZATION)

    refused = run("admin", "create", "--organization", organization, email)

    assert refused.exit_code == 1
    assert said in refused.stderr
    assert rows(database.admin_url, "SELECT * FROM registration.person_links") == []


def test_help_is_quick_and_loads_no_service() -> None:
    program = (
        "import sys; from deploy.cli import app; "
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('services', 'shared', 'asyncpg', 'aiohttp', 'nats', 'stripe', 'pydantic')])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert loaded.stdout == b"[]\n"


def test_an_organization_is_made_and_its_token_works_once_made(database: FreshDatabase) -> None:
    assert run("organization", "create", "Faro Studio", "--id", ORGANIZATION).stdout == (
        f"{ORGANIZATION}\n"
    )

    made = run(
        *("token", "create", "--organization", ORGANIZATION, "--name", "website"),
        *("--scope", "read", "--scope", "register"),
    )

    [stored] = rows(database.admin_url, "SELECT * FROM registration.api_tokens")
    assert made.stdout.startswith("tq_")
    assert stored["token_hash"] == hash_of(made.stdout.strip())
    assert stored["scopes"] == ["read", "register"]
    assert len(rows(database.admin_url, "SELECT FROM registration.outbox")) == 1


def test_making_the_same_organization_again_changes_nothing(database: FreshDatabase) -> None:
    for name in ("Faro Studio", "Another name"):
        assert run("organization", "create", name, "--id", ORGANIZATION).exit_code == 0

    [stored] = rows(database.admin_url, "SELECT name FROM registration.organizations")
    assert stored["name"] == "Faro Studio"


@pytest.mark.usefixtures("database")
def test_tokens_are_listed_without_their_secret_and_revoked() -> None:
    run("organization", "create", "Faro Studio", "--id", ORGANIZATION)
    of_it = ("--organization", ORGANIZATION)
    token = run("token", "create", *of_it, "--name", "website", "--scope", "read").stdout.strip()
    listed = run("token", "list", *of_it).stdout

    token_id = listed.split()[0]
    assert run("token", "revoke", token_id, *of_it).exit_code == 0

    assert "website" in listed
    assert "valid" in listed
    assert token not in listed
    assert "revoked" in run("token", "list", *of_it).stdout


@pytest.mark.usefixtures("database")
def test_a_refusal_is_a_sentence_and_not_a_traceback() -> None:
    unknown = run(
        *("token", "create", "--organization", uuid4().hex, "--name", "x", "--scope", "read")
    )
    wrong_scope = run(
        *("token", "create", "--organization", uuid4().hex, "--name", "x", "--scope", "everything")
    )

    assert (unknown.exit_code, wrong_scope.exit_code) == (1, 1)
    assert "There is no organization with this id." in unknown.stderr
    assert "Choose scopes among" in wrong_scope.stderr


def test_without_variables_or_a_local_run_a_command_says_what_to_set(tmp_path: Path) -> None:
    lost = run("organization", "create", "Faro Studio", "--data-dir", tmp_path)

    assert lost.exit_code == 1
    assert "REGISTRATION_POSTGRES_URL is not set" in lost.stderr
    assert "--data-dir" in lost.stderr


def test_a_local_run_is_found_by_its_directory(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGISTRATION_POSTGRES_URL")
    environments = {"registration": {"REGISTRATION_POSTGRES_URL": database["registration"]}}
    (tmp_path / "environment.json").write_text(json.dumps(environments))

    assert run("organization", "create", "Faro", "--data-dir", tmp_path).exit_code == 0

    assert len(rows(database.admin_url, "SELECT FROM registration.organizations")) == 1


def test_a_database_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRATION_POSTGRES_URL", "postgresql://registration@127.0.0.1:1/x")

    away = run("organization", "create", "Faro Studio")

    assert away.exit_code == 1
    assert "The database does not answer" in away.stderr


def test_migrating_makes_role_schema_and_tables_and_may_be_repeated(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = asyncio.run(_empty_database(postgres_url))
    url = service_url(postgres_url, database.name, "payments")
    monkeypatch.setenv("PAYMENTS_MIGRATE_POSTGRES_URL", database.admin_url)
    monkeypatch.setenv("PAYMENTS_POSTGRES_URL", url)

    first, second = run("migrate", "payments"), run("migrate", "payments")

    assert "payments: applied 0001_" in first.stdout
    assert second.stdout == "payments: up to date\n"
    assert rows(url, "SELECT name FROM migrations")


async def _empty_database(postgres_url: str) -> FreshDatabase:
    return await fresh_database(postgres_url)


def test_migrating_without_a_url_names_the_variable() -> None:
    lost = run("migrate", "registration")

    assert lost.exit_code == 1
    assert "REGISTRATION_MIGRATE_POSTGRES_URL is not set" in lost.stderr


def test_migrating_an_unknown_service_names_the_known_ones() -> None:
    assert "registration, payments, notifications" in run("migrate", "billing").stderr


@pytest.mark.parametrize("setting", ["billing=2", "payments", "payments=0", "payments=x"])
def test_a_scale_that_makes_no_sense_is_refused(setting: str, tmp_path: Path) -> None:
    refused = run("up", "--data-dir", tmp_path / "run", "--scale", setting)

    assert refused.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_dead_letters_are_listed_with_their_cause(
    database: FreshDatabase,
) -> None:
    assert run("dead-letters", "list", "registration").stdout == "None.\n"

    rows(
        database.admin_url,
        "INSERT INTO registration.dead_letters "
        "(consumer, delivery, subject, body, headers, cause, tries) VALUES "
        "('registration-payment-succeeded', '1', 'payments.payment.succeeded', '{}', '{}', "
        "'KeyError: amount', 4)",
    )

    listed = run("dead-letters", "list", "registration").stdout
    assert "payments.payment.succeeded" in listed
    assert "KeyError: amount" in listed


def test_replaying_needs_ids_or_all(tmp_path: Path) -> None:
    refused = run("dead-letters", "replay", "registration", "--data-dir", tmp_path)

    assert refused.exit_code == 1
    assert "--all" in refused.stderr

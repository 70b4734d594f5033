"""What the documents name is there: files, make targets, commands, containers."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from deploy.cli import app
from tests.deploy.compose import documented, read_compose

PROJECT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
DECISIONS = sorted((PROJECT / "docs/decisions").glob("*.md"))
FOLDERS = ("services/", "shared/", "deploy/", "tests/", "docs/")


def text_of(document: str) -> str:
    return (PROJECT / document).read_text()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_are_named_exist(document: str) -> None:
    text = text_of(document)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    named = [
        name
        for name in re.findall(r"`([\w./*-]+)`", text)
        if name.startswith(FOLDERS) or re.fullmatch(r"[\w.-]+\.(toml|yml|example|lock|md)", name)
    ]

    missing = [name for name in links + named if "<" not in name and not list(PROJECT.glob(name))]

    assert [name for name in missing if name not in only_by_name(named)] == []


def only_by_name(named: list[str]) -> set[str]:
    """Files called by their last part, such as words.*.toml, somewhere below."""
    return {name for name in named if "/" not in name and any(PROJECT.glob(f"[a-z]*/**/{name}"))}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_are_named_exist(document: str) -> None:
    text = text_of(document)
    makefile = text_of("Makefile")
    commands = get_command(app)

    for target in re.findall(r"\bmake ([a-z]+)\b(?=[`\s]*(?:`|#|$|\s{2}|UP_ARGS))", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for command in re.findall(r"\btaquilla ([a-z][a-z-]+)", text):
        assert command in getattr(commands, "commands", {}), command


def test_containers_and_variables_that_are_named_exist() -> None:
    text = text_of("README.md")
    run = set(re.findall(r"docker compose run --rm (?:-T )?([a-z]+)", text))
    variables = set(
        re.findall(r"\b((?:TAQUILLA|REGISTRATION|PAYMENTS|NOTIFICATIONS)_[A-Z_]+)\b", text)
    )

    assert run <= set(read_compose()["services"])
    assert {name for name in variables if not name.endswith("_")} <= set(documented())


def test_decisions_are_numbered_and_complete() -> None:
    numbers = [int(record.name[:4]) for record in DECISIONS]

    assert numbers == list(range(1, len(numbers) + 1))
    for record in DECISIONS:
        text = record.read_text()
        assert text.startswith(f"# {record.name[:4]} "), record.name
        assert all(part in text for part in ("Context", "Decision", "Consequences")), record.name

"""docker-compose.yml and .env.example as Compose reads them, for tests without an engine."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from shared.settings import ServiceSettings

PROJECT = Path(__file__).parents[2]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE_LINE = re.compile(r"#?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


class MissingVariable(Exception):
    """`${NAME:?}` stops Compose before anything is started."""


def read_compose() -> dict[str, Any]:
    """The file with its anchors and merges, not interpolated."""
    document: dict[str, Any] = YAML(typ="safe").load(PROJECT / "docker-compose.yml")
    return document


def interpolate(text: str, environment: dict[str, str]) -> str:
    """Put variables in as the Compose specification says; raises MissingVariable."""
    written, rest = "", text
    while "$" in rest:
        before, _, rest = rest.partition("$")
        written += before
        if rest.startswith("$"):
            written, rest = written + "$", rest[1:]
            continue
        assert rest.startswith("{"), f"only the braced form is used here: ${rest}"
        inside, rest = _braced(rest)
        name_match = _NAME.match(inside)
        assert name_match is not None, inside
        name, operation = name_match[0], inside[name_match.end() :]
        value = environment.get(name, "")
        if not value and operation.startswith(":-"):
            value = interpolate(operation.removeprefix(":-"), environment)
        elif not value and operation.startswith(":?"):
            raise MissingVariable(name)
        else:
            assert operation == "" or operation.startswith((":-", ":?")), operation
        written += value
    return written + rest


def names_in(text: str) -> set[str]:
    """The variables that a text is interpolated with, nested ones too."""
    return set(re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)", text))


def documented() -> dict[str, str]:
    """Each variable of .env.example with its first value there, commented out or not."""
    found: dict[str, str] = {}
    for line in (PROJECT / ".env.example").read_text().splitlines():
        if variable := _VARIABLE_LINE.fullmatch(line):
            found.setdefault(variable["name"], variable["value"].strip('"'))
    return found


def undescribed() -> list[str]:
    """The variables of .env.example with no sentence above them or above their neighbours."""
    bare: list[str] = []
    is_described = False
    for line in (PROJECT / ".env.example").read_text().splitlines():
        if variable := _VARIABLE_LINE.fullmatch(line):
            if not is_described:
                bare.append(variable["name"])
        else:
            is_described = line.startswith("# ") and not line.startswith("# --")
    return bare


def variables_of(settings: type[ServiceSettings]) -> set[str]:
    """The environment variables that a settings class reads."""
    prefix = settings.model_config.get("env_prefix", "")
    return {
        str(field.validation_alias) if field.validation_alias else f"{prefix}{name}".upper()
        for name, field in settings.model_fields.items()
    }


def _braced(text: str) -> tuple[str, str]:
    """What is between the first brace and its counterpart, and what comes after."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return text[1:position], text[position + 1 :]
    raise ValueError(f"a brace is not closed: {text}")

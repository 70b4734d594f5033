"""The wording of every mail in every language; the texts are in `templates/words.*.toml`."""

import tomllib
from pathlib import Path

from services.notifications.placeholders import fill
from shared.localized import LANGUAGES, Language

TEMPLATES = Path(__file__).with_name("templates")


def _read(language: Language) -> dict[str, str]:
    sections = tomllib.loads((TEMPLATES / f"words.{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{section}.{key}": text
        for section, entries in sections.items()
        for key, text in entries.items()
    }


WORDS: dict[Language, dict[str, str]] = {language: _read(language) for language in LANGUAGES}


def say(language: Language, key: str, **values: str) -> str:
    """A sentence such as `confirmation.subject`, its placeholders filled once."""
    return fill(WORDS[language][key], values)

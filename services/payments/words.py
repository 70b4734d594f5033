"""The wording of payments' pages in every language; the texts are in `templates/words.*.toml`."""

import tomllib
from pathlib import Path

from shared.localized import LANGUAGES, Language

TEMPLATES = Path(__file__).with_name("templates")


def read_words(language: str) -> dict[str, str]:
    """Every sentence of a language by its key, such as `waiting.heading`."""
    sections = tomllib.loads((TEMPLATES / f"words.{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{section}.{key}": text
        for section, entries in sections.items()
        for key, text in entries.items()
    }


WORDS: dict[Language, dict[str, str]] = {language: read_words(language) for language in LANGUAGES}


def say(language: Language, key: str, **values: str) -> str:
    """A sentence with its placeholders filled, once: what a value brings along is only shown."""
    return WORDS[language][key].format(**values)

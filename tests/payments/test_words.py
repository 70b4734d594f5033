"""The wording: every language says everything."""

import string

import pytest

from services.payments.words import TEMPLATES, WORDS, read_words, say
from shared.localized import LANGUAGES

WRITTEN = sorted(file.name.split(".")[1] for file in TEMPLATES.glob("words.*.toml"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", WRITTEN)
def test_every_language_has_the_same_sentences_with_the_same_placeholders(language: str) -> None:
    english = {key: placeholders(text) for key, text in WORDS["en"].items()}

    assert {key: placeholders(text) for key, text in read_words(language).items()} == english


def test_every_language_that_is_spoken_is_written() -> None:
    assert set(LANGUAGES) <= set(WRITTEN)


def test_what_a_value_brings_along_is_only_shown() -> None:
    assert say("en", "choose.heading_named", organization="{code}") == "Connect Stripe to {code}"

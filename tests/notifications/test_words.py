"""The wording: every language says everything."""

from services.notifications.placeholders import names_in
from services.notifications.words import WORDS, say


def test_every_language_has_the_same_sentences_with_the_same_placeholders() -> None:
    english = {key: names_in(text) for key, text in WORDS["en"].items()}

    for language, words in WORDS.items():
        assert {key: names_in(text) for key, text in words.items()} == english, language


def test_a_sentence_is_said_in_its_language() -> None:
    assert say("es", "mail.named", heading="Tienes plaza", name="Ana") == "Tienes plaza, Ana"

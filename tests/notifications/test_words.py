"""The wording: every language says everything."""

import tomllib

from services.notifications.placeholders import names_in
from services.notifications.words import TEMPLATES, say

# Said with every sentence to a registrant: a language may do without them, or name them more often.
ALWAYS_KNOWN = {"kind", "organization"}
TO_PEOPLE_WHO_SIGN_IN = ("account.", "invitation.", "password_reset.", "password_changed.")


def languages() -> dict[str, dict[str, str]]:
    """Every file of words that there is, spoken already or not."""
    return {
        path.name.split(".")[1]: {
            f"{section}.{key}": text
            for section, entries in tomllib.loads(path.read_text(encoding="utf-8")).items()
            for key, text in entries.items()
        }
        for path in TEMPLATES.glob("words.*.toml")
    }


def test_every_language_has_the_same_sentences_with_the_same_placeholders() -> None:
    all_words = languages()

    assert {"en", "es", "de"} <= set(all_words)
    for language, words in all_words.items():
        assert words.keys() == all_words["en"].keys(), language
        for key, text in words.items():
            is_known = ALWAYS_KNOWN if not key.startswith(TO_PEOPLE_WHO_SIGN_IN) else set()
            differing = names_in(text) ^ names_in(all_words["en"][key])
            assert differing <= is_known, (language, key)


def test_no_sentence_is_left_in_english() -> None:
    all_words = languages()

    for language in all_words.keys() - {"en"}:
        same = {key for key, text in all_words[language].items() if text == all_words["en"][key]}
        assert same <= {"mail.named", "kind.webinar"}, language


def test_a_sentence_is_said_in_its_language() -> None:
    assert say("es", "mail.named", heading="Tienes plaza", name="Ana") == "Tienes plaza, Ana"

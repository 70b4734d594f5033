import re
from string import Formatter

import pytest

from services.registration.pages.english import ENGLISH
from services.registration.pages.rendering import TEMPLATES
from services.registration.pages.spanish import SPANISH
from services.registration.pages.wording import preferred_locale, spoken_locale, words


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_placeholders() -> None:
    assert set(ENGLISH) == set(SPANISH)
    for key, text in ENGLISH.items():
        assert placeholders(text) == placeholders(SPANISH[key]), key
        assert ("[" in text) == ("[" in SPANISH[key]), key


def test_templates_use_only_words_that_exist_and_every_word_is_used() -> None:
    templates = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    whole = set(re.findall(r"""["']([a-z_]+)["']""", templates))
    starts = tuple(re.findall(r'"([a-z_]+_)" ~', templates))

    named = set(re.findall(r't(?:_link)?\("([a-z_]+)"[,)]', templates))
    unused = {key for key in ENGLISH if key not in whole and not key.startswith(starts)}

    assert named <= set(ENGLISH)
    # Said by code: nouns, field errors, the second halves of pairs.
    assert not {key for key in unused if not key.startswith(("noun_", "name_", "email_", "on_day"))}


def test_an_event_is_called_by_its_own_word() -> None:
    assert words("en", "about", noun="virtual_event") == "About this virtual event"
    assert words("es-MX", "join", noun="webinar") == "Entrar en el webinar"


def test_braces_in_a_name_are_never_evaluated() -> None:
    said = words("en", "closed_cancelled_note", organization="{0.__class__} {t}")

    assert said == "{0.__class__} {t} cancelled it. Registration is closed."


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es-MX"),
        ("de-DE,de;q=0.9,es;q=0.5,en;q=0.4", "es"),
        ("en;q=0.2, es;q=0.7", "es"),
        ("es-419", "es"),
        ("ES_es", "es-ES"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("es;q=0", "en"),
        ("es;q=nonsense", "en"),
        ("<script>", "en"),
    ],
)
def test_the_browsers_best_liked_spoken_language_is_taken(header: str, locale: str) -> None:
    assert preferred_locale(header) == locale


def test_a_locale_is_stored_in_one_form_or_not_at_all() -> None:
    assert spoken_locale("en-us") == "en-US"
    assert spoken_locale("zh-Hant") is None
    assert spoken_locale("es'><b>") is None

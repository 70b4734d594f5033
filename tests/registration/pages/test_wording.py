import pytest

from services.registration.pages.wording import preferred_locale, spoken_locale


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es-MX"),
        ("de-DE,de;q=0.9,es;q=0.5,en;q=0.4", "de-DE"),
        ("fr-FR,fr;q=0.9,de;q=0.5,en;q=0.4", "de"),
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

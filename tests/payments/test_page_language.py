"""In which language a browser is answered."""

import pytest

from services.payments.page_language import language_asked


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("", "en"),
        ("es-MX,es;q=0.9,en;q=0.5", "es"),
        ("fr-FR, es;q=0.4", "es"),
        ("en;q=0.2, ES;q=0.8", "es"),
        ("fr", "en"),
        ("es;q=0, en;q=0.1", "en"),
        ("es;q=many", "en"),
        ("*", "en"),
        (";;,,q=1" * 200, "en"),
    ],
)
def test_the_best_liked_language_that_is_spoken_is_taken(accepts: str, language: str) -> None:
    assert language_asked(accepts) == language


def test_the_readers_own_locale_comes_before_the_browsers() -> None:
    assert language_asked("en", "es-AR") == "es"

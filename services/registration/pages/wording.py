"""The words of the pages: one catalogue a language, looked up by key. No I/O here."""

from services.registration.pages.english import ENGLISH
from services.registration.pages.spanish import SPANISH
from shared.localized import LANGUAGES, Language, language_of

CATALOGUES: dict[Language, dict[str, str]] = {"en": ENGLISH, "es": SPANISH}


def words(locale: str, key: str, **values: object) -> str:
    """The words under a key; `noun` is the kind of event, said in the reader's language."""
    catalogue = CATALOGUES[language_of(locale)]
    if "noun" in values:
        values["noun"] = catalogue[f"noun_{values['noun']}"]
    pattern = catalogue[key]
    return pattern.format(**values) if values else pattern


def preferred_locale(accept_language: str) -> str:
    """The best-liked tag of an Accept-Language header that is spoken here; "en" without one."""
    best, liking = "en", 0.0
    for part in accept_language[:500].split(","):
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        wanted = _liking(parameters)
        if wanted > liking and is_spoken(tag):
            best, liking = tag, wanted
    return best


def is_spoken(tag: str) -> bool:
    """Whether a well-formed tag names a language of the catalogues."""
    language, *regions = tag.lower().split("-")
    return language in LANGUAGES and all(part.isalnum() and len(part) <= 8 for part in regions[:3])


def _liking(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(1.0, float(value))
            except ValueError:
                return 0.0
    return 1.0

"""The languages that pages speak, and which of them a reader gets. No I/O here."""

import re

from shared.localized import LANGUAGES, Language

_REGION = re.compile("[A-Za-z]{2}")
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "es": "Español", "de": "Deutsch"}
"""Each language as its readers call it."""


def preferred_locale(accept_language: str) -> str:
    """The best-liked tag of an Accept-Language header that is spoken here; "en" without one."""
    best, liking = "en", 0.0
    for part in accept_language[:500].split(","):
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        spoken, wanted = spoken_locale(tag), _liking(parameters)
        if spoken is not None and wanted > liking:
            best, liking = spoken, wanted
    return best


def spoken_locale(tag: str) -> str | None:
    """The tag as it is stored ("es", "es-MX") if its language is spoken here."""
    language, *rest = tag.replace("_", "-").split("-")
    if language.lower() not in LANGUAGES:
        return None
    region = next((part.upper() for part in rest if _REGION.fullmatch(part)), None)
    return language.lower() if region is None else f"{language.lower()}-{region}"


def _liking(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(1.0, float(value))
            except ValueError:
                return 0.0
    return 1.0

"""The language in which a browser is answered. No I/O here."""

from shared.localized import LANGUAGES, Language, language_of

HEADER_LENGTH_MAX = 500


def language_asked(accept_language: str, stored: str | None = None) -> Language:
    """The reader's own, else the best liked of an Accept-Language header that is spoken here."""
    if stored is not None:
        return language_of(stored)
    best, liking = language_of("en"), 0.0
    for part in accept_language[:HEADER_LENGTH_MAX].split(","):
        tag, _, rest = part.strip().partition(";")
        spoken = tag.replace("_", "-").partition("-")[0].lower()
        if spoken in LANGUAGES and (wanted := _liking(rest)) > liking:
            best, liking = language_of(spoken), wanted
    return best


def _liking(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0

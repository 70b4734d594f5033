"""Words in the reader's language: gettext, with the English text as the key. No I/O later.

`locale/*.po` is read once, when the service starts; there is no compiled form to forget.
`make words` brings the files up to date with the sources.
"""

import io
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from shared.localized import language_of

FOLDER = Path(__file__).parent / "locale"


def speech(locale: str) -> NullTranslations:
    """What speaks to a reader of that locale, by `.gettext` and `.ngettext`; else in English."""
    return _SPEECHES.get(language_of(locale), _ENGLISH)


def is_key(message: str) -> bool:
    """Whether it is one of our own texts: others are never trusted as markup."""
    return message in _KEYS


def msgid(message: str, context: str = "") -> str:
    """The same text, marked as words that a template or a speech says later.

    A context tells apart what English says alike and others do not: "Open" the door, an "Open" one.
    """
    return _InContext(message, context) if context else message


class _InContext(str):
    context: str

    def __new__(cls, message: str, context: str) -> "_InContext":
        marked = super().__new__(cls, message)
        marked.context = context
        return marked


class _Catalogue(GNUTranslations):
    def gettext(self, message: str) -> str:
        if isinstance(message, _InContext):
            return self.pgettext(message.context, str(message))
        return super().gettext(message)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def _compiled(catalog: Catalog) -> _Catalogue:
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return _Catalogue(compiled)


_ENGLISH = NullTranslations()
_CATALOGS = {path.stem: _read(path) for path in sorted(FOLDER.glob("*.po"))}
_SPEECHES: dict[str, NullTranslations] = {
    language: _compiled(catalog) for language, catalog in _CATALOGS.items()
}
_KEYS = frozenset(message.id for catalog in _CATALOGS.values() for message in catalog if message.id)

"""Words in the reader's language: every one is translated, and says the same things."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from deploy.words import HEADER, NotConstant, follow, spoken
from services.registration.catalogues import FOLDER, msgid, speech

FILES = sorted(FOLDER.glob("*.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
TAG = re.compile(r"<[^>]+>")
EMPTY = HEADER.format(language="es", plural_forms="nplurals=2; plural=(n != 1);")


Key = tuple[str, str]


def key(message: Message) -> Key:
    """The (first) English text and the context."""
    return texts_of(message.id)[0], message.context or ""


def translations(path: Path) -> dict[Key, Message]:
    """Every message of a catalogue."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.stem, abort_invalid=True)
    return {key(message): message for message in catalog if message.id}


def texts_of(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def pairs(path: Path) -> list[tuple[str, str]]:
    """Each translated text beside its English one."""
    return [
        (english, said)
        for message in translations(path).values()
        for english, said in zip(texts_of(message.id), texts_of(message.string), strict=True)
        if said
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_word_of_every_page_is_translated(path: Path) -> None:
    known = translations(path)
    asked = [key(message) for message in spoken() if message.id]

    missing = [one for one in asked if one not in known or not all(texts_of(known[one].string))]

    assert missing == []
    assert len(asked) > 1000
    assert not [one for one, message in known.items() if message.fuzzy]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_catalogue_holds_no_words_that_nobody_says(path: Path) -> None:
    assert set(translations(path)) == {key(message) for message in spoken() if message.id}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_translation_holds_the_same_values_and_markup_and_ends_alike(path: Path) -> None:
    for english, said in pairs(path):
        values = set(PLACEHOLDER.findall(said))
        # "One thing" may be said with its number in another language, and the other way round.
        assert values - {"%(num)s"} == set(PLACEHOLDER.findall(english)) - {"%(num)s"}, english
        assert sorted(TAG.findall(said)) == sorted(TAG.findall(english)), english
        for sign in (".", ":", "?", "…"):
            assert said.endswith(sign) == english.endswith(sign), english
        # Translations are trusted as markup, and some stand in attributes.
        assert '"' not in TAG.sub("", said) or '"' in TAG.sub("", english), english


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_percent_sign_that_stands_for_itself_is_doubled(path: Path) -> None:
    for texts in pairs(path):
        for text in texts:
            assert "%" not in PLACEHOLDER.sub("", text), text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nobody_is_asked_to_be_a_man_or_a_woman_and_nothing_is_cried(path: Path) -> None:
    gendered = {
        "es": r"\b(estás inscrit[oa]|inscritos|(?<!la )bienvenid[oa]|seguro de que|usted)\b|¡",
        "de": r"\bSie (sind|haben|können|müssen)\b|(?<![.:?] )\bIhre?[nmrs]?\b"
        r"|Teilnehmer\b|Nutzer\b|\*in|!",
    }
    for english, said in pairs(path):
        assert not re.search(gendered[path.stem], said), english


@pytest.mark.parametrize("locale", ["en", "en-GB", "fr", "", "../es"])
def test_readers_of_other_languages_read_the_key_which_is_english(locale: str) -> None:
    said = speech(locale)

    assert said.gettext(msgid("All seats are taken.")) == "All seats are taken."
    assert said.ngettext("%(num)s seat", "%(num)s seats", 1) == "%(num)s seat"
    assert said.ngettext("%(num)s seat", "%(num)s seats", 2) == "%(num)s seats"


@pytest.mark.parametrize(
    ("locale", "one", "many"),
    [
        ("es-MX", "Queda 1 de 80 plazas", "Quedan 22 de 80 plazas"),
        ("es_ES", "Queda 1 de 80 plazas", "Quedan 22 de 80 plazas"),
        ("de-AT", "Noch 1 von 80 Plätzen frei", "Noch 22 von 80 Plätzen frei"),
    ],
)
def test_a_region_speaks_its_language_and_numbers_have_their_form(
    locale: str, one: str, many: str
) -> None:
    left = "%(num)s of %(capacity)s seats left"

    said = speech(locale)

    assert said.ngettext(left, left, 1) % {"num": 1, "capacity": 80} == one
    assert said.ngettext(left, left, 22) % {"num": 22, "capacity": 80} == many


def test_what_english_says_alike_is_told_apart_by_its_context() -> None:
    registration, webinar = msgid("Cancelled"), msgid("Cancelled", "a webinar")

    assert registration == webinar
    assert speech("de").gettext(registration) == "Storniert"
    assert speech("de").gettext(webinar) == "Abgesagt"
    assert speech("en").gettext(webinar) == "Cancelled"


def test_words_are_found_in_templates_and_modules(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        """{{ _("One") if it else _("Two %(x)s", x=_("three")) }} {{ _(phrases.STATES[state]) }}
        {% trans n=seats %}one {{ n }}{% pluralize %}{{ n }} of them{% endtrans %}
        {% trans %}
          Long
          words {{ it }}
        {% endtrans %}"""
    )
    (tmp_path / "rules.py").write_text(
        'WORDS = {"a": msgid("Four " "and more")}\n'
        'said.ngettext("%(num)s day", "%(num)s days", n)\n'
        'return visit.go("/", note="Saved.")\n'
    )

    found = {m.id for m in spoken(tmp_path) if m.locations and "." in m.locations[0][0][:8]}

    assert {"One", "Two %(x)s", "three", "Long words %(it)s", "Four and more", "Saved."} <= found
    assert {("one %(n)s", "%(n)s of them"), ("%(num)s day", "%(num)s days")} <= found


@pytest.mark.parametrize(
    ("name", "source"),
    [("a.html", '{{ _("One" if it else "Two") }}'), ("a.html", '{{ _("One" ~ two) }}'),
     ("a.py", "msgid(one)"), ("a.py", 'msgid(f"{one}")')],
)  # fmt: skip
def test_words_put_together_while_running_are_refused(
    tmp_path: Path, name: str, source: str
) -> None:
    (tmp_path / name).write_text(source)

    with pytest.raises(NotConstant):
        spoken(tmp_path)


def test_a_catalogue_follows_the_sources_and_keeps_its_translations(tmp_path: Path) -> None:
    path = tmp_path / "es.po"
    path.write_text(
        EMPTY + 'msgid "Sold out"\nmsgstr "Agotado"\n\nmsgid "Said no more"\nmsgstr "Fuera"\n'
    )

    follow(path)
    first = path.read_text()
    follow(path)

    followed = translations(path)
    assert path.read_text() == first
    assert followed["Sold out", ""].string == "Agotado"
    assert followed["All seats are taken.", ""].string == ""
    assert ("Said no more", "") not in followed
    assert "#:" not in first
    assert "Creation-Date" not in first

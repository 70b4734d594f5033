"""Typed words are made harmless before they stand in a mail."""

import pytest

from services.notifications.plain_words import one_line, person, shortened


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "Ana Torres",
        "J. R. R. Tolkien",
        "J.R.R. Tolkien",
        "Åse Ødegård",
        "李小龙",
        "O'Neill, Jr.",
        "محمد",
    ],
)
def test_names_of_people_are_kept(name: str) -> None:
    assert person(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example",
        "http:evil",
        "You won at evil.example",
        "evil.com",
        "evil . com",
        "www evil",
        "evil\uff0ecom",
        "evil\u3002com",
        "evil\u200d.com",
        "a@evil.example",
        "evil/win",
        "A" * 61,
        "",
        " \n ",
        "\u202e\u200b",
    ],
)
def test_names_that_read_like_links_or_go_on_and_on_are_not_repeated(name: str) -> None:
    assert person(name) is None


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\x85", "\u2028", "\u2029", "\v", "\t"])
def test_line_breaks_become_spaces(line_break: str) -> None:
    assert one_line(f"Ana{line_break}Bcc: all") == "Ana Bcc: all"


def test_controls_and_direction_overrides_vanish() -> None:
    assert one_line("a\u202eb\u2066c\x00d\x1be\ufefff\ud800g") == "abcdefg"


def test_emoji_of_several_characters_stay_whole() -> None:
    assert one_line("👩\u200d🏫 class") == "👩\u200d🏫 class"


def test_long_text_ends_in_an_ellipsis() -> None:
    assert shortened("Price your work today", 10) == "Price you…"
    assert shortened("Price", 10) == "Price"

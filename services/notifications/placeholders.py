"""Placeholders such as `{title}` in wordings and in organizers' texts. No I/O here."""

import re
from collections.abc import Mapping
from itertools import groupby

from services.notifications.plain_words import one_line

_NAME_WITH_ITS_SPACE = re.compile(r"^\{name\}[,:]?[ ]*|,?[ ]*\{name\}", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into a text, in one pass: what a value brings along is never looked at again.

    Only the names given are known and there are no attributes, indexes or formats. Anything else
    in braces stays as it was written.
    """
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def names_in(text: str) -> frozenset[str]:
    """The placeholders that a text uses, for checking it before it is kept."""
    return frozenset(_PLACEHOLDER.findall(text))


def paragraphs(text: str, values: Mapping[str, str], *, name: str | None) -> tuple[str, ...]:
    """An organizer's text as paragraphs, filled; what they typed stays text, line by line.

    Values are put in after the text was parted, so none can add a line. Without a name that may
    be repeated, "Hello {name}," reads "Hello,".
    """
    if name is None:
        text = _NAME_WITH_ITS_SPACE.sub("", text)
    else:
        values = {"name": name, **values}
    return tuple(fill(paragraph, values) for paragraph in parted(text))


def parted(text: str) -> tuple[str, ...]:
    """A text as paragraphs, line by line as it was typed: nothing is filled in."""
    lines = [one_line(line) for line in text.splitlines()]
    return tuple(
        "\n".join(paragraph)
        for is_blank, paragraph in groupby(lines, key=lambda line: not line)
        if not is_blank
    )

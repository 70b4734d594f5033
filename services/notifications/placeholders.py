"""Placeholders such as `{title}` in wordings and in organizers' texts. No I/O here."""

import re
from collections.abc import Mapping

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

"""Words that come from outside: what may be stored, and what is one line. No I/O here."""

from typing import Annotated

from pydantic import AfterValidator


def plain_text(value: str) -> str:
    """PostgreSQL stores no U+0000 and UTF-8 has no lone surrogates: such text is refused here."""
    if "\0" in value:
        raise ValueError("must not contain the character U+0000")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("must not contain lone surrogates")
    return value


def one_line(value: str) -> str:
    """Text of one line, trimmed: no line break or other control character."""
    value = plain_text(value).strip()
    # str.isprintable also refuses bidirectional overrides and line separators; Persian names and
    # emoji are written with zero-width joiners, which harm nobody.
    if not value.replace("\u200c", "").replace("\u200d", "").isprintable():
        raise ValueError("must be one line without control characters")
    return value


def several_lines(value: str) -> str:
    """Text of several lines, trimmed, their ends as `\\n`; each line as one line may be."""
    value = plain_text(value).replace("\r\n", "\n").replace("\r", "\n").strip()
    for line in value.split("\n"):
        one_line(line.replace("\t", " "))
    return value


Text = Annotated[str, AfterValidator(plain_text)]
Line = Annotated[str, AfterValidator(one_line)]
Lines = Annotated[str, AfterValidator(several_lines)]

"""What other people typed, made harmless before it stands in a subject, a header or a sentence.

No I/O here. Escaping for HTML is the template's; this is about control characters, direction
overrides, length, and names that are written to be read as a link.
"""

import re
import unicodedata

NAME_LENGTH_MAX = 60
SUBJECT_TITLE_LENGTH_MAX = 90
SENDER_LENGTH_MAX = 70

# A dot or slash within a word, an at sign, or what a link starts with. "J. R. R. Tolkien" and
# "St. John" have a space or a single letter there.
_READS_LIKE_A_LINK = re.compile(
    r"[@/\\]|://|\bwww\b|[^\s.][.]\w{2,}|\bhttps?\b|[.]\s*(?:com|net|org|io)\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>(),;:\\\"\[\]@]+@[^\s\x00-\x1f\x7f<>(),;:\\\"@]+")
_OTHER_DOTS = str.maketrans({"\u3002": ".", "\uff61": ".", "\u2024": ".", "\uff0e": "."})


def one_line(text: str) -> str:
    """The text on one line, without control characters, direction marks or doubled spaces."""
    if text.isprintable():
        return " ".join(text.split())
    # Categories C*: controls, line breaks, bidirectional overrides, zero-width and private ones;
    # Zl and Zp are line breaks of Unicode's own.
    kept = (
        character if unicodedata.category(character)[0] != "C" else _replacement(character)
        for character in text
    )
    return " ".join("".join(kept).split())


def person(name: str) -> str | None:
    """A name to address someone by; None where it is better not to repeat it.

    Anyone can type anything as their name and anyone's address: what we send must not carry it.
    """
    line = one_line(name)
    if not line or len(line) > NAME_LENGTH_MAX:
        return None
    folded = unicodedata.normalize("NFKC", line).translate(_OTHER_DOTS)
    return None if _READS_LIKE_A_LINK.search(folded) else line


def is_address(text: str) -> bool:
    """Whether it is one address and nothing else, fit for a header and for SMTP."""
    return _ADDRESS.fullmatch(text) is not None


def shortened(text: str, length_max: int) -> str:
    """The text on one line, cut with an ellipsis where it is too long."""
    line = one_line(text)
    return line if len(line) <= length_max else line[: length_max - 1].rstrip() + "…"


def _replacement(character: str) -> str:
    # Line breaks and tabs part words; zero-width joiners hold letters and emoji together.
    if character in "\t\n\r\v\f\x85":
        return " "
    return character if character in "\u200c\u200d" else ""

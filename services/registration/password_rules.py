"""What may be a password: long enough, and not what is tried first."""

import re
from functools import lru_cache
from pathlib import Path

from services.registration.catalogues import msgid

LENGTH_MIN, LENGTH_MAX = 8, 200

TOO_SHORT = msgid("Choose a password of 8 or more characters.")
TOO_LONG = msgid("A password has at most 200 characters.")
TOO_COMMON = msgid("This is one of the passwords that are tried first. Choose another one.")
TOO_REGULAR = msgid("This is easy to guess: characters in a row or repeated. Choose another one.")
TOO_PERSONAL = msgid("This is your name or address, which others know. Choose another one.")

_LIST = Path(__file__).parent / "common_passwords.txt"
_ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_REPEATED = re.compile(r"(.{1,4}?)\1+")
_PERSONAL_LENGTH_MIN = 4
_OWN_CHARACTERS_MIN = 5


def problem_with(password: str, *, name: str = "", email: str = "") -> str | None:
    """The message key of what speaks against a password; None for a good one.

    Nothing is asked about kinds of characters: length is what counts.
    """
    if len(password) < LENGTH_MIN:
        return TOO_SHORT
    if len(password) > LENGTH_MAX:
        return TOO_LONG
    said = password.casefold().strip()
    if said in _common():
        return TOO_COMMON
    if _REPEATED.fullmatch(said) or any(
        said in row * 20 or said in row[::-1] * 20 for row in _ROWS
    ):
        return TOO_REGULAR
    if _is_personal(said, name, email):
        return TOO_PERSONAL
    return None


def _is_personal(said: str, name: str, email: str) -> bool:
    """Whether little is left once the name and the address are taken out."""
    known = [email, email.partition("@")[0], *re.split(r"[\W_]+", f"{name} {email}")]
    rest = said
    for part in sorted({part.casefold() for part in known}, key=len, reverse=True):
        if len(part) >= _PERSONAL_LENGTH_MIN:
            rest = rest.replace(part, "")
    return rest != said and len(rest) < _OWN_CHARACTERS_MIN


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))

"""A mail's bytes: headers and parts as RFC 5322 and MIME want them. No I/O here.

The standard library writes the same in ten times as long; its parser judges these in the tests.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.notifications.plain_words import is_address

_LINE_LENGTH = 76
_ENCODED_BYTES_MAX = 42  # 56 characters of base64, so that a word and its marks fit a line.
_ATOMS = re.compile(r"[A-Za-z0-9 ]+")
_NOT_IN_HEADERS = re.compile(r"[\x00-\x1f\x7f]")
# "=_" stands in no quoted-printable and no base64 text, so no part can end another.
_MIXED = "=_mixed"
_ALTERNATIVE = "=_alternative"


@dataclass(frozen=True)
class Part:
    """One part of a mail, as text."""

    content_type: str
    content: bytes
    filename: str | None = None


def unstructured(name: str, text: str) -> str:
    """A header of free text, such as the subject."""
    if text.isascii() and "=?" not in text:
        return _folded(f"{name}: {text}")
    return f"{name}: {_encoded_words(text)}"


def mailbox(name: str, display_name: str, address: str) -> str:
    """A header that names one address. Raises ValueError where that is not one."""
    if not is_address(address):
        raise ValueError("not an address")
    if not display_name:
        return f"{name}: {address}"
    if not display_name.isascii() or "=?" in display_name:
        return f"{name}: {_encoded_words(display_name)}\r\n <{address}>"
    if _ATOMS.fullmatch(display_name):
        return f"{name}: {display_name} <{address}>"
    quoted = display_name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}: "{quoted}"\r\n <{address}>'


def message(headers: Sequence[str], text: Part, html: Part, attachments: Sequence[Part]) -> bytes:
    """The whole mail: the text and HTML that say the same, and what comes along."""
    lines = [*headers, "MIME-Version: 1.0"]
    for line in lines:
        if _NOT_IN_HEADERS.search(line.replace("\r\n ", "")):
            raise ValueError("a header holds a line break or control character")
    alternative = (
        f'Content-Type: multipart/alternative; boundary="{_ALTERNATIVE}"\r\n\r\n'.encode()
        + _joined(_ALTERNATIVE, [_leaf(text), _leaf(html)])
    )
    head = "".join(f"{line}\r\n" for line in lines).encode()
    if not attachments:
        return head + alternative
    return (
        head
        + f'Content-Type: multipart/mixed; boundary="{_MIXED}"\r\n\r\n'.encode()
        + _joined(_MIXED, [alternative, *map(_leaf, attachments)])
    )


def _joined(boundary: str, parts: Sequence[bytes]) -> bytes:
    opening = f"--{boundary}\r\n".encode()
    return b"".join(opening + part for part in parts) + f"--{boundary}--\r\n".encode()


def _leaf(part: Part) -> bytes:
    lines = [f"Content-Type: {part.content_type}"]
    if part.filename is None:
        lines.append("Content-Transfer-Encoding: quoted-printable")
        lines_of_text = part.content.replace(b"\r\n", b"\n")
        content = binascii.b2a_qp(lines_of_text, istext=True).replace(b"\n", b"\r\n")
    else:
        lines.append("Content-Transfer-Encoding: base64")
        lines.append(f'Content-Disposition: attachment; filename="{part.filename}"')
        content = base64.encodebytes(part.content).replace(b"\n", b"\r\n")
    # The last line break belongs to the boundary that follows.
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def _folded(line: str) -> str:
    """The line broken at spaces; a reader joins it again."""
    if len(line) <= _LINE_LENGTH:
        return line
    lines = [""]
    for word in line.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= _LINE_LENGTH:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _encoded_words(text: str) -> str:
    """RFC 2047: base64 of UTF-8 in words of whole characters, one a line."""
    words, taken = [], b""
    for character in text:
        encoded = character.encode()
        if len(taken) + len(encoded) > _ENCODED_BYTES_MAX:
            words.append(taken)
            taken = b""
        taken += encoded
    words.append(taken)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)

"""One mail, split into what people read."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header
from email.policy import Compat32
from typing import Any

FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True)
class Attachment:
    """A part of a mail that is neither its text nor its HTML."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One copy of a mail, for one recipient."""

    id: int
    to: str
    sender: str
    received_at: datetime
    raw: bytes
    subject: str
    from_header: str
    message_id: str | None
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "message_id": self.message_id,
            "received_at": self.received_at.isoformat(),
        }


class _RawHeaders(Compat32):
    """Headers as they were sent, in UTF-8: the modern policy takes six times as long for a mail."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def parse(mail_id: int, recipient: str, sender: str, received_at: str, raw: bytes) -> Mail:
    """Split a mail; a malformed one is shown as far as it can be."""
    message = email.message_from_bytes(raw, policy=_RawHeaders())
    bodies: dict[str, str] = {}
    attachments: list[Attachment] = []
    for number, part in enumerate(_leaves(message), start=1):
        kind = part.get_content_type()
        is_body = kind in ("text/plain", "text/html") and not part.get_filename()
        if is_body and part.get_content_disposition() != "attachment" and kind not in bodies:
            bodies[kind] = _text(part)
        else:
            name = part.get_filename() or f"part-{number}"
            attachments.append(Attachment(name, kind, _content(part)))
    return Mail(
        id=mail_id,
        to=recipient,
        sender=sender,
        received_at=datetime.fromisoformat(received_at),
        raw=raw,
        subject=_header(message, "Subject") or "",
        from_header=_header(message, "From") or sender,
        message_id=_header(message, "Message-ID"),
        text=bodies.get("text/plain"),
        html=bodies.get("text/html"),
        attachments=tuple(attachments),
    )


def _leaves(message: Any) -> Iterator[Any]:
    """Every part without parts; a forwarded mail is one leaf."""
    if not message.is_multipart() or message.get_content_maintype() == "message":
        yield message
        return
    for part in message.get_payload():
        yield from _leaves(part)


def _header(message: Any, name: str) -> str | None:
    value = message.get(name)
    if value is None:
        return None
    unfolded = FOLD.sub("", value)
    try:
        return str(make_header(decode_header(unfolded))).strip()
    except (LookupError, ValueError):  # an encoded word that is none
        return unfolded.strip()


def _text(part: Any) -> str:
    content = _content(part)
    try:
        text = content.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a charset that nobody knows
        text = content.decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n")


def _content(part: Any) -> bytes:
    if part.is_multipart():
        return b"\r\n".join(bytes(inner) for inner in part.get_payload())
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""

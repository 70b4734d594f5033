"""What a bounce says, read from a delivery status notification (RFC 3464). No I/O here.

Anybody may write to the address that bounces go to: nothing in one is believed before it has the
form that servers give it, and no more of it is read than that.
"""

import email
import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser

from shared.refusals import Refusal

BOUNCE_BYTES_MAX = 256 * 1024
# The parser compares each line with every boundary that is open, and our own mails have two.
MULTIPARTS_MAX = 16
LINES_MAX = 20_000
CONTENT_HEADER_BYTES_MAX = 2_000
FIELD_LENGTH_MAX = 4_000
RECIPIENTS_MAX = 100

_RETURNED = ("message/rfc822", "text/rfc822-headers")
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_FAILURE_CODE = re.compile(r"[45]\.\d{1,3}\.\d{1,3}(?=\s|\(|$)")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_CONTENT_HEADER = re.compile(
    rb"(?:^|[\r\n])content-[a-z-]{1,40}[ \t]*:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*",
    re.IGNORECASE,
)
_POLICY = email.policy.default
# What the standard library's parser raises on mails that were made to break it.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MessageError,
    RecursionError,
    TypeError,
    ValueError,
)


class NotABounce(Refusal):
    """This is not a delivery status notification as RFC 3464 describes them."""

    status = 422
    code = "not_a_bounce"


@dataclass(frozen=True)
class Bounce:
    """Which mail it is about, and whom that did not reach.

    `failures` are enhanced status codes by address in lower case; empty if nobody gave up.
    """

    message_id: str | None
    failures: Mapping[str, str]


def read_bounce(raw: bytes) -> Bounce:
    """A mail as the server hands it over. Raises NotABounce."""
    if len(raw) > BOUNCE_BYTES_MAX or len(raw.splitlines()) > LINES_MAX:
        raise NotABounce
    if raw.lower().count(b"multipart") > MULTIPARTS_MAX or any(
        len(one[0]) > CONTENT_HEADER_BYTES_MAX for one in _CONTENT_HEADER.finditer(raw)
    ):
        raise NotABounce
    try:
        return _bounce(email.message_from_bytes(raw, policy=_POLICY))
    except _UNREADABLE:
        raise NotABounce from None


def _bounce(mail: Message) -> Bounce:
    if (
        mail.get_content_type() != "multipart/report"
        or str(mail.get_param("report-type", "")).lower() != "delivery-status"
    ):
        raise NotABounce
    parts = _children(mail)
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    returned = [part for part in parts if part.get_content_type() in _RETURNED]
    if len(reports) != 1 or len(returned) > 1:
        raise NotABounce
    failures = _failures(_children(reports[0]))
    return Bounce(_original_id(mail, returned[0] if returned else None), failures)


def _children(part: Message) -> list[Message]:
    children = part.get_payload()
    if not isinstance(children, list):
        raise NotABounce
    return [child for child in children if isinstance(child, Message)]


def _failures(blocks: list[Message]) -> dict[str, str]:
    """Who was not reached: one block for the message, then one for each recipient."""
    # A blank line too many makes an empty one.
    recipients = [block for place, block in enumerate(blocks) if _is_recipient(block, place)]
    if not 1 <= len(recipients) <= RECIPIENTS_MAX:
        raise NotABounce
    failures: dict[str, str] = {}
    for recipient in recipients:
        action = (_field(recipient, "Action") or "").lower()
        final = _field(recipient, "Final-Recipient")
        if action not in _ACTIONS or final is None:
            raise NotABounce
        if action != "failed":
            continue
        code = _FAILURE_CODE.match(_field(recipient, "Status") or "")
        if code is None:
            raise NotABounce
        # Whoever forwards their mail is known here by the original address alone.
        for said in (final, _field(recipient, "Original-Recipient")):
            if address := _address(said):
                failures[address] = code[0]
    return failures


def _is_recipient(block: Message, place: int) -> bool:
    return bool(block.keys()) and (place > 0 or "Final-Recipient" in block)


def _address(said: str | None) -> str | None:
    kind, _, address = (said or "").partition(";")
    if kind.strip().lower() != "rfc822":
        return None
    return address.strip().removeprefix("<").removesuffix(">").lower() or None


def _original_id(mail: Message, returned: Message | None) -> str | None:
    """The Message-ID of what was returned; without one, of what the notification answers."""
    if returned is not None:
        if returned.get_content_type() == "message/rfc822":
            (original,) = _children(returned)
        else:
            headers = returned.get_payload(decode=True)
            if not isinstance(headers, bytes):
                raise NotABounce
            original = BytesHeaderParser(policy=_POLICY).parsebytes(headers)
        if ids := _MESSAGE_ID.findall(_field(original, "Message-ID") or ""):
            return str(ids[0])
    for name in ("In-Reply-To", "References"):
        if ids := _MESSAGE_ID.findall(_field(mail, name) or ""):
            return str(ids[-1])
    return None


def _field(part: Message, name: str) -> str | None:
    """A header as it stands there: what would make sense of it may take long over a bad one."""
    found = [value for key, value in part.raw_items() if key.lower() == name.lower()]
    if not found:
        return None
    text = " ".join(str(found[0])[: FIELD_LENGTH_MAX + 1].split())
    if (
        len(found) > 1
        or len(text) > FIELD_LENGTH_MAX
        or not (text.isascii() and text.isprintable())
    ):
        raise NotABounce
    return text

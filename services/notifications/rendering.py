"""Writes a letter down as the bytes that are sent: headers, text, HTML and calendar. No I/O."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from services.notifications import mime
from services.notifications.letter import Letter
from services.notifications.mime import Part
from services.notifications.plain_words import SENDER_LENGTH_MAX, shortened
from services.notifications.words import TEMPLATES
from shared.markdown import render_html, render_text

CALENDAR_NAME = "event.ics"

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)
_html = _environment.get_template("mail.html")
_text = _environment.get_template("mail.txt")

# Mail clients drop style sheets; what the description may consist of is known (shared.markdown).
_INLINE = {
    "<p>": '<p style="margin:0 0 16px;">',
    "<ul>": '<ul style="margin:0 0 16px;padding-left:20px;">',
    "<ol": '<ol style="margin:0 0 16px;padding-left:20px;"',
    "<h3>": '<h3 style="margin:0 0 8px;font-size:16px;line-height:1.3;">',
    "<h4>": '<h4 style="margin:0 0 8px;font-size:16px;line-height:1.3;">',
    "<blockquote>": '<blockquote class="line" style="margin:0 0 16px;padding-left:12px;'
    'border-left:3px solid #e4e0d7;">',
    "<pre>": '<pre style="margin:0 0 16px;white-space:pre-wrap;font-size:14px;">',
    "<hr>": '<hr class="line" style="margin:0 0 16px;border:0;border-top:1px solid #e4e0d7;">',
    "<table>": '<table cellpadding="0" cellspacing="0" style="margin:0 0 16px;font-size:14px;">',
    "<th>": '<th align="left" style="padding:4px 12px 4px 0;">',
    "<td>": '<td style="padding:4px 12px 4px 0;vertical-align:top;">',
    "<a ": '<a style="color:#0f6149;" ',
}
_INLINE_TAG = re.compile("|".join(map(re.escape, _INLINE)))


@dataclass(frozen=True)
class Sender:
    """Who our mails come from: the operator's address, under the organization's name."""

    name: str
    address: str

    @classmethod
    def from_setting(cls, setting: str) -> "Sender":
        """Read `Taquilla <tickets@example.org>`."""
        name, address = parseaddr(setting)
        return cls(name, address)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def write(
    letter: Letter,
    *,
    sender: Sender,
    sender_name: str,
    reply_to: str | None,
    recipient: str,
    message_id: str,
    now: datetime,
) -> bytes:
    """The whole mail; nothing in it is asked for from elsewhere when it is read."""
    name = shortened(sender_name, SENDER_LENGTH_MAX) or sender.name
    headers = [
        mime.mailbox("From", name, sender.address),
        mime.mailbox("To", "", recipient),
        *_reply_to(name, reply_to),
        mime.unstructured("Subject", _breakable(letter.subject)),
        f"Date: {format_datetime(now)}",
        f"Message-ID: {message_id}",
        # RFC 3834: nobody's machine is to answer; some read only the second one.
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        f"Content-Language: {letter.language}",
    ]
    attachments = []
    if calendar := letter.calendar:
        content_type = f'text/calendar; charset="utf-8"; method={calendar.method}'
        attachments.append(Part(content_type, calendar.content, CALENDAR_NAME))
    return mime.message(
        headers,
        Part('text/plain; charset="utf-8"', text_of(letter).encode()),
        Part('text/html; charset="utf-8"', html_of(letter).encode()),
        attachments,
    )


def _reply_to(name: str, address: str | None) -> list[str]:
    if not address:
        return []
    try:
        return [mime.mailbox("Reply-To", name, address)]
    except ValueError:
        # A mail without it is worth more than none.
        return []


def text_of(letter: Letter) -> str:
    """The plain-text part; it says everything that the HTML part says."""
    return _breakable(_text.render(letter=letter, description=render_text(letter.description)))


def html_of(letter: Letter) -> str:
    """The HTML part."""
    return _html.render(letter=letter, description=_description_html(letter.description))


def _breakable(text: str) -> str:
    """Plain text is searched and copied: "49,00 EUR" is found there with a common space."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@lru_cache(maxsize=256)
def _description_html(description: str) -> Markup:
    html = render_html(description)
    # Sanitized by render_html; only its own tags are replaced, text has no "<" of its own.
    return Markup(_INLINE_TAG.sub(lambda tag: _INLINE[tag[0]], html))

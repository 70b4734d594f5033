"""Mails as bytes, judged by the standard library's own parser."""

from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notifications import mime
from services.notifications.mime import Part
from services.notifications.plain_words import one_line
from tests.notifications.builders import part, read

LINES = st.text(max_size=200).map(one_line)
TEXT = Part('text/plain; charset="utf-8"', b"words\n")
HTML = Part('text/html; charset="utf-8"', b"<p>words</p>\n")


@given(LINES)
@example("=?utf-8?q?evil?=")
def test_any_subject_arrives_as_it_was(subject: str) -> None:
    raw = mime.message([mime.unstructured("Subject", subject)], TEXT, HTML, [])

    assert read(raw)["Subject"] == subject
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 998


@given(LINES)
@example("=?utf-8?q?evil?=")
@example('Faro "Studio" \\ <evil@example.net>, other')
def test_any_display_name_arrives_as_it_was(name: str) -> None:
    raw = mime.message([mime.mailbox("From", name, "tickets@example.org")], TEXT, HTML, [])

    # The parser's own reading of encoded words within a name keeps the spaces between them.
    unfolded = raw.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", " ")
    encoded, address = parseaddr(unfolded.splitlines()[0].removeprefix("From: "))
    assert str(make_header(decode_header(encoded))) == name
    assert address == "tickets@example.org"


@given(st.text())
def test_any_text_arrives_as_it_was_in_short_lines_of_ascii(text: str) -> None:
    lines = text.encode("utf-8", "replace").decode().replace("\r", "\n")
    raw = mime.message([], Part(TEXT.content_type, lines.encode()), HTML, [])

    assert part(read(raw), "text/plain").rstrip("\n") == lines.rstrip("\n")
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: c@d.example",
        "a b@c.example",
        "a@b.example>",
        "a",
        "@b.example",
        "a@b@c",
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        mime.mailbox("To", "", address)


def test_a_header_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="line break"):
        mime.message(["Subject: a\r\nBcc: b@c.example"], TEXT, HTML, [])


def test_an_attachment_arrives_byte_for_byte() -> None:
    content = bytes(range(256)) * 3
    attached = Part("text/calendar; method=PUBLISH", content, "event.ics")

    message = read(mime.message([], TEXT, HTML, [attached]))

    (found,) = message.iter_attachments()
    assert found.get_payload(decode=True) == content
    assert found.get_filename() == "event.ics"
    assert part(message, "text/html") == "<p>words</p>\n"

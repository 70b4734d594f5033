"""Bounces are read as servers write them; whatever else comes is refused, quickly."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.bounces import (
    BOUNCE_BYTES_MAX,
    LINES_MAX,
    MULTIPARTS_MAX,
    RECIPIENTS_MAX,
    Bounce,
    NotABounce,
    read_bounce,
)
from tests.notifications.notices import EXCHANGE, GMAIL, POSTFIX, SHAPES, notice

SECONDS_MAX = 5  # Of a machine that is busy with other things; it is a fraction of one.


def changed(old: bytes, new: bytes, raw: bytes | None = None) -> bytes:
    raw = notice() if raw is None else raw
    assert old in raw
    return raw.replace(old, new)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ends", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_each_servers_notification_says_which_mail_whom_and_why(shape: str, ends: bytes) -> None:
    raw = notice(SHAPES[shape], status="5.1.10").replace(b"\r\n", ends)

    assert read_bounce(raw) == Bounce("<confirmation.1@example.org>", {"ana@example.net": "5.1.10"})


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered", "expanded", "Delayed"])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_has_not_failed_names_nobody(shape: str, action: str) -> None:
    raw = notice(SHAPES[shape], action=action, status="4.4.1")

    assert read_bounce(raw).failures == {}


def test_an_address_is_compared_in_lower_case_and_without_brackets() -> None:
    raw = notice(EXCHANGE, recipient="<Ana@Example.NET>", action="FAILED")

    assert read_bounce(raw).failures == {"ana@example.net": "5.1.1"}


def test_who_forwards_their_mail_is_known_by_the_original_address() -> None:
    raw = changed(b"Final-Recipient: rfc822; ana@", b"Final-Recipient: rfc822; elsewhere@")

    assert read_bounce(raw).failures == {
        "ana@example.net": "5.1.1",
        "elsewhere@example.net": "5.1.1",
    }


def test_of_several_recipients_only_those_who_failed_count() -> None:
    other = b"\r\nFinal-Recipient: rfc822; bo@example.net\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
    third = b"\r\nFinal-Recipient: rfc822; eva@example.net\r\nAction: failed\r\nStatus: 5.2.2\r\n"
    end = b"\r\n--9B2C31.1795457102/mx.example.org\r\nContent-Description: Undelivered"
    raw = changed(end, other + third + end)

    assert read_bounce(raw).failures == {"ana@example.net": "5.1.1", "eva@example.net": "5.2.2"}


def test_what_was_returned_says_more_than_what_is_answered() -> None:
    raw = notice(GMAIL).replace(b"In-Reply-To: <confirmation.1@", b"In-Reply-To: <another@")

    assert read_bounce(raw).message_id == "<confirmation.1@example.org>"


@pytest.mark.parametrize("header", [b"In-Reply-To", b"X-Not-In-Reply-To"])
def test_without_the_mail_the_answered_one_is_meant_and_of_a_thread_the_last(
    header: bytes,
) -> None:
    raw = notice(GMAIL)
    returned = raw.index(b"--000000000000d3f1a20627a1b2c3\r\nContent-Type: message/rfc822")
    raw = raw[:returned] + b"--000000000000d3f1a20627a1b2c3--\r\n"

    found = read_bounce(raw.replace(b"\r\nIn-Reply-To", b"\r\n" + header))

    assert found.message_id == "<confirmation.1@example.org>"


def test_without_any_trace_of_the_mail_nobody_knows_which_it_was() -> None:
    raw = changed(b"Message-ID: <confirmation.1@example.org>\r\n", b"")

    assert read_bounce(raw).message_id is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"report-type=delivery-status", b"report-type=feedback-report"),
        (b"report-type=delivery-status;", b""),
        (b"multipart/report", b"multipart/mixed"),
        (b"multipart/report; report-type=delivery-status;", b"text/plain;"),
        (b"message/delivery-status", b"text/plain"),
        (b"boundary=", b"border="),
        (b"Action: failed\r\n", b""),
        (b"Action: failed", b"Action: exploded"),
        (b"Action: failed", b"Action: failed\r\nAction: delivered"),
        (b"Action: failed", b"Action: f\xe4iled"),
        (b"Final-Recipient:", b"Last-Recipient:"),
        (b"Final-Recipient: rfc822; ", b"Final-Recipient: rfc822; \xff"),
        (b"Status: 5.1.1\r\n", b""),
        (b"Status: 5.1.1", b"Status: 2.0.0"),
        (b"Status: 5.1.1", b"Status: 5.1.1; DROP"),
        (b"Status: 5.1.1", b"Status: 5"),
        (b"Status: 5.1.1", b"Status: 5.1.1" + b" x" * 5_000),
        (b"Message-ID: <", b"Message-ID: <\x00"),
        (b"Message-ID: <", b"Message-ID: <\xc3\xa9"),
        (b"Content-Type: message/rfc822", b"Content-Type: message/delivery-status"),
    ],
)
def test_what_is_not_as_the_standard_has_it_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(NotABounce):
        read_bounce(changed(old, new))


def test_a_report_inside_of_another_part_is_not_the_report() -> None:
    inner = notice()
    raw = b'Content-Type: multipart/report; report-type=delivery-status; boundary="o"\r\n\r\n'
    raw += b"--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--o--\r\n"

    with pytest.raises(NotABounce):
        read_bounce(raw)


def test_the_words_for_people_may_be_in_any_charset() -> None:
    raw = changed(b"charset=utf-8\r\nContent-Transfer", b"charset=x-none\r\nContent-Transfer")

    assert read_bounce(raw.replace(b"I'm sorry", b"\xff\xfe\x80")).failures


def headers_returned(*lines: bytes) -> bytes:
    raw = notice(EXCHANGE)
    return raw.replace(
        b"Content-Type: text/rfc822-headers\r\n",
        b"\r\n".join((b"Content-Type: text/rfc822-headers", *lines, b"")),
    )


@pytest.mark.parametrize(
    "line",
    [b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: uuencode"],
)
def test_headers_that_are_not_in_the_encoding_they_claim_fall_back(line: bytes) -> None:
    assert read_bounce(headers_returned(line)).message_id == "<confirmation.1@example.org>"


HOSTILE = {
    "nothing": b"",
    "line ends": b"\r\n" * 100_000,
    "nul": b"\0" * 200_000,
    "no parts": notice().split(b"\r\n\r\n")[0],
    "no end": notice()[:900],
    "multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(3_000)
    ),
    "spaced multiparts": b"".join(
        b"Content-Type: multipart (x) / mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(3_000)
    ),
    "mails in mails": b"Content-Type: message/rfc822\r\n\r\n" * 5_000,
    "one header": b"Content-Type: " + b"a" * 250_000,
    "comments": b"Content-Type: " + b"(" * 250_000,
    "comments, folded": b"Content-Type: multipart/report;" + b"\r (" * 80_000,
    "parameters": b"Content-Type: multipart/report; " + b'a="\\' * 60_000,
    "an encoding": b"Content-Type: multipart/report; boundary=x\r\nContent-Transfer-Encoding: "
    + b"((" * 100_000,
    "short lines": notice()[:-60] + b"\n" * 250_000,
    "old line ends": notice()[:-60] + b"\r" * 250_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_was_made_to_cost_much_is_refused_in_little_time(name: str) -> None:
    raw = HOSTILE[name][:BOUNCE_BYTES_MAX]
    began = time.process_time()

    try:
        found = read_bounce(raw)
    except NotABounce:
        found = None

    assert found is None
    assert time.process_time() - began < SECONDS_MAX


def test_the_most_boundaries_that_are_read_cost_little() -> None:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(MULTIPARTS_MAX)
    )
    began = time.process_time()

    with pytest.raises(NotABounce):
        read_bounce(opened + b"\r\n" + b"-\n" * (LINES_MAX - 1_000))

    assert time.process_time() - began < SECONDS_MAX


def test_too_many_recipients_and_too_large_a_mail_are_refused() -> None:
    one = b"\r\nFinal-Recipient: rfc822; bo@example.net\r\nAction: failed\r\nStatus: 5.0.0\r\n"
    end = b"\r\n--9B2C31.1795457102/mx.example.org\r\nContent-Description: Undelivered"

    assert read_bounce(changed(end, one * (RECIPIENTS_MAX - 1) + end)).failures
    for raw in (
        changed(end, one * RECIPIENTS_MAX + end),
        notice() + b" " * BOUNCE_BYTES_MAX,
    ):
        with pytest.raises(NotABounce):
            read_bounce(raw)


def read_or_refused(raw: bytes) -> None:
    try:
        found = read_bounce(raw)
    except NotABounce:
        return
    for text in (found.message_id or "<>", *found.failures, *found.failures.values()):
        assert text.isascii()
        assert text.isprintable()


@given(st.binary(max_size=2_000))
@settings(max_examples=200, deadline=None)
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(NotABounce):
        read_bounce(noise)


_BITS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"\r\n\r\n",
            b"\r\n",
            b"--9B2C31.1795457102/mx.example.org\r\n",
            b"Content-Type: message/rfc822\r\n\r\n",
            b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n",
            b"Content-Transfer-Encoding: base64\r\n",
            b"=?utf-8?b?/w==?=",
            b";charset*=x''%ff",
            b"\x00",
            b'"',
            b"(",
        ]
    ),
)


@given(
    st.sampled_from([POSTFIX, EXCHANGE, GMAIL]),
    st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 200), _BITS), min_size=1, max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_a_notification_with_noise_is_read_or_refused(
    shape: str, cuts: list[tuple[int, int, bytes]]
) -> None:
    raw = notice(shape)
    for place, length, noise in cuts:
        raw = raw[:place] + noise + raw[place + length :]

    read_or_refused(raw)

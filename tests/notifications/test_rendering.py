"""Mails as they are sent: headers, both parts, and nothing hostile in any of them."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from icalendar import Calendar as CalendarFile

from services.notifications import emails
from services.notifications.letter import Letter
from services.notifications.rendering import Sender, html_of, text_of, write
from shared.events import RegistrantFacts
from tests.notifications.builders import (
    SENDER,
    account_mail,
    cancelled,
    confirmed,
    part,
    payment_due,
    read,
    refund_failed,
    refunded,
    released,
    repeated,
    requested,
)

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>\r\nBcc: all@example.net\u202e {{ 7*7 }} {organizer_secret}'
OWN_WORDS = "Hello {name},\n\nbring a pen.\nAnd <b>paper</b>.\n\n{title}, {nothing}"


class Words(HTMLParser):
    """The words, links and tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._is_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._is_style = tag == "style"
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self.text += " " + data


def all_letters(**facts: Any) -> list[Letter]:
    event = confirmed(**facts)
    registrant = RegistrantFacts.model_validate(event.model_dump())
    return [
        emails.confirmation(event, SENDER, NOW),
        emails.refund(refunded(), registrant, "confirmed", SENDER, NOW, has_calendar=True),
        emails.refund_failed(refund_failed(), registrant),
        emails.released(released(**facts)),
        emails.cancelled(cancelled(**facts), SENDER, NOW, has_calendar=True),
        emails.repeated(repeated(**facts)),
        emails.payment_due(payment_due(own_words=OWN_WORDS, **facts)),
        emails.rescheduled(requested("rescheduled", own_words=OWN_WORDS, **facts), SENDER, NOW),
        emails.starts_soon(requested("starts_soon", own_words=OWN_WORDS, **facts)),
        emails.confirmation(requested("confirmation", **facts), SENDER, NOW),
        *(
            emails.account(account_mail(kind=kind, **_of_an_account(facts)), "Taquilla")
            for kind in ("invitation", "password_reset", "password_changed")
        ),
    ]


def _of_an_account(facts: dict[str, Any]) -> dict[str, Any]:
    named = {"locale": "locale", "name": "inviter_name", "organization_name": "organization_name"}
    return {named[fact]: value for fact, value in facts.items() if fact in named}


def written(letter: Letter | None = None, **settings: Any) -> bytes:
    arguments: dict[str, Any] = {
        "sender": SENDER,
        "sender_name": "Faro Studio",
        "reply_to": "hello@faro.example",
        "recipient": "ana@example.net",
        "message_id": "<confirmation.1@example.org>",
        "now": NOW,
    } | settings
    return write(letter or all_letters()[0], **arguments)


def test_headers_name_the_organization_and_keep_machines_quiet() -> None:
    message = read(written())

    assert message["From"] == "Faro Studio <tickets@example.org>"
    assert message["Reply-To"] == "Faro Studio <hello@faro.example>"
    assert message["To"] == "ana@example.net"
    assert message["Message-ID"] == "<confirmation.1@example.org>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"


def test_text_html_and_calendar_come_in_that_order() -> None:
    message = read(written())

    assert [found.get_content_type() for found in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    calendar = list(message.iter_attachments())[-1]
    assert calendar["Content-Type"].params["method"] == "PUBLISH"
    (event,) = CalendarFile.from_ical(part(message, "text/calendar")).walk("VEVENT")
    assert event["SUMMARY"] == "Price your work"


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert written() == written()


@pytest.mark.parametrize("locale", ["en", "es", "de"])
@pytest.mark.parametrize("number", range(13))
def test_both_parts_say_the_same(number: int, locale: str) -> None:
    letter = all_letters(locale=locale)[number]
    text = text_of(letter)
    # The title and the preview are not part of what is read.
    html = html_of(letter)
    page = Words(html[html.index('<div role="article"') :])

    assert set(re.findall(r"https://\S+", text)) == set(page.links)
    assert set(re.findall(r"\w+", re.sub(r"https://\S+", "", text))) == set(
        re.findall(r"\w+", page.text)
    )


def test_a_page_needs_nothing_from_elsewhere() -> None:
    letter = emails.confirmation(
        confirmed(description="![pixel](https://evil.example/p.gif) <img src=x> [a](javascript:b)"),
        SENDER,
        NOW,
    )
    html = html_of(letter)
    page = Words(html)

    assert not page.tags & {"img", "script", "link", "iframe", "form", "object", "svg"}
    assert not {name for name in page.attributes if name.startswith("on")} | (
        page.attributes & {"src", "background"}
    )
    assert "url(" not in html
    assert all(link.startswith("https://") for link in page.links)


def test_hostile_words_are_harmless_everywhere() -> None:
    hostile = {
        "name": HOSTILE,
        "webinar_title": HOSTILE,
        "organization_name": HOSTILE,
        "sender_name": HOSTILE,
        "description": HOSTILE,
        "refund_policy_text": HOSTILE,
    }
    for letter in all_letters(**hostile):
        raw = written(letter, sender_name=HOSTILE)
        message = read(raw)

        assert "Bcc" not in message
        assert not message.defects
        assert message["From"].addresses[0].addr_spec == "tickets@example.org"
        assert message["To"].addresses[0].addr_spec == "ana@example.net"
        html = part(message, "text/html")
        assert "script" not in Words(html).tags
        assert "\u202e" not in str(message["Subject"]) + str(message["From"])
        # Nothing was evaluated.
        assert "49 " not in str(message["Subject"])
        if letter.event is None:
            # A mail to someone who signs in names the organization alone, shortened.
            continue
        assert "{organizer_secret}" in str(message["Subject"])
        assert "{organizer_secret}" in Words(html).text
        assert "{organizer_secret}" in part(message, "text/plain")


def test_a_bad_address_for_answers_is_left_out() -> None:
    message = read(written(reply_to="hello@faro.example\r\nBcc: all@example.net"))

    assert "Reply-To" not in message
    assert "Bcc" not in message


def test_an_organization_without_a_usable_name_is_the_operators() -> None:
    assert read(written(sender_name="\u202e\r\n"))["From"] == "Taquilla <tickets@example.org>"


def test_an_address_beyond_ascii_is_written_as_it_is() -> None:
    raw = written(recipient="josé@example.net")

    assert "To: josé@example.net\r\n".encode() in raw


def test_the_setting_names_operator_and_domain() -> None:
    sender = Sender.from_setting("Taquilla <tickets@box.example.org>")

    assert (sender.name, sender.address) == ("Taquilla", "tickets@box.example.org")
    assert sender.domain == "box.example.org"

"""Placeholders: a closed set, filled once."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.notifications import emails
from services.notifications.letter import Letter
from services.notifications.placeholders import fill, names_in, paragraphs
from shared.own_words import OWN_MAILS, OwnMail, placeholders_of
from tests.notifications.builders import (
    SENDER,
    cancelled,
    confirmed,
    payment_due,
    released,
    requested,
)

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def test_known_names_are_filled() -> None:
    assert fill("{title}, {start}", {"title": "Prices", "start": "18:00"}) == "Prices, 18:00"


def test_what_a_value_brings_along_is_not_filled_again() -> None:
    values = {"name": "{organizer_secret} {title}", "title": "Prices", "organizer_secret": "s3cret"}

    assert fill("{name}", values) == "{organizer_secret} {title}"


def test_unknown_names_attributes_and_formats_stay_as_they_are() -> None:
    text = "{unknown} {title.__class__} {title[0]} {title!r} {title:>9} {0} {} {{title}} { title }"

    assert fill(text, {"title": "T"}) == text.replace("{{title}}", "{T}")


def test_names_in_a_text_are_listed() -> None:
    assert names_in("{title} by {organization}, {title} {1}") == {"title", "organization"}


def test_an_organizers_text_is_paragraphs_of_lines() -> None:
    text = "Hello {name},\r\n\r\n\r\nbring a pen.\nAnd paper. "

    assert paragraphs(text, {}, name="Ana") == ("Hello Ana,", "bring a pen.\nAnd paper.")


def test_a_name_that_is_not_repeated_leaves_no_gap() -> None:
    assert paragraphs("Hello {name},\n{name}, hello", {}, name=None) == ("Hello,\nhello",)
    assert paragraphs("Hello, {name}!", {}, name=None) == ("Hello!",)


def test_what_a_registrant_typed_is_never_looked_at_again() -> None:
    values = {"title": "{organization}", "organization": "Faro\n\nBcc: x"}

    assert paragraphs("{title}", values, name="{title}") == ("{organization}",)
    assert paragraphs("{name}", values, name="{title}") == ("{title}",)


def test_an_unknown_placeholder_stays_as_it_was_written() -> None:
    assert paragraphs("{name.__class__} {0} {nothing}", {}, name="Ana") == (
        "{name.__class__} {0} {nothing}",
    )


@pytest.mark.parametrize("mail", OWN_MAILS)
def test_every_placeholder_that_a_mail_may_hold_is_filled(mail: OwnMail) -> None:
    text = " ".join(f"{{{name}}}" for name in placeholders_of(mail))
    letters: dict[OwnMail, Callable[[], Letter]] = {
        "confirmation": lambda: emails.confirmation(confirmed(own_words=text), SENDER, NOW),
        "payment_due": lambda: emails.payment_due(payment_due(own_words=text)),
        "starts_soon": lambda: emails.starts_soon(requested("starts_soon", own_words=text)),
        "rescheduled": lambda: emails.rescheduled(
            requested("rescheduled", own_words=text), SENDER, NOW
        ),
        "released": lambda: emails.released(released(own_words=text)),
        "cancelled": lambda: emails.cancelled(
            cancelled(own_words=text), SENDER, NOW, has_calendar=False
        ),
    }

    (said,) = letters[mail]().own_words

    assert "Ana Torres" in said
    assert "{" not in said

"""Which mails there are and what they say."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from services.notifications import emails
from services.notifications.letter import Letter
from services.notifications.rendering import html_of, text_of
from shared.events import RegistrantCancelled, RegistrantFacts, RegistrationRepeated
from tests.notifications.builders import (
    SENDER,
    cancelled,
    confirmed,
    refund_failed,
    refunded,
    refunded_in_full,
    released,
    repeated,
)

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def confirmation(**facts: Any) -> Letter:
    return emails.confirmation(confirmed(**facts), SENDER, NOW)


def refund(
    status: str = "confirmed", *, locale: str = "en", in_full: bool = False, **facts: Any
) -> Letter:
    event = refunded_in_full(**facts) if in_full else refunded(**facts)
    registrant = RegistrantFacts.model_validate(confirmed(locale=locale).model_dump())
    return emails.refund(event, registrant, status, SENDER, NOW, has_calendar=True)


def test_a_cancellation_is_told_unless_it_shall_not_be_or_a_refund_tells_it() -> None:
    assert emails.is_told_of_cancelling(cancelled())
    assert not emails.is_told_of_cancelling(cancelled(notify=False))
    assert not emails.is_told_of_cancelling(cancelled(cause="refund"))


def test_only_a_lapsed_seat_is_told_of() -> None:
    assert emails.is_told_of_release(released(reason="lapsed"))
    assert not emails.is_told_of_release(released(reason="superseded"))
    assert not emails.is_told_of_release(released(reason="cancelled"))


def test_a_refund_of_everything_takes_the_seat_unless_it_is_kept() -> None:
    assert emails.takes_the_seat(refunded_in_full())
    assert not emails.takes_the_seat(refunded_in_full(keep_seat=True))
    assert not emails.takes_the_seat(refunded())


def test_a_confirmation_says_what_when_how_much_and_what_was_promised() -> None:
    letter = confirmation()
    text = text_of(letter)

    assert letter.subject == "You have a seat: Price your work, Thursday 26 November, 18:00"
    for said in (
        "You have a seat, Ana Torres",
        "Thursday 26 November 2026\n18:00–19:30 in Madrid (CET)",
        "Join the webinar:\nhttps://box.example.org/j/join-token",
        "Paid: €49.00 EUR",
        "About this webinar",
        "Bring one offer.\n\n- a price\n- a proposal",
        "If you cannot come",
        "Cancel until 48 hours before the start: all comes back.",
        "See or cancel your registration:\nhttps://box.example.org/r/manage-token",
        "it goes to Faro Studio",
    ):
        assert said in text
    assert letter.calendar is not None
    assert letter.calendar.method == "PUBLISH"


def test_without_a_policy_no_policy_is_made_up() -> None:
    text = text_of(confirmation(refund_policy_text=""))

    assert "If you cannot come" not in text
    assert "refund" not in text.lower()


def test_a_free_seat_speaks_of_no_payment() -> None:
    text = text_of(confirmation(amount_minor=0, currency=None))

    assert "Price: Free" in text
    assert "aid" not in text


@pytest.mark.parametrize(
    ("amount_minor", "currency", "said"),
    [(500, "JPY", "¥500 JPY"), (500, "ISK", "ISK 5"), (12500, "KWD", "KWD 12.500")],
)
def test_amounts_are_said_as_their_currency_counts(
    amount_minor: int, currency: str, said: str
) -> None:
    assert f"Paid: {said}\n" in text_of(confirmation(amount_minor=amount_minor, currency=currency))


def test_a_spanish_registrant_reads_spanish() -> None:
    letter = confirmation(locale="es-MX", kind="virtual_event")
    text = text_of(letter)

    assert letter.language == "es"
    assert letter.subject.startswith("Tienes plaza: Price your work, jueves 26 de noviembre")
    assert "Entrar al evento virtual" in text
    assert "Si no puedes venir" in text
    assert "webinar" not in text


def test_an_unknown_language_reads_english() -> None:
    assert confirmation(locale="fr").language == "en"


def test_a_virtual_event_is_called_so() -> None:
    text = text_of(confirmation(kind="virtual_event"))

    assert "Join the virtual event" in text
    assert "webinar" not in text


def test_a_long_title_is_cut_in_the_subject_only() -> None:
    letter = confirmation(webinar_title="Price " * 60)

    assert len(letter.subject) < 160
    assert letter.event is not None
    assert letter.event.title == ("Price " * 60).strip()


def test_a_name_that_reads_like_a_link_is_left_out() -> None:
    letter = confirmation(name="Win at https://evil.example")

    assert letter.heading == "You have a seat"
    assert "evil" not in text_of(letter)


def test_nothing_that_people_typed_is_evaluated() -> None:
    secret = "{organizer_secret} {amount} {title.__class__}"
    letter = confirmation(name="{title}", webinar_title=secret, organization_name="{name} {kind}")

    assert letter.heading == "You have a seat, {title}"
    assert letter.subject.startswith(f"You have a seat: {secret}, ")
    assert letter.organization == "{name} {kind}"


def test_part_of_the_money_back_keeps_the_seat_and_says_the_total() -> None:
    letter = refund(amount_minor=1000, refunded_minor=2450)
    text = text_of(letter)

    assert letter.heading == "You get part of your money back, Ana Torres"
    assert "€10.00 EUR of the €49.00 EUR that you paid" in text
    assert "Refunded so far: €24.50 EUR" in text
    assert "You keep your seat" in text
    assert letter.calendar is None


@pytest.mark.parametrize(
    ("status", "cause"),
    [("cancelled", "organizer"), ("cancelled", "policy"), ("confirmed", "policy")],
)
def test_part_of_the_money_back_to_someone_who_cancelled_does_not_speak_of_a_seat_kept(
    status: str, cause: str
) -> None:
    text = text_of(refund(status, cause=cause))

    assert "Your registration is cancelled" in text
    assert "You keep" not in text


def test_all_of_the_money_back_ends_the_registration_and_its_calendar_entry() -> None:
    letter = refund(in_full=True)
    text = text_of(letter)

    assert "€49.00 EUR is going back" in text
    assert "Your registration is cancelled, and your personal link no longer works." in text
    assert "so far" not in text
    assert letter.calendar is not None
    assert letter.calendar.method == "CANCEL"


def test_all_of_the_money_back_with_the_seat_kept_says_so() -> None:
    letter = refund(in_full=True, keep_seat=True)

    assert "You keep your seat" in text_of(letter)
    assert letter.calendar is None


def test_an_organizers_message_stands_in_the_mail_as_it_was_typed() -> None:
    message = "Sorry, {name}:\nwe are <b>ill</b>.\n\n{amount} is all we can do."
    letters = [
        refund(message=message),
        refund(in_full=True, message=message),
        emails.cancelled(cancelled(message=message), SENDER, NOW, has_calendar=False),
    ]

    for letter in letters:
        assert message in text_of(letter)
        assert "Sorry, {name}:<br>we are &lt;b&gt;ill&lt;/b&gt;." in html_of(letter)
        assert "{amount} is all we can do." in html_of(letter)


def test_what_one_person_is_told_stands_before_what_everybody_is_told() -> None:
    event = cancelled(message="Get well {name}.", own_words="Goodbye {name}.")

    letter = emails.cancelled(event, SENDER, NOW, has_calendar=False)

    assert letter.own_words == ("Get well {name}.", "Goodbye Ana Torres.")


def test_the_last_of_several_refunds_is_the_full_one_but_speaks_of_its_own_amount() -> None:
    letter = refund(amount_minor=2450, refunded_minor=4900)

    assert letter.heading.startswith("You get your money back")
    assert "Refund: €24.50 EUR" in text_of(letter)
    assert "Refunded so far: €49.00 EUR" in text_of(letter)


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("late", "there was no seat for it any more"),
        ("duplicate", "You had paid for this webinar already"),
        ("webinar_cancelled", "The webinar was cancelled"),
    ],
)
def test_a_refund_that_nobody_asked_for_says_why(cause: str, said: str) -> None:
    assert said in text_of(refund(in_full=True, cause=cause))


def test_a_failed_refund_takes_back_what_was_said() -> None:
    registrant = RegistrantFacts.model_validate(confirmed().model_dump())
    text = text_of(emails.refund_failed(refund_failed(), registrant))

    assert "We wrote that €24.50 EUR was on its way back to your card." in text
    assert "Not refunded: €24.50 EUR" in text
    assert "Refunded so far: €0.00 EUR" in text
    assert "Answer this mail" in text


def test_a_lapsed_seat_says_that_nothing_was_paid_and_where_to_try_again() -> None:
    text = text_of(emails.released(released()))

    assert "You paid nothing." in text
    assert "Register again:\nhttps://box.example.org/w/2" in text


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("cause", get_args(RegistrantCancelled.model_fields["cause"].annotation))
def test_every_cause_of_a_cancellation_has_words(cause: str, locale: str) -> None:
    event = cancelled(cause=cause, locale=locale, refund_amount_minor=2450)
    letter = emails.cancelled(event, SENDER, NOW, has_calendar=True)

    assert "24" in text_of(letter)
    assert letter.calendar is not None
    assert letter.calendar.method == "CANCEL"


def test_who_never_got_a_calendar_file_gets_none_to_take_out() -> None:
    assert emails.cancelled(cancelled(), SENDER, NOW, has_calendar=False).calendar is None


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("status", get_args(RegistrationRepeated.model_fields["status"].annotation))
def test_a_repeated_registration_links_to_the_first_one(status: str, locale: str) -> None:
    letter = emails.repeated(repeated(status=status, locale=locale))

    assert "https://box.example.org/r/manage-token" in text_of(letter)


def test_without_an_address_for_answers_none_is_invited() -> None:
    registrant = RegistrantFacts.model_validate(confirmed(reply_to=None).model_dump())

    assert "Answer this mail" not in text_of(confirmation(reply_to=None))
    assert "Answer this mail" not in text_of(emails.refund_failed(refund_failed(), registrant))

"""Organizers' own words: what may stand in braces."""

from shared.own_words import OWN_MAILS, unknown_in


def test_what_is_not_known_in_this_mail_is_named_once_in_its_order() -> None:
    text = "{pay_by} {Name} { title } {name} {} {Name} {name.first}"

    assert unknown_in(text, "confirmation") == ["pay_by", "Name", " title ", "", "name.first"]
    assert unknown_in(text, "payment_due") == ["Name", " title ", "", "name.first"]


def test_every_mail_knows_whom_it_goes_to() -> None:
    for mail in OWN_MAILS:
        assert unknown_in("{name}, {title} on {start} by {organization}", mail) == []

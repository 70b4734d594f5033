"""Placeholders: a closed set, filled once."""

from services.notifications.placeholders import fill, names_in


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

"""The record in the reader's language: our words are translated, what people typed is not."""

import pytest

from services.registration.audit import Act
from services.registration.console.record import about_in_words


@pytest.mark.parametrize(
    ("act", "about", "said"),
    [
        ("settings_changed", "name, card_brands", "Nombre, Tarjetas que aceptas"),
        ("settings_changed", "confirmation", "Confirmación"),
        ("settings_changed", "", ""),
        ("member_invited", "bo@example.org: admin", "bo@example.org: Administración"),
        (
            "role_changed",
            "bo@example.org: admin → organizer",
            "bo@example.org: Administración → Organización de eventos",
        ),
        ("stripe_connect_started", "onboarding", "Con una cuenta nueva"),
        ("stripe_connect_started", "", ""),
        ("refund_over_limit", "1049.50 EUR, registrant 7a", "1.049,50 EUR, inscripción 7a"),
        ("refund_over_limit", "500 JPY, registrant 7a", "500 JPY, inscripción 7a"),
        ("token_created", "name: read, write", "name: read, write"),
        ("settings_changed", "100%: <b>", "100%: <b>"),
    ],
)
def test_what_an_entry_is_about_is_said_in_the_readers_words(
    act: Act, about: str, said: str
) -> None:
    assert about_in_words(act, about, "es").replace("\xa0", " ") == said

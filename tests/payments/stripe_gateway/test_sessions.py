"""What a Checkout Session is asked for."""

import pytest

from services.payments.stripe_gateway.intents import intent_params
from services.payments.stripe_gateway.sessions import session_params, stripe_locale
from tests.payments.builders import NOW, payment


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("en_GB", "en-GB"),
        ("es", "es"),
        ("es-MX", "es-419"),
        ("es-ES", "es"),
        ("pt-BR", "pt-BR"),
        ("pt-AO", "pt"),
        ("no", "nb"),
        ("zh-TW", "zh-TW"),
        ("zh-Hans-CN", "zh"),
        ("ca", "auto"),
        ("", "auto"),
        ("nonsense", "auto"),
    ],
)
def test_a_locale_that_checkout_does_not_speak_is_never_sent(locale: str, shown: str) -> None:
    assert stripe_locale(locale) == shown


def test_currencies_change_their_case_only_on_the_way_to_stripe() -> None:
    session = session_params(payment(), 1, expires_at=NOW, return_url="https://x/return")
    intent = intent_params(payment(currency="JPY", amount_minor=500), 1, "pm_1")

    assert session["line_items"][0]["price_data"]["currency"] == "eur"
    assert (intent["currency"], intent["amount"]) == ("jpy", 500)


def test_both_session_and_intent_carry_our_ids() -> None:
    session = session_params(payment(), 2, expires_at=NOW, return_url="https://x/return")

    assert session["metadata"] == session["payment_intent_data"]["metadata"]
    assert session["metadata"]["attempt"] == "2"
    assert session["metadata"]["payment_id"] == session["client_reference_id"]


def test_only_cards_are_taken_and_brands_only_as_stripe_names_them() -> None:
    plain = session_params(payment(), 1, expires_at=NOW, return_url="https://x/return")
    blocked = session_params(
        payment(card_brands_blocked=("visa", "other")),
        1,
        expires_at=NOW,
        return_url="https://x/return",
    )

    assert plain["allowed_payment_method_types"] == ["card"]
    assert "payment_method_options" not in plain
    assert "payment_method_types" not in plain
    restrictions = blocked["payment_method_options"]["card"]["restrictions"]
    assert restrictions == {"brands_blocked": ["visa"]}


def test_long_titles_and_names_fit_into_stripes_fields() -> None:
    long = payment(webinar_title="t" * 2000, registrant_name="n" * 2000)

    params = session_params(long, 1, expires_at=NOW, return_url="https://x/return")

    assert len(params["line_items"][0]["price_data"]["product_data"]["name"]) == 250
    assert len(params["payment_intent_data"]["description"]) <= 500

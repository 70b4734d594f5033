"""What a card's number tells."""

import pytest

from deploy.local.sandbox import cards


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242424242424242", "visa"),
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "discover"),
        ("3056930009020004", "diners"),
        ("3566002020360505", "jcb"),
        ("6200000000000005", "unionpay"),
        ("9999999999999995", "unknown"),
    ],
)
def test_a_number_tells_its_brand(number: str, brand: str) -> None:
    assert cards.card(number).brand == brand


@pytest.mark.parametrize("number", ["4242424242424242", "378282246310005", "6205500000000000004"])
def test_a_card_number_has_its_check_digit(number: str) -> None:
    assert cards.is_card_number(number)
    assert not cards.is_card_number(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "number", ["", "4242", "4" * 20, "4242 4242 4242 4242", "４２４２４２４２４２４２４２４２"]
)
def test_what_is_no_card_number_is_told_apart(number: str) -> None:
    assert not cards.is_card_number(number)


def test_spaces_and_dashes_are_only_for_reading() -> None:
    assert cards.digits("4242-4242 4242-4242") == "4242424242424242"


def test_every_card_that_pages_offer_is_a_card() -> None:
    assert all(cards.is_card_number(number) for number, _ in cards.SHOWCASE)


def test_names_of_test_cards_come_with_either_prefix() -> None:
    assert cards.number_for("pm_card_visa") == cards.number_for("tok_visa") == "4242424242424242"
    assert cards.number_for("pm_card_nobody") is None
    assert cards.number_for("pm_1abc") is None

from datetime import timedelta
from typing import Any

import pytest

from services.registration.pages.webinar_page import Typed, closed_because, webinar_view
from tests.registration.pages.builders import (
    FREE,
    LINKS,
    NOW,
    START,
    organization,
    webinar_facts,
)


def view(refusal: str | None = None, **changes: Any) -> dict[str, Any]:
    return webinar_view(
        webinar_facts(**changes),
        LINKS,
        "en",
        nonce="n" * 24,
        typed=Typed(),
        errors={},
        refusal=refusal,
    )


def test_an_open_window_says_how_many_seats_are_left_and_what_goes_back_now() -> None:
    shown = view()

    assert shown["closed_because"] is None
    assert shown["seats_left"] == 22
    assert not shown["is_sold_out"]
    assert shown["offer"].percent == 100
    assert shown["cards"] == ["Visa", "Mastercard", "American Express", "Discover"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"now": START}, "started"),
        ({"now": START + timedelta(minutes=90)}, "over"),
        ({"sold_by": organization(is_ready=False)}, "not_ready"),
        ({"sold_by": organization(is_ready=False), **FREE}, None),
        ({"seats_taken": 80}, None),
    ],
)
def test_a_closed_window_says_why(changes: dict[str, Any], reason: str | None) -> None:
    assert closed_because(webinar_facts(**changes)) == reason


def test_a_sold_out_page_names_the_next_hold_that_ends() -> None:
    ends_at = NOW + timedelta(minutes=7)

    assert view(seats_taken=80, next_hold_ends_at=ends_at)["next_hold_ends_at"] == ends_at
    assert view(refusal="sold_out")["is_sold_out"]


def test_a_price_in_test_mode_says_so_and_a_free_one_need_not() -> None:
    rehearsal = organization(is_live=False)

    assert view(sold_by=rehearsal)["is_test"]
    assert not view(sold_by=rehearsal, **FREE)["is_test"]


def test_without_a_policy_or_a_price_no_refund_is_spoken_of() -> None:
    without, free = view(refund_policy=None), view(price_minor=0)

    assert (without["policy_steps"], without["policy_sentence"], without["offer"]) == ((), "", None)
    assert (free["policy_steps"], free["policy_sentence"]) == ((), "")


def test_after_the_last_deadline_no_refund_is_advertised() -> None:
    assert view(now=START - timedelta(hours=1))["offer"] is None


def test_blocked_card_brands_are_not_advertised() -> None:
    shown = view(sold_by=organization(card_brands_blocked=["american_express"]))

    assert shown["cards"] == ["Visa", "Mastercard", "Discover"]

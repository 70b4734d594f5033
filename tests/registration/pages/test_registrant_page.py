from datetime import timedelta
from typing import Any

import pytest

from services.registration.pages.facts import RegistrantFacts
from services.registration.pages.registrant_page import (
    cancel_view,
    fingerprint,
    is_watched,
    refund_now,
    registrant_view,
    state_of,
)
from tests.registration.pages.builders import (
    CANCELLED,
    CONFIRMED,
    LINKS,
    NOW,
    RELEASED,
    START,
    refund,
    registrant_facts,
    webinar,
)


def view(facts: RegistrantFacts) -> dict[str, Any]:
    return registrant_view(facts, LINKS, "en")


@pytest.mark.parametrize(
    ("changes", "state", "lead"),
    [
        ({}, "awaiting", "awaiting"),
        ({"declined_at": NOW}, "declined", "declined"),
        ({"pay_by": NOW}, "lapsed", "lapsed"),
        ({"hold_ended_at": NOW, "hold_end_reason": "lapsed"}, "lapsed", "lapsed"),
        ({"hold_ended_at": NOW, "hold_end_reason": "superseded"}, "lapsed", "superseded"),
        (RELEASED, "released", "released"),
        (RELEASED | {"hold_end_reason": "superseded"}, "released", "released_superseded"),
        (RELEASED | {"paid_minor": 4900, "paid_at": NOW}, "released", "released_paid"),
        (CONFIRMED, "confirmed", "confirmed"),
        (CONFIRMED | {"is_mail_accepted": True}, "confirmed", "confirmed_sent"),
        (CANCELLED, "cancelled", "cancelled_registrant"),
        (CANCELLED | {"cancel_cause": "refund"}, "cancelled", "cancelled_refund"),
        (CANCELLED | {"cancel_cause": "something new"}, "cancelled", "cancelled_organizer"),
    ],
)
def test_a_registration_has_one_state_and_one_lead(
    changes: dict[str, Any], state: str, lead: str
) -> None:
    facts = registrant_facts(**changes)

    assert state_of(facts) == state
    assert view(facts)["lead"] == lead


def test_what_may_change_by_itself_is_watched() -> None:
    assert is_watched(registrant_facts())
    assert is_watched(registrant_facts(pay_by=NOW))
    assert is_watched(registrant_facts(**CANCELLED, refunds=(refund("pending"),)))
    assert not is_watched(registrant_facts(**CONFIRMED))
    assert not is_watched(registrant_facts(**CANCELLED, refunds=(refund("succeeded"),)))


@pytest.mark.parametrize(
    "changes",
    [
        CONFIRMED,
        {"declined_at": NOW},
        {"pay_by": NOW + timedelta(minutes=35)},
        {"now": NOW + timedelta(hours=1)},
        {"refunds": (refund("pending"),)},
        {"event": webinar(version=2)},
    ],
)
def test_the_fingerprint_changes_with_what_is_shown(changes: dict[str, Any]) -> None:
    before, after = registrant_facts(), registrant_facts(**changes)

    assert fingerprint(before) != fingerprint(after)
    assert fingerprint(before) == fingerprint(registrant_facts(now=NOW + timedelta(seconds=1)))


@pytest.mark.parametrize(
    ("changes", "refund_minor"),
    [
        (CONFIRMED, 4900),
        (CONFIRMED | {"now": START - timedelta(hours=20)}, 2450),
        (CONFIRMED | {"now": START - timedelta(hours=1)}, 0),
        (CONFIRMED | {"refund_policy": None}, 0),
        (CONFIRMED | {"refunded_minor": 1000}, 3900),
        (CONFIRMED | {"refunded_minor": 1000, "refunds": (refund("pending", 900),)}, 3000),
        (
            CONFIRMED | {"now": START, "event": webinar(starts_at=START + timedelta(days=7))},
            4900,
        ),
        ({}, 0),
    ],
)
def test_the_refund_shown_is_the_one_that_the_rule_decides(
    changes: dict[str, Any], refund_minor: int
) -> None:
    facts = registrant_facts(**changes)

    assert refund_now(facts, LINKS) == refund_minor
    assert cancel_view(facts, LINKS, "en")["refund_minor"] == refund_minor


def test_the_policys_steps_promise_no_more_than_is_left() -> None:
    shown = view(registrant_facts(**CONFIRMED, refunded_minor=1000))

    assert [step.amount_minor for step in shown["policy_steps"]] == [3900, 2450, 0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (RELEASED, None),
        (CANCELLED, ("none", 0)),
        (CANCELLED | {"refunds": (refund("requested"),)}, ("under_way", 4900)),
        (CANCELLED | {"refunds": (refund("succeeded"),), "refunded_minor": 4900},
         ("returned", 4900)),
        (CANCELLED | {"refunds": (refund("succeeded", 900),), "refunded_minor": 900},
         ("returned", 900)),
        (CANCELLED | {"refunds": (refund("failed"),)}, ("failed", 4900)),
        # It failed because the dashboard had given all of it back.
        (CANCELLED | {"refunds": (refund("failed"),), "refunded_minor": 4900},
         ("returned", 4900)),
    ],
)  # fmt: skip
def test_a_lost_seat_says_where_its_money_is(
    changes: dict[str, Any], expected: tuple[str, int] | None
) -> None:
    money = view(registrant_facts(**changes))["money_back"]

    assert (money and (money.state, money.amount_minor)) == expected


def test_the_story_is_told_from_its_end() -> None:
    facts = registrant_facts(**CANCELLED, declined_at=NOW - timedelta(minutes=2),
                             refunds=(refund("succeeded"),), refunded_minor=4900)  # fmt: skip

    told = [moment.what for moment in view(facts)["story"]]

    assert told == ["refunded", "cancelled", "confirmed", "paid", "declined", "held"]


def test_an_unknown_decline_code_is_not_repeated() -> None:
    assert view(registrant_facts(declined_at=NOW, decline_code="fraudulent"))["decline"] == "other"
    assert (
        view(registrant_facts(declined_at=NOW, decline_code="expired_card"))["decline"]
        == "expired_card"
    )


def test_only_an_open_event_invites_to_register_again() -> None:
    assert view(registrant_facts(**RELEASED))["again"].is_open
    assert view(registrant_facts(**RELEASED, now=START))["again"] is None
    assert view(registrant_facts(**CONFIRMED))["again"] is None


def test_a_sold_out_event_is_not_registered_for_by_one_button() -> None:
    again = view(registrant_facts(**RELEASED, event=webinar(seats_taken=80)))["again"]

    assert not again.is_open

"""The checker must find what it promises to find, or a green suite would mean nothing."""

from typing import Any

import pytest

from tests.deploy.local.sandbox.sdk_types import problems


def _refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 100,
        "created": 1,
        "currency": "eur",
        "metadata": {"a": "b"},
        "reason": None,
        "charge": "ch_1",
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        **changes,
    }


def test_a_right_object_has_no_problems() -> None:
    assert problems(_refund()) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"livemode": False}, "refund.livemode: unknown field"),
        ({"amount": "100"}, "refund.amount: '100' is not"),
        ({"amount": None}, "refund.amount: None is not"),
        ({"amount": True}, "refund.amount: True is not"),
        ({"reason": "because"}, "refund.reason: 'because' is not one of"),
        ({"metadata": {"a": 1}}, "refund.metadata.a: 1 is not"),
        ({"charge": 5}, "refund.charge: 5 is not"),
        ({"destination_details": {"card": {}, "type": "card"}}, "card.type: missing"),
        ({"object": "repayment"}, "unknown object 'repayment'"),
    ],
)
def test_a_wrong_object_is_found(change: dict[str, Any], complaint: str) -> None:
    found = problems(_refund(**change))

    assert len(found) == 1
    assert complaint in found[0]


def test_a_missing_field_is_found() -> None:
    refund = _refund()
    del refund["currency"]

    assert problems(refund) == ["refund.currency: missing"]


def test_expanded_objects_lists_and_events_are_looked_into() -> None:
    broken = _refund(amount=None)
    in_list = {"object": "list", "data": [broken], "has_more": False, "url": "/v1/refunds"}
    event = {
        "id": "evt_1",
        "object": "event",
        "created": 1,
        "data": {"object": broken},
        "livemode": False,
        "pending_webhooks": 0,
        "type": "refund.created",
    }

    assert problems(_refund(charge=broken))[0].startswith("refund.charge")
    assert problems(in_list) == ["data[0].refund.amount: None is not <class 'int'>"]
    assert problems(event) == ["event.data.object: refund.amount: None is not <class 'int'>"]
    assert problems({**in_list, "data": [], "next": 1})[0].startswith("list: a list with")


def test_errors_are_held_against_the_error_type() -> None:
    assert problems({"error": {"type": "api_error", "message": "x"}}) == []
    assert problems({"error": {"message": "x", "colour": "red"}}) == [
        "error.colour: unknown field",
        "error.type: missing",
    ]

"""Facts of one payment in any order, many times, and all at once: they end the same."""

import asyncio
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from services.registration.registrants import Registrant
from shared.events import Event, RefundRequested, RegistrantConfirmed
from tests.registration.office import (
    Office,
    checkout_opened,
    fee_settled,
    payment_succeeded,
    refunded,
)


def _state(registrant: Registrant) -> dict[str, Any]:
    """What must not depend on the order of events: everything but moments and versions."""
    moments = {"version", "hold_ended_at", "hold_answered_at", "hold_repeat_at", "confirmed_at"}
    moments |= {"released_at", "cancelled_at", "id", "number", "email", "email_key", "created_at"}
    return {
        name: getattr(registrant, name)
        for name in registrant.__dataclass_fields__
        if name not in moments
    }


@pytest.mark.parametrize("refund_minor", [1900, 4900])
async def test_every_order_of_a_payments_facts_ends_the_same(
    office: Office, refund_minor: int
) -> None:
    webinar = await office.schedule(capacity=None)
    paid_at = datetime.now(UTC)
    states: list[dict[str, Any]] = []
    told: list[int] = []
    for order in permutations(range(4)):
        registrant = await office.end_hold(await office.admitted(webinar))
        facts: list[Event] = [
            checkout_opened(registrant),
            # The answer to HoldEnded: the session was paid while the hold ended.
            payment_succeeded(registrant, paid_at=paid_at, version=1),
            refunded(registrant, refund_minor, version=2),
            fee_settled(registrant, version=3),
        ]

        await office.deliver(*(facts[place] for place in order))

        states.append(_state(await office.registrant(registrant.id)))
        told.append(len(await office.told(RefundRequested, registrant.id)))

    assert all(state == states[0] for state in states)
    assert states[0]["status"] == ("cancelled" if refund_minor == 4900 else "confirmed")
    assert states[0]["refunded_minor"] == refund_minor
    assert set(told) == {0}
    await office.seats_taken(webinar)


async def test_every_order_of_two_refunds_and_a_failure_ends_the_same(office: Office) -> None:
    webinar = await office.schedule(capacity=None)
    paid_at = datetime.now(UTC)
    states: list[dict[str, Any]] = []
    for order in permutations(range(4)):
        registrant = await office.admitted(webinar)
        facts: list[Event] = [
            payment_succeeded(registrant, paid_at=paid_at, version=1),
            refunded(registrant, 1900, version=2, refunded_minor=1900),
            refunded(registrant, 3000, version=3, refunded_minor=4900),
            refunded(registrant, 0, version=4, refunded_minor=1900),
        ]

        await office.deliver(*(facts[place] for place in order))

        states.append(_state(await office.registrant(registrant.id)))

    assert all(state == states[0] for state in states)
    assert states[0]["status"] == "cancelled"
    assert (states[0]["refunded_minor"], states[0]["money_version"]) == (1900, 4)


async def test_twenty_deliveries_at_once_confirm_once(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    event = payment_succeeded(registrant)

    await asyncio.gather(*(office.deliver(event) for _ in range(20)))

    assert len(await office.told(RegistrantConfirmed)) == 1


async def test_two_payments_of_one_address_at_once_confirm_one(office: Office) -> None:
    webinar = await office.schedule()
    held = [await office.admitted(webinar, "ana@example.org") for _ in range(3)]

    await asyncio.gather(*(office.deliver(payment_succeeded(one)) for one in held))

    statuses = sorted([(await office.registrant(one.id)).status for one in held])
    assert statuses == ["confirmed", "released", "released"]
    assert len(await office.told(RefundRequested)) == 2
    assert await office.seats_taken(webinar) == 1


async def test_a_payment_and_a_cancellation_at_once_agree(office: Office) -> None:
    webinar = await office.schedule(capacity=None)
    for _ in range(5):
        registrant = await office.admitted(webinar)

        await asyncio.gather(
            office.deliver(payment_succeeded(registrant)),
            office.organizer(
                "POST", f"/api/v1/registrants/{registrant.id}/cancel", {"refund": "full"}
            ),
        )

        assert (await office.registrant(registrant.id)).status == "cancelled"
        assert len(await office.told(RefundRequested, registrant.id)) == 1
    assert await office.seats_taken(webinar) == 0

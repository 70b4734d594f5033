"""What payments' events make of a seat: each rule, and any order of the facts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.registration.handlers.locking import UnknownRegistrant
from services.registration.registrants import Registrant
from shared.events import (
    HoldEnded,
    PaymentFailed,
    RefundRequested,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantReleased,
)
from tests.registration.office import (
    FREE,
    Office,
    checkout_expired,
    checkout_opened,
    payment_succeeded,
)


async def released(office: Office, webinar: dict[str, Any], email: str | None = None) -> Registrant:
    """Somebody who did not pay in time."""
    registrant = await office.end_hold(await office.admitted(webinar, email))
    await office.deliver(checkout_expired(registrant))
    return await office.registrant(registrant.id)


async def test_a_payment_confirms_the_held_seat_and_tells_all_that_the_mail_shows(
    office: Office,
) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar, "ana@example.org")

    await office.deliver(payment_succeeded(registrant))

    after = await office.registrant(registrant.id)
    assert after.status == "confirmed"
    assert after.pay_by is None
    assert after.paid_minor == 4900
    assert await office.seats_taken(webinar) == 1
    (confirmed,) = await office.told(RegistrantConfirmed)
    assert confirmed.version > 1
    assert (confirmed.amount_minor, confirmed.currency) == (4900, "EUR")
    assert confirmed.description == "Bring **flour**."
    assert "50" in confirmed.refund_policy_text
    assert confirmed.join_url == office.links.join_url(registrant.id)


async def test_the_confirmation_carries_what_was_registered_for(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    await office.organizer(
        "PATCH", f"/api/v1/webinars/{webinar['id']}", {"description": "B", "refund_policy": None}
    )

    await office.deliver(payment_succeeded(registrant))

    (confirmed,) = await office.told(RegistrantConfirmed)
    assert confirmed.description == "Bring **flour**."
    assert confirmed.refund_policy_text != ""


async def test_paid_already_is_ignored(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    told = await office.subjects()

    await office.deliver(payment_succeeded(registrant, version=2))

    assert await office.registrant(registrant.id) == registrant
    assert await office.subjects() == told


async def test_a_payment_for_a_cancelled_registration_goes_back(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    await office.organizer("POST", f"/api/v1/registrants/{registrant.id}/cancel", {})
    assert await office.seats_taken(webinar) == 1

    await office.deliver(payment_succeeded(registrant))

    after = await office.registrant(registrant.id)
    assert after.status == "cancelled"
    assert after.paid_at is not None
    assert await office.seats_taken(webinar) == 0
    (asked,) = await office.told(RefundRequested)
    assert (asked.amount_minor, asked.origin, asked.cause) == (None, "automatic", "late")
    assert len(await office.told(RegistrantCancelled)) == 1


async def test_a_payment_for_a_cancelled_webinar_goes_back(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel", {})

    await office.deliver(payment_succeeded(registrant))

    after = await office.registrant(registrant.id)
    assert after.status == "cancelled"
    assert await office.seats_taken(webinar) == 0
    (asked,) = await office.told(RefundRequested)
    assert asked.cause == "webinar_cancelled"
    (told,) = await office.told(RegistrantCancelled)
    assert (told.cause, told.refund_amount_minor) == ("webinar_cancelled", 4900)


async def test_a_second_payment_of_an_address_goes_back(office: Office) -> None:
    webinar = await office.schedule()
    second = await office.admitted(webinar, "ana@example.org")
    await office.paid(webinar, "ana@example.org")

    await office.deliver(payment_succeeded(second))

    after = await office.registrant(second.id)
    assert after.status == "released"
    assert await office.seats_taken(webinar) == 1
    (asked,) = await office.told(RefundRequested)
    assert (asked.registrant_id, asked.cause) == (second.id, "duplicate")
    (told,) = await office.told(RegistrantReleased)
    assert told.reason == "superseded"


async def test_the_first_payment_of_an_address_ends_its_other_holds(office: Office) -> None:
    webinar = await office.schedule()
    first = await office.admitted(webinar, "ana@example.org")
    lapsed = await office.end_hold(await office.admitted(webinar, "Ana@example.org"))
    other = await office.admitted(webinar, "eva@example.org")

    await office.paid(webinar, "ana@example.org")

    ended = {event.registrant_id: event.reason for event in await office.told(HoldEnded)}
    assert ended == {first.id: "superseded", lapsed.id: "superseded"}
    assert (await office.registrant(first.id)).status == "awaiting_payment"
    assert (await office.registrant(other.id)).hold_ended_at is None
    await office.deliver(
        checkout_expired(first, reason="superseded"), checkout_expired(lapsed, reason="lapsed")
    )
    assert {event.reason for event in await office.told(RegistrantReleased)} == {"superseded"}
    assert await office.seats_taken(webinar) == 2


async def test_a_lapsed_hold_is_confirmed_on_its_own_seat(office: Office) -> None:
    webinar = await office.schedule(capacity=1)
    registrant = await office.end_hold(await office.admitted(webinar))
    await office.start(webinar)

    await office.deliver(payment_succeeded(registrant))

    after = await office.registrant(registrant.id)
    assert after.status == "confirmed"
    assert after.hold_answered_at is not None
    assert await office.seats_taken(webinar) == 1


async def test_a_released_registrant_who_paid_gets_a_free_seat(office: Office) -> None:
    webinar = await office.schedule(capacity=1)
    registrant = await released(office, webinar)
    assert await office.seats_taken(webinar) == 0

    await office.deliver(payment_succeeded(registrant))

    assert (await office.registrant(registrant.id)).status == "confirmed"
    assert await office.seats_taken(webinar) == 1


async def test_a_released_registrant_who_paid_for_a_full_room_is_paid_back(office: Office) -> None:
    webinar = await office.schedule(capacity=1)
    registrant = await released(office, webinar)
    await office.admitted(webinar)

    await office.deliver(payment_succeeded(registrant))

    after = await office.registrant(registrant.id)
    assert after.status == "released"
    assert after.paid_at is not None
    (asked,) = await office.told(RefundRequested)
    assert (asked.cause, asked.notify) == ("late", True)
    assert await office.seats_taken(webinar) == 1


async def test_a_released_registrant_who_paid_after_the_start_is_paid_back(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await released(office, webinar)
    await office.start(webinar)

    await office.deliver(payment_succeeded(registrant))

    assert (await office.registrant(registrant.id)).status == "released"
    assert len(await office.told(RefundRequested)) == 1


async def test_the_first_session_moves_the_deadline_and_only_forward(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    later = datetime.now(UTC) + timedelta(minutes=35)

    await office.deliver(checkout_opened(registrant, pay_by=later))
    await office.deliver(checkout_opened(registrant, pay_by=later - timedelta(minutes=20)))

    assert (await office.registrant(registrant.id)).pay_by == later


async def test_a_session_that_opened_before_the_lapse_moves_the_deadline_after_it(
    office: Office,
) -> None:
    webinar = await office.schedule()
    registrant = await office.end_hold(await office.admitted(webinar))
    later = datetime.now(UTC) + timedelta(minutes=35)

    await office.deliver(checkout_opened(registrant, pay_by=later))
    await office.workers.end_due_holds()

    after = await office.registrant(registrant.id)
    assert after.pay_by == later
    assert len(await office.told(HoldEnded)) == 1


async def test_an_answered_lapse_frees_the_seat(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.end_hold(await office.admitted(webinar))
    assert registrant.status == "awaiting_payment"
    assert await office.seats_taken(webinar) == 1

    await office.deliver(checkout_expired(registrant), checkout_expired(registrant))

    assert (await office.registrant(registrant.id)).status == "released"
    assert await office.seats_taken(webinar) == 0
    (told,) = await office.told(RegistrantReleased)
    assert told.reason == "lapsed"
    assert told.webinar_url == webinar["public_url"]


async def test_the_answer_for_a_cancelled_registrant_only_frees_its_seat(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    await office.organizer("POST", f"/api/v1/registrants/{registrant.id}/cancel", {})

    await office.deliver(checkout_expired(registrant, reason="cancelled"))

    assert (await office.registrant(registrant.id)).status == "cancelled"
    assert await office.seats_taken(webinar) == 0
    assert await office.told(RegistrantReleased) == []


async def test_an_answer_that_nobody_asked_for_changes_nothing(office: Office) -> None:
    webinar = await office.schedule()
    awaiting, confirmed = await office.admitted(webinar), await office.paid(webinar)
    told = await office.subjects()

    await office.deliver(checkout_expired(awaiting), checkout_expired(confirmed))

    assert await office.registrant(awaiting.id) == awaiting
    assert await office.registrant(confirmed.id) == confirmed
    assert await office.subjects() == told


async def test_the_last_decline_is_remembered_for_display(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    about: dict[str, Any] = {
        "organization_id": registrant.organization_id,
        "registrant_id": registrant.id,
        "webinar_id": registrant.webinar_id,
        "payment_id": uuid4(),
    }
    now = datetime.now(UTC)

    await office.deliver(
        PaymentFailed(**about, decline_code="expired_card", occurred_at=now),
        PaymentFailed(**about, decline_code="lost", occurred_at=now - timedelta(minutes=1)),
    )

    after = await office.registrant(registrant.id)
    assert (after.status, after.decline_code) == ("awaiting_payment", "expired_card")


async def test_money_for_somebody_unknown_is_not_shrugged_off(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)

    for strange in (
        {"registrant_id": uuid4()},
        {"webinar_id": uuid4()},
        {"organization_id": uuid4()},
    ):
        with pytest.raises(UnknownRegistrant):
            await office.deliver(payment_succeeded(registrant, **strange))

    assert (await office.registrant(registrant.id)).paid_at is None


async def test_a_redelivered_payment_is_handled_once(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    event = payment_succeeded(registrant)

    await office.deliver(event, event, event)

    assert len(await office.told(RegistrantConfirmed)) == 1


async def test_free_registrants_are_never_asked_about(office: Office) -> None:
    webinar = await office.schedule(**FREE)
    await office.admitted(webinar)

    await office.workers.end_due_holds()

    assert await office.told(HoldEnded) == []

"""Cancelling: seat, money and mail are one decision."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registration.registrants import Registrant
from shared.events import HoldEnded, RefundRequested, RegistrantCancelled, WebinarCancelled
from tests.registration.office import FREE, Office, Reply, checkout_expired, new_key


async def cancel(office: Office, registrant: Registrant, body: dict[str, Any]) -> Reply:
    return await office.organizer("POST", f"/api/v1/registrants/{registrant.id}/cancel", body)


async def cancel_own(office: Office, registrant: Registrant) -> Reply:
    token = office.links.manage_url(registrant.id).rsplit("/", 1)[1]
    return await office.call("POST", f"/api/v1/registrations/{token}/cancel")


async def test_an_awaiting_registrants_seat_is_kept_until_payments_answers(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)

    reply = await cancel(office, registrant, {"refund": "full"})

    assert (reply.status, reply.body["status"], reply.body["refund"]) == (202, "cancelled", None)
    assert await office.seats_taken(webinar) == 1
    (ended,) = await office.told(HoldEnded)
    assert ended.reason == "cancelled"
    (told,) = await office.told(RegistrantCancelled)
    assert (told.cause, told.notify, told.refund_amount_minor) == ("organizer", True, 0)
    await office.deliver(checkout_expired(registrant, reason="cancelled"))
    assert await office.seats_taken(webinar) == 0


async def test_a_lapsed_registrant_who_is_cancelled_is_asked_about_again(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.end_hold(await office.admitted(webinar))

    await cancel(office, registrant, {})

    assert [event.reason for event in await office.told(HoldEnded)] == ["lapsed", "cancelled"]


async def test_a_free_registrants_seat_is_free_at_once(office: Office) -> None:
    webinar = await office.schedule(**FREE)
    registrant = await office.admitted(webinar)

    reply = await cancel(office, registrant, {"refund": "full"})

    assert reply.body["refund"] is None
    assert await office.seats_taken(webinar) == 0
    assert await office.told(HoldEnded) == []
    assert await office.told(RefundRequested) == []


async def test_the_organizer_decides_what_goes_back(office: Office) -> None:
    webinar = await office.schedule()
    choices: list[tuple[dict[str, Any], int | None]] = [
        ({"refund": "full"}, 4900),
        ({"refund": "none"}, None),
        ({"refund": "amount", "amount_minor": 1234}, 1234),
        ({"refund": "policy"}, 4900),
        ({}, 4900),
    ]

    replies = [await cancel(office, await office.paid(webinar), body) for body, _ in choices]

    refunds = [reply.body["refund"] for reply in replies]
    assert [one and one["amount_minor"] for one in refunds] == [amount for _, amount in choices]
    asked = await office.told(RefundRequested)
    assert [one.amount_minor for one in asked] == [None, 1234, None, None]
    assert [one.cause for one in asked] == ["organizer", "organizer", "policy", "policy"]
    assert await office.seats_taken(webinar) == 0


async def test_the_policy_counts_from_the_later_of_both_starts(office: Office) -> None:
    starts_at = datetime.now(UTC) + timedelta(hours=100)
    webinar = await office.schedule(starts_at=starts_at.isoformat())
    half, all_of_it = await office.paid(webinar), await office.paid(webinar)

    first = await cancel_own(office, half)
    later = (starts_at + timedelta(days=30)).isoformat()
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"starts_at": later})
    second = await cancel_own(office, all_of_it)

    assert first.status == second.status == 202
    asked = {one.registrant_id: one for one in await office.told(RefundRequested)}
    assert asked[half.id].amount_minor == 2450
    assert asked[all_of_it.id].amount_minor is None
    assert {one.origin for one in asked.values()} == {"registrant"}


async def test_a_registrant_cancels_with_its_own_link(office: Office) -> None:
    webinar = await office.schedule(refund_policy=None)
    registrant = await office.paid(webinar)

    reply = await cancel_own(office, registrant)
    again = await cancel_own(office, registrant)

    assert (reply.status, reply.body["status"], reply.body["join_url"]) == (202, "cancelled", None)
    assert (again.status, again.code) == (409, "not_active")
    (told,) = await office.told(RegistrantCancelled)
    assert told.cause == "registrant"
    assert await office.told(RefundRequested) == []


async def test_without_notify_neither_mail_is_wanted(office: Office) -> None:
    webinar = await office.schedule()

    await cancel(office, await office.paid(webinar), {"refund": "full", "notify": False})

    (told,) = await office.told(RegistrantCancelled)
    (asked,) = await office.told(RefundRequested)
    assert (told.notify, asked.notify) == (False, False)


@pytest.mark.parametrize(
    ("refund", "expected"),
    [("none", ("Until next time.", [])), ("full", (None, ["Until next time."]))],
)
async def test_a_message_stands_in_one_mail_the_refunds_if_there_is_one(
    office: Office, refund: str, expected: tuple[str | None, list[str]]
) -> None:
    registrant = await office.paid(await office.schedule())

    await cancel(office, registrant, {"refund": refund, "message": "Until next time."})

    (told,) = await office.told(RegistrantCancelled)
    asked = await office.told(RefundRequested)
    assert (told.message, [one.message for one in asked]) == expected


async def test_a_message_without_a_mail_is_refused(office: Office) -> None:
    registrant = await office.paid(await office.schedule())

    reply = await cancel(office, registrant, {"message": "Sorry.", "notify": False})

    assert (reply.status, reply.fields) == (422, ["message"])
    assert (await office.registrant(registrant.id)).status == "confirmed"


async def test_released_and_cancelled_ones_are_not_active(office: Office) -> None:
    webinar = await office.schedule()
    released = await office.end_hold(await office.admitted(webinar))
    await office.deliver(checkout_expired(released))

    reply = await cancel(office, released, {})

    assert (reply.status, reply.code) == (409, "not_active")


async def test_bad_amounts_are_named_and_cancel_nothing(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)

    replies = [
        await cancel(office, registrant, {"refund": "amount"}),
        await cancel(office, registrant, {"refund": "amount", "amount_minor": 4901}),
        await cancel(office, registrant, {"refund": "some"}),
    ]

    assert [(reply.status, reply.fields) for reply in replies] == [
        (422, ["amount_minor"]),
        (422, ["amount_minor"]),
        (422, ["refund"]),
    ]
    assert (await office.registrant(registrant.id)).status == "confirmed"


async def test_the_same_key_cancels_once(office: Office) -> None:
    webinar = await office.schedule()
    registrant, key = await office.paid(webinar), new_key()
    path = f"/api/v1/registrants/{registrant.id}/cancel"

    first = await office.organizer("POST", path, {"refund": "full"}, Idempotency_Key=key)
    again = await office.organizer("POST", path, {"refund": "full"}, Idempotency_Key=key)
    other = await office.organizer("POST", path, {"refund": "full"}, Idempotency_Key=new_key())

    assert (first.status, again.status, other.status) == (202, 202, 409)
    assert again.body == first.body
    assert len(await office.told(RefundRequested)) == 1


async def test_a_cancelled_webinar_cancels_its_registrants(office: Office) -> None:
    webinar, gratis = await office.schedule(), await office.schedule(**FREE)
    awaiting = await office.admitted(webinar)
    free = await office.admitted(gratis)

    for one in (webinar, gratis):
        reply = await office.organizer("POST", f"/api/v1/webinars/{one['id']}/cancel")
        assert (reply.status, reply.body["availability"]) == (200, "closed")
    await office.workers.cancel_registrants()
    assert await office.workers.cancel_registrants() == 0

    assert len(await office.told(WebinarCancelled)) == 2
    told = {one.registrant_id: one.cause for one in await office.told(RegistrantCancelled)}
    assert told == {awaiting.id: "webinar_cancelled", free.id: "webinar_cancelled"}
    assert [one.registrant_id for one in await office.told(HoldEnded)] == [awaiting.id]
    assert await office.seats_taken(webinar) == 1
    assert await office.seats_taken(gratis) == 0


async def test_many_registrants_of_a_cancelled_webinar_are_cancelled_in_rounds(
    office: Office,
) -> None:
    webinar = await office.schedule(**FREE, capacity=None)
    await office.execute(
        "INSERT INTO registrants (id, organization_id, webinar_id, status, holds_seat, name, "
        "email, email_key, locale, amount_minor, description_version, starts_at) "
        "SELECT gen_random_uuid(), organization_id, id, 'confirmed', true, 'n', 'e', 'e', 'en', "
        "0, 1, starts_at FROM webinars CROSS JOIN generate_series(1, 250) WHERE id = $1",
        UUID(webinar["id"]),
    )
    await office.execute("UPDATE webinars SET seats_taken = 250")
    await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel")

    rounds = [await office.workers.cancel_registrants() for _ in range(3)]

    assert rounds == [200, 50, 0]
    assert await office.seats_taken(webinar) == 0


async def test_a_webinar_that_somebody_paid_for_is_not_cancelled(office: Office) -> None:
    webinar = await office.schedule()
    await office.paid(webinar)

    reply = await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel")

    assert (reply.status, reply.code) == (409, "has_paid_registrants")

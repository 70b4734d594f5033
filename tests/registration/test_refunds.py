"""Refunds: who may ask for what, what payments answers, what becomes of the seat."""

from typing import Any
from uuid import uuid4

from shared.events import RefundRequested, RegistrantCancelled, RegistrantConfirmed
from tests.registration.office import (
    FREE,
    Office,
    Reply,
    fee_settled,
    new_key,
    payment_succeeded,
    refund_failed,
    refunded,
)


async def refund(
    office: Office, registrant_id: object, body: dict[str, Any], key: str | None = None
) -> Reply:
    return await office.organizer(
        "POST",
        f"/api/v1/registrants/{registrant_id}/refunds",
        body,
        Idempotency_Key=key or new_key(),
    )


async def test_a_part_keeps_seat_and_link(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)

    reply = await refund(office, registrant.id, {"amount_minor": 1900, "reason": "Started late"})

    assert (reply.status, reply.body["status"]) == (202, "requested")
    (asked,) = await office.told(RefundRequested)
    assert str(asked.refund_id) == reply.body["id"]
    assert (asked.amount_minor, asked.origin, asked.cause) == (1900, "organizer", "organizer")
    assert (asked.reason, asked.keep_seat) == ("Started late", False)
    assert (await office.registrant(registrant.id)).status == "confirmed"


async def test_a_message_goes_along_to_the_refunds_mail(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)

    await refund(office, registrant.id, {"message": " Sorry,\r\nwe are ill. "})
    too_long = await refund(office, registrant.id, {"message": "x" * 1001})

    (asked,) = await office.told(RefundRequested)
    assert (asked.message, asked.reason) == ("Sorry,\nwe are ill.", None)
    (told,) = await office.told(RegistrantCancelled)
    assert (told.cause, told.message) == ("refund", None)
    assert (too_long.status, too_long.fields) == (422, ["message"])


async def test_everything_is_the_cancellation(office: Office) -> None:
    webinar = await office.schedule()
    first, second = await office.paid(webinar), await office.paid(webinar)

    await refund(office, first.id, {})
    await refund(office, second.id, {"amount_minor": 4900})

    for registrant in (first, second):
        assert (await office.registrant(registrant.id)).status == "cancelled"
    assert await office.seats_taken(webinar) == 0
    assert [one.amount_minor for one in await office.told(RefundRequested)] == [None, 4900]
    told = await office.told(RegistrantCancelled)
    assert [(one.cause, one.refund_amount_minor) for one in told] == [("refund", 4900)] * 2


async def test_everything_with_the_seat_kept_cancels_nobody(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)

    reply = await refund(office, registrant.id, {"keep_seat": True})
    await office.deliver(refunded(registrant, 4900, refund_id=reply.body["id"], keep_seat=True))

    after = await office.registrant(registrant.id)
    assert (after.status, after.refunded_minor) == ("confirmed", 4900)
    assert await office.seats_taken(webinar) == 1


async def test_the_last_part_is_everything(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    first = await refund(office, registrant.id, {"amount_minor": 1900})
    await office.deliver(refunded(registrant, 1900, refund_id=first.body["id"]))

    await refund(office, registrant.id, {"amount_minor": 3000})

    assert (await office.registrant(registrant.id)).status == "cancelled"


async def test_no_more_than_is_left_can_be_asked_for(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)

    too_much = await refund(office, registrant.id, {"amount_minor": 4901})
    await refund(office, registrant.id, {"amount_minor": 4000})
    under_way = await refund(office, registrant.id, {"amount_minor": 1000})
    await refund(office, registrant.id, {"keep_seat": True})
    nothing = await refund(office, registrant.id, {})

    assert (too_much.status, too_much.fields) == (422, ["amount_minor"])
    assert (under_way.status, under_way.fields) == (422, ["amount_minor"])
    assert (nothing.status, nothing.code) == (409, "nothing_left")


async def test_a_failed_refund_may_be_asked_for_again(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    first = await refund(office, registrant.id, {"amount_minor": 4000})
    await office.deliver(refund_failed(registrant, 4000, refund_id=first.body["id"]))

    again = await refund(office, registrant.id, {"amount_minor": 4000})

    assert again.status == 202
    detail = await office.organizer("GET", f"/api/v1/registrants/{registrant.id}")
    assert [one["status"] for one in detail.body["refunds"]] == ["failed", "requested"]
    assert detail.body["refunds"][0]["failure_reason"] == "declined"


async def test_amounts_follow_the_step_of_the_currency(office: Office) -> None:
    webinar = await office.schedule(price_minor=5000, currency="ISK")
    registrant = await office.paid(webinar)

    reply = await refund(office, registrant.id, {"amount_minor": 150})

    assert (reply.status, reply.fields) == (422, ["amount_minor"])


async def test_where_nothing_was_paid_nothing_goes_back(office: Office) -> None:
    webinar, gratis = await office.schedule(), await office.schedule(**FREE)
    awaiting, free = await office.admitted(webinar), await office.admitted(gratis)

    replies = [await refund(office, one.id, {}) for one in (awaiting, free)]

    assert [(reply.status, reply.code) for reply in replies] == [(409, "nothing_paid")] * 2


async def test_a_cancelled_registrant_can_still_be_refunded(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    await office.organizer(
        "POST", f"/api/v1/registrants/{registrant.id}/cancel", {"refund": "none"}
    )

    reply = await refund(office, registrant.id, {})

    assert reply.status == 202
    assert len(await office.told(RegistrantCancelled)) == 1


async def test_the_same_key_is_one_refund(office: Office) -> None:
    webinar = await office.schedule()
    registrant, other = await office.paid(webinar), await office.paid(webinar)
    key = new_key()

    first = await refund(office, registrant.id, {"amount_minor": 1000}, key)
    again = await refund(office, registrant.id, {"amount_minor": 1000}, key)
    changed = await refund(office, registrant.id, {"amount_minor": 2000}, key)
    elsewhere = await refund(office, other.id, {"amount_minor": 1000}, key)

    assert again.body == first.body
    assert (changed.status, changed.code) == (422, "idempotency_key_reused")
    assert elsewhere.body["id"] != first.body["id"]
    assert len(await office.told(RefundRequested)) == 2


async def test_a_refund_needs_a_key_and_good_fields(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    path = f"/api/v1/registrants/{registrant.id}/refunds"

    without_key = await office.organizer("POST", path, {})
    bad = await refund(office, registrant.id, {"amount_minor": 0, "keep_seat": "yes", "reason": 7})

    assert (without_key.status, without_key.fields) == (422, ["Idempotency-Key"])
    assert (bad.status, bad.fields) == (422, ["amount_minor", "keep_seat", "reason"])


async def test_a_full_refund_in_the_dashboard_cancels(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)

    await office.deliver(refunded(registrant, 4900))

    after = await office.registrant(registrant.id)
    assert (after.status, after.refunded_minor) == ("cancelled", 4900)
    assert await office.seats_taken(webinar) == 0
    (told,) = await office.told(RegistrantCancelled)
    assert told.cause == "refund"
    detail = await office.organizer("GET", f"/api/v1/registrants/{registrant.id}")
    (shown,) = detail.body["refunds"]
    assert (shown["origin"], shown["status"], shown["amount_minor"]) == (
        "dashboard",
        "succeeded",
        4900,
    )


async def test_a_refund_that_fails_later_gives_no_seat_back(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    refund_id = uuid4()
    await office.deliver(refunded(registrant, 4900, refund_id=refund_id))

    await office.deliver(refund_failed(registrant, 4900, refund_id=refund_id, version=3))

    after = await office.registrant(registrant.id)
    assert (after.status, after.refunded_minor) == ("cancelled", 0)
    assert await office.seats_taken(webinar) == 0


async def test_only_newer_totals_are_stored(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    refund_id = uuid4()

    await office.deliver(
        refund_failed(registrant, 1900, refund_id=refund_id, version=5),
        refunded(registrant, 1900, refund_id=refund_id, version=4),
        fee_settled(registrant, version=2, net_minor=4728),
        fee_settled(registrant, version=1, net_minor=1),
    )

    after = await office.registrant(registrant.id)
    assert (after.refunded_minor, after.money_version) == (0, 5)
    assert after.net_minor == 4728
    detail = await office.organizer("GET", f"/api/v1/registrants/{registrant.id}")
    assert [one["status"] for one in detail.body["refunds"]] == ["failed"]


async def test_a_payment_after_its_full_refund_gives_no_seat_and_asks_for_nothing(
    office: Office,
) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)

    await office.deliver(refunded(registrant, 4900), payment_succeeded(registrant))

    assert (await office.registrant(registrant.id)).status == "cancelled"
    assert await office.seats_taken(webinar) == 0
    assert await office.told(RefundRequested) == []
    assert await office.told(RegistrantConfirmed) == []

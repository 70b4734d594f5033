"""Every journey of a registration, for a webinar and for a virtual event alike."""

import pytest

from shared.events import (
    HoldEnded,
    Kind,
    RefundRequested,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantCreated,
    RegistrantReleased,
    RegistrationRepeated,
    WebinarCancelled,
    WebinarScheduled,
    WebinarUpdated,
)
from tests.registration.office import (
    FREE,
    Office,
    checkout_expired,
    checkout_opened,
    fee_settled,
    new_key,
    payment_succeeded,
    refunded,
)


@pytest.mark.parametrize("kind", ["webinar", "virtual_event"])
async def test_every_journey_works_for_both_kinds(office: Office, kind: Kind) -> None:
    priced = await office.schedule(kind=kind, capacity=6)
    gratis = await office.schedule(kind=kind, **FREE)
    for webinar in (priced, gratis):
        assert webinar["kind"] == kind
        path = f"/api/v1/webinars/{webinar['id']}"
        assert (await office.call("GET", path)).body["kind"] == kind
        assert (await office.organizer("PATCH", path, {"title": "Renamed"})).status == 200

    # Registered for nothing, and registered again.
    free = await office.admitted(gratis, "free@example.org")
    await office.register(gratis, "free@example.org")
    assert free.status == "confirmed"
    # Paid in time, then refunded in part and in full.
    paid = await office.admitted(priced)
    await office.deliver(checkout_opened(paid), payment_succeeded(paid), fee_settled(paid))
    refund = await office.organizer(
        "POST",
        f"/api/v1/registrants/{paid.id}/refunds",
        {"amount_minor": 900},
        Idempotency_Key=new_key(),
    )
    await office.deliver(refunded(paid, 900, refund_id=refund.body["id"]))
    await office.deliver(refunded(paid, 4000, refunded_minor=4900, version=3))
    assert (await office.registrant(paid.id)).status == "cancelled"
    # Never paid.
    lapsed = await office.end_hold(await office.admitted(priced))
    await office.deliver(checkout_expired(lapsed))
    assert (await office.registrant(lapsed.id)).status == "released"
    # Cancelled by the registrant, by the organizer, and with the whole webinar.
    own = await office.paid(priced)
    token = office.links.manage_url(own.id).rsplit("/", 1)[1]
    assert (await office.call("POST", f"/api/v1/registrations/{token}/cancel")).status == 202
    gone = await office.paid(priced)
    assert (
        await office.organizer("POST", f"/api/v1/registrants/{gone.id}/cancel", {"refund": "full"})
    ).status == 202
    held = await office.admitted(priced)
    for webinar in (priced, gratis):
        path = f"/api/v1/webinars/{webinar['id']}/cancel"
        assert (await office.organizer("POST", path)).status == 200
    await office.workers.cancel_registrants()
    await office.deliver(checkout_expired(held, reason="cancelled"))

    assert await office.seats_taken(priced) == 0
    assert await office.seats_taken(gratis) == 0
    for event in (WebinarScheduled, WebinarUpdated, WebinarCancelled):
        assert {one.kind for one in await office.told(event)} == {kind}
    for about in (
        RegistrantCreated,
        RegistrantConfirmed,
        RegistrantReleased,
        RegistrantCancelled,
        RegistrationRepeated,
    ):
        assert {one.kind for one in await office.told(about)} == {kind}
    assert len(await office.told(HoldEnded)) == 2
    assert len(await office.told(RefundRequested)) == 3
    everybody = await office.organizer("GET", f"/api/v1/webinars/{priced['id']}/registrants")
    assert [one["status"] for one in everybody.body["registrants"]] == [
        "cancelled",
        "released",
        "cancelled",
        "cancelled",
        "cancelled",
    ]

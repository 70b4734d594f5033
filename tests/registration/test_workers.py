"""Workers: holds that end, questions asked again, two replicas at once."""

import asyncio

from services.registration.workers import Workers
from shared.events import HoldEnded
from tests.registration.office import Office, checkout_expired, payment_succeeded


async def test_a_hold_ends_at_its_time_and_not_before(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)

    early = await office.workers.end_due_holds()
    ended = await office.end_hold(registrant)

    assert early == 0
    assert (ended.status, ended.hold_end_reason, ended.holds_seat) == (
        "awaiting_payment",
        "lapsed",
        True,
    )
    (event,) = await office.told(HoldEnded)
    assert (event.registrant_id, event.reason) == (registrant.id, "lapsed")


async def test_two_replicas_end_each_hold_once(office: Office) -> None:
    webinar = await office.schedule(capacity=None)
    for _ in range(20):
        await office.admitted(webinar)
    await office.execute("UPDATE registrants SET pay_by = now() - interval '1 second'")
    replicas = [Workers(office.database, office.links) for _ in range(3)]

    done = await asyncio.gather(*(replica.end_due_holds() for replica in replicas))

    assert sum(done) == 20
    assert len({event.registrant_id for event in await office.told(HoldEnded)}) == 20
    assert len(await office.told(HoldEnded)) == 20


async def test_an_unanswered_hold_is_asked_about_hourly(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.end_hold(await office.admitted(webinar))

    too_early = await office.workers.repeat_unanswered()
    await office.execute("UPDATE registrants SET hold_repeat_at = now() - interval '1 second'")
    due = await office.workers.repeat_unanswered()
    again = await office.workers.repeat_unanswered()

    assert (too_early, due, again) == (0, 1, 0)
    first, second = await office.told(HoldEnded)
    assert first.event_id != second.event_id
    assert second.registrant_id == registrant.id


async def test_an_answered_hold_is_asked_about_no_more(office: Office) -> None:
    webinar = await office.schedule()
    paid = await office.end_hold(await office.admitted(webinar))
    unpaid = await office.end_hold(await office.admitted(webinar))
    await office.deliver(payment_succeeded(paid), checkout_expired(unpaid))
    await office.execute("UPDATE registrants SET hold_repeat_at = now() - interval '1 second'")

    assert await office.workers.repeat_unanswered() == 0


async def test_an_unanswered_hold_is_an_exception_after_an_hour(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.end_hold(await office.admitted(webinar))
    path = "/api/v1/exceptions"
    assert (await office.organizer("GET", path)).body["exceptions"] == []

    await office.execute("UPDATE registrants SET hold_ended_at = now() - interval '61 minutes'")

    (shown,) = (await office.organizer("GET", path)).body["exceptions"]
    assert (shown["kind"], shown["registrant_id"]) == ("hold_unanswered", str(registrant.id))
    assert shown["what_to_do"]
    assert shown["webinar_id"] == webinar["id"]

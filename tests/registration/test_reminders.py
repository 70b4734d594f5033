"""Reminders: once, in time, to whom they still help."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registration.registrants import Registrant
from services.registration.reminding import Reminding
from services.registration.store import reminders
from shared.events import PaymentFailed, PaymentProcessing, RegistrantMailRequested
from tests.registration.office import FREE, Office, checkout_opened, payment_succeeded
from tests.registration.test_messages import write_words


def reminding(office: Office) -> Reminding:
    return Reminding(office.database, office.links)


async def hold(
    office: Office, webinar: dict[str, Any], *, minutes: float, left: float
) -> Registrant:
    """Someone whose seat is held for so many minutes, of which so many are left."""
    registrant = await office.admitted(webinar)
    await office.execute(
        "UPDATE registrants SET pay_by = now() + $2 * interval '1 minute', "
        "created_at = now() + ($2 - $3::float8) * interval '1 minute' WHERE id = $1",
        registrant.id,
        left,
        minutes,
    )
    return registrant


async def reminded(office: Office) -> list[UUID]:
    return [event.registrant_id for event in await office.told(RegistrantMailRequested)]


async def test_a_hold_that_is_about_to_end_is_reminded_of_once(office: Office) -> None:
    await write_words(office, payment_due="Come, {name}")
    webinar = await office.schedule()
    await hold(office, webinar, minutes=15, left=6)
    due = await hold(office, webinar, minutes=15, left=4.5)
    rounds = reminding(office)

    done = await asyncio.gather(*(rounds.remind_of_payments() for _ in range(3)))
    await rounds.remind_of_payments()

    assert sum(done) == 1
    (event,) = await office.told(RegistrantMailRequested)
    assert (event.mail, event.registrant_id) == ("payment_due", due.id)
    assert event.own_words == "Come, {name}"
    assert event.join_url is None
    assert event.pay_by == (await office.registrant(due.id)).pay_by


async def test_a_replica_that_looked_too_early_reminds_nobody_twice(office: Office) -> None:
    await hold(office, await office.schedule(), minutes=15, left=4)
    async with office.database.transaction() as connection:
        seen = await reminders.lock_payments_due(connection, 10)
    await reminding(office).remind_of_payments()

    async with office.database.transaction() as connection:
        claimed = await reminders.claim_payments(connection, seen)

    assert len(seen) == 1
    assert claimed == []


@pytest.mark.parametrize(
    ("minutes", "left", "is_reminded"),
    [
        (9, 4, False),  # Over before a mail is read.
        (15, 0.5, False),
        (15, -1, False),
        (36, 11, True),  # The last third.
        (36, 13, False),
        (120, 29, True),  # But no more than half an hour.
        (120, 31, False),
    ],
)
async def test_the_reminder_comes_when_it_helps(
    office: Office, minutes: float, left: float, is_reminded: bool
) -> None:
    await hold(office, await office.schedule(), minutes=minutes, left=left)

    assert await reminding(office).remind_of_payments() == int(is_reminded)


async def test_who_has_paid_or_went_to_pay_is_not_reminded(office: Office) -> None:
    webinar = await office.schedule()
    paid = await hold(office, webinar, minutes=15, left=4)
    await office.deliver(payment_succeeded(paid))
    paying = await hold(office, webinar, minutes=15, left=4)
    # The checkout lasts longer than the hold: its own end is reminded of.
    await office.deliver(checkout_opened(paying))

    assert await reminding(office).remind_of_payments() == 0


async def test_nobody_is_asked_to_pay_while_their_payment_is_processing(office: Office) -> None:
    webinar = await office.schedule()
    payer = await hold(office, webinar, minutes=15, left=4)
    about = {
        "organization_id": payer.organization_id,
        "registrant_id": payer.id,
        "webinar_id": payer.webinar_id,
        "payment_id": uuid4(),
    }
    now = datetime.now(UTC)
    earlier = PaymentFailed(**about, occurred_at=now - timedelta(minutes=1))
    later = PaymentFailed(**about, occurred_at=now + timedelta(minutes=1))

    await office.deliver(PaymentProcessing(**about, occurred_at=now), earlier)
    assert await reminding(office).remind_of_payments() == 0

    await office.deliver(later)
    assert await reminding(office).remind_of_payments() == 1
    await office.deliver(PaymentProcessing(**about), PaymentFailed(**about))
    assert await reminding(office).remind_of_payments() == 0


async def switch_off(office: Office, mail: str) -> None:
    await office.execute(
        "INSERT INTO messages (organization_id, mail, is_off) VALUES ($1, $2, true)",
        office.organization_id,
        mail,
    )


async def test_an_organization_may_do_without_reminders(office: Office) -> None:
    await hold(office, await office.schedule(), minutes=15, left=4)
    await seat(office, await soon(office), hours_ago=30)
    await switch_off(office, "payment_due")
    await switch_off(office, "starts_soon")

    await reminding(office).remind_of_payments()
    await reminding(office).remind_of_starts()

    assert await reminded(office) == []


async def soon(office: Office, *, hours: float = 23, **fields: Any) -> dict[str, Any]:
    """A free webinar that starts in so many hours and was made long ago."""
    start = datetime.now(UTC) + timedelta(hours=hours)
    webinar = await office.schedule(**FREE, starts_at=start.isoformat(), capacity=None, **fields)
    await office.execute(
        "UPDATE webinars SET created_at = now() - interval '1 month' WHERE id = $1",
        UUID(webinar["id"]),
    )
    return webinar


async def seat(office: Office, webinar: dict[str, Any], *, hours_ago: float) -> Registrant:
    """A seat that was confirmed so many hours ago."""
    registrant = await office.admitted(webinar)
    await office.execute(
        "UPDATE registrants SET confirmed_at = now() - $2 * interval '1 hour' WHERE id = $1",
        registrant.id,
        hours_ago,
    )
    return registrant


async def test_a_day_before_the_start_those_who_registered_earlier_are_reminded_once(
    office: Office,
) -> None:
    webinar = await soon(office)
    early = await seat(office, webinar, hours_ago=2)
    await seat(office, webinar, hours_ago=0.5)
    gone = await seat(office, webinar, hours_ago=30)
    await office.organizer("POST", f"/api/v1/registrants/{gone.id}/cancel", {})
    await seat(office, await soon(office, hours=25), hours_ago=30)
    await seat(office, await soon(office, hours=1), hours_ago=30)
    rounds = reminding(office)

    await asyncio.gather(*(rounds.remind_of_starts() for _ in range(3)))
    await rounds.remind_of_starts()

    events = await office.told(RegistrantMailRequested)
    assert [one.registrant_id for one in events if one.webinar_id == early.webinar_id] == [early.id]
    assert {one.mail for one in events} == {"starts_soon"}
    assert all(one.join_url for one in events)
    assert len(events) == 2


async def test_many_are_reminded_in_rounds(office: Office) -> None:
    webinar = await soon(office)
    for _ in range(5):
        await seat(office, webinar, hours_ago=30)
    other = await seat(office, await soon(office), hours_ago=30)
    rounds = Reminding(office.database, office.links, starts_per_round=2)

    counts = []
    for _ in range(5):
        await rounds.remind_of_starts()
        counts.append(len(await reminded(office)))

    assert counts[:2] == [2, 4]
    assert counts[-1] == 6
    assert other.id in await reminded(office)
    told = await reminded(office)
    assert len(told) == len(set(told)) == 6


async def test_a_start_that_moved_is_reminded_of_again_unless_they_have_just_heard(
    office: Office,
) -> None:
    webinar = await soon(office, hours=20)
    early = await seat(office, webinar, hours_ago=30)
    rounds = reminding(office)
    await rounds.remind_of_starts()
    path = f"/api/v1/webinars/{webinar['id']}"

    sooner = datetime.now(UTC) + timedelta(hours=10)
    await office.organizer("PATCH", path, {"starts_at": sooner.isoformat()})
    await rounds.remind_of_starts()
    assert await reminded(office) == [early.id]

    await office.execute("UPDATE reschedulings SET created_at = now() - interval '3 days'")
    other = datetime.now(UTC) + timedelta(hours=15)
    await office.execute(
        "UPDATE webinars SET starts_at = $2 WHERE id = $1", UUID(webinar["id"]), other
    )
    await rounds.remind_of_starts()
    first, second = await office.told(RegistrantMailRequested)
    assert first.cause != second.cause
    assert second.starts_at == other

"""A moved start: who hears of it, once, and what they may choose."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.registration.rescheduling import Rescheduling, reschedule
from services.registration.workers import ROWS_PER_ROUND, Workers
from shared.events import RefundRequested, RegistrantMailRequested
from tests.registration.office import FREE, Office, Reply, checkout_expired

FIRST = datetime(2030, 5, 6, 16, 0, tzinfo=UTC)
ORGANIZATION_ID, WEBINAR_ID = uuid4(), uuid4()


def waiting(after: int, last: int) -> Rescheduling:
    earlier = FIRST - timedelta(days=7)
    return Rescheduling(uuid4(), ORGANIZATION_ID, WEBINAR_ID, earlier, after, last)


def ranges(untold: list[Rescheduling], last_number: int) -> list[tuple[int, int]]:
    added = reschedule(ORGANIZATION_ID, WEBINAR_ID, FIRST, untold, last_number)
    assert all(one.previous_starts_at == FIRST for one in added)
    return [(one.after_number, one.last_number) for one in added]


async def move(office: Office, webinar: dict[str, Any], to: datetime, **more: Any) -> Reply:
    body = {"starts_at": to.isoformat()} | more
    reply = await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", body)
    assert reply.status == 200, reply.body
    return reply


async def tell_all(office: Office) -> list[RegistrantMailRequested]:
    while await office.workers.tell_new_starts():
        pass
    return await office.told(RegistrantMailRequested)


def test_everybody_hears_of_a_first_move() -> None:
    assert ranges([], 0) == []
    assert ranges([], 70) == [(0, 70)]


def test_those_who_wait_for_an_earlier_move_are_told_once() -> None:
    assert ranges([waiting(20, 50)], 70) == [(0, 20), (50, 70)]
    assert ranges([waiting(0, 70)], 70) == []
    assert ranges([waiting(60, 70), waiting(0, 10)], 90) == [(10, 60), (70, 90)]


async def test_awaiting_and_confirmed_registrants_hear_the_old_and_the_new_start(
    office: Office,
) -> None:
    webinar = await office.schedule()
    paid = await office.paid(webinar)
    awaiting = await office.admitted(webinar)
    gone = await office.end_hold(await office.admitted(webinar))
    await office.deliver(checkout_expired(gone))
    old = datetime.fromisoformat(webinar["starts_at"])
    new = old + timedelta(days=2)

    await move(office, webinar, new)
    told = await tell_all(office)

    assert [one.registrant_id for one in told] == [paid.id, awaiting.id]
    assert {one.mail for one in told} == {"rescheduled"}
    assert {(one.previous_starts_at, one.starts_at) for one in told} == {(old, new)}
    assert {one.sequence for one in told} == {one.version + 2 for one in told}
    assert [one.join_url is None for one in told] == [False, True]
    assert {one.refund_until for one in told} == {None}


async def test_whoever_registers_after_the_move_hears_nothing(office: Office) -> None:
    webinar = await office.schedule(**FREE)
    new = datetime.fromisoformat(webinar["starts_at"]) + timedelta(days=2)

    await move(office, webinar, new)
    await office.admitted(webinar)

    assert await tell_all(office) == []


async def test_a_title_or_a_length_is_no_move(office: Office) -> None:
    webinar = await office.schedule(**FREE)
    await office.admitted(webinar)

    body = {"title": "Bread again", "duration_minutes": 30, "starts_at": webinar["starts_at"]}
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", body)

    assert await tell_all(office) == []


async def test_a_second_move_is_told_from_the_start_that_each_one_knows(office: Office) -> None:
    webinar = await office.schedule(**FREE)
    first = await office.admitted(webinar)
    old = datetime.fromisoformat(webinar["starts_at"])
    middle, new = old + timedelta(days=1), old + timedelta(days=2)
    await move(office, webinar, middle)
    second = await office.admitted(webinar)

    await move(office, webinar, new)
    told = await tell_all(office)

    assert {one.registrant_id: one.previous_starts_at for one in told} == {
        first.id: old,
        second.id: middle,
    }
    assert {one.starts_at for one in told} == {new}


async def test_a_move_there_and_back_again_before_anybody_heard_is_not_told(
    office: Office,
) -> None:
    webinar = await office.schedule(**FREE)
    await office.admitted(webinar)
    old = datetime.fromisoformat(webinar["starts_at"])

    await move(office, webinar, old + timedelta(days=1))
    await move(office, webinar, old)

    assert await tell_all(office) == []


async def test_two_moves_that_were_told_raise_the_sequence(office: Office) -> None:
    webinar = await office.schedule(**FREE)
    await office.admitted(webinar)
    old = datetime.fromisoformat(webinar["starts_at"])

    await move(office, webinar, old + timedelta(days=1))
    await tell_all(office)
    await move(office, webinar, old)
    first, second = await tell_all(office)

    assert first.sequence < second.sequence
    assert first.cause != second.cause
    assert second.starts_at == old


async def test_many_are_told_in_rounds_by_any_number_of_replicas(office: Office) -> None:
    webinar = await office.schedule(**FREE, capacity=None)
    count = ROWS_PER_ROUND + 20
    pattern = await office.admitted(webinar)
    columns = (
        "organization_id, webinar_id, status, holds_seat, name, locale, amount_minor, "
        "description_version, starts_at"
    )
    await office.execute(
        f"INSERT INTO registrants (id, email, email_key, {columns}) "
        f"SELECT gen_random_uuid(), n || '@example.org', n || '@example.org', {columns} "
        "FROM registrants, generate_series(2, $2::int) n WHERE id = $1",
        pattern.id,
        count,
    )
    await move(office, webinar, datetime.fromisoformat(webinar["starts_at"]) + timedelta(days=1))
    replicas = [Workers(office.database, office.links) for _ in range(3)]

    first_round = await office.workers.tell_new_starts()
    while any(await asyncio.gather(*(replica.tell_new_starts() for replica in replicas))):
        pass

    assert first_round == ROWS_PER_ROUND
    told = await office.told(RegistrantMailRequested)
    assert len(told) == len({one.registrant_id for one in told}) == count


async def test_a_cancelled_webinar_tells_no_new_start(office: Office) -> None:
    webinar = await office.schedule(**FREE)
    await office.admitted(webinar)
    await move(office, webinar, datetime.fromisoformat(webinar["starts_at"]) + timedelta(days=1))

    await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel")

    assert await tell_all(office) == []


async def test_a_granted_choice_gives_everything_back_until_its_time(office: Office) -> None:
    webinar = await office.schedule(refund_policy={"kind": "none"})
    chooser, late = await office.paid(webinar), await office.paid(webinar)
    until = datetime.now(UTC) + timedelta(days=3)
    new = datetime.fromisoformat(webinar["starts_at"]) + timedelta(days=1)

    reply = await move(office, webinar, new, refund_until=until.isoformat())
    told = await tell_all(office)
    newcomer = await office.paid(webinar)
    await _cancel_own(office, chooser.id)
    await _cancel_own(office, newcomer.id)
    await office.execute("UPDATE webinars SET refund_until = now() - interval '1 second'")
    await _cancel_own(office, late.id)

    assert datetime.fromisoformat(reply.body["refund_until"]) == until
    assert {one.refund_until for one in told} == {until}
    (refund,) = await office.told(RefundRequested)
    assert (refund.registrant_id, refund.amount_minor) == (chooser.id, None)
    assert refund.cause == "policy"


async def test_a_later_move_without_the_choice_takes_none_away(office: Office) -> None:
    webinar = await office.schedule(refund_policy={"kind": "none"})
    paid = await office.paid(webinar)
    new = datetime.fromisoformat(webinar["starts_at"]) + timedelta(days=1)
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    await move(office, webinar, new, refund_until=until)

    await move(office, webinar, new + timedelta(days=1))
    await _cancel_own(office, paid.id)

    (refund,) = await office.told(RefundRequested)
    assert refund.registrant_id == paid.id


async def test_a_choice_needs_a_moved_start_and_a_time_before_it(office: Office) -> None:
    webinar = await office.schedule()
    starts_at = datetime.fromisoformat(webinar["starts_at"])
    new, now = starts_at + timedelta(days=1), datetime.now(UTC)
    tries = [
        {"refund_until": (now + timedelta(days=1)).isoformat()},
        {"starts_at": new.isoformat(), "refund_until": (now - timedelta(1)).isoformat()},
        {"starts_at": new.isoformat(), "refund_until": (new + timedelta(1)).isoformat()},
    ]

    path = f"/api/v1/webinars/{webinar['id']}"
    replies = [await office.organizer("PATCH", path, body) for body in tries]

    assert [reply.status for reply in replies] == [422, 422, 422]
    assert {field for reply in replies for field in reply.fields} == {"refund_until"}


async def _cancel_own(office: Office, registrant_id: UUID) -> None:
    token = office.links.manage_url(registrant_id).rsplit("/", 1)[1]
    assert (await office.call("POST", f"/api/v1/registrations/{token}/cancel")).status == 202

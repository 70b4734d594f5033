"""Events become mails: once, in any order, and only while they are true."""

import asyncio
from itertools import permutations
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deploy.local.mailbox.faults import Fault, Stage
from shared.events import Event
from tests.notifications.builders import (
    Notifications,
    cancelled,
    confirmed,
    notifications,
    part,
    read,
    refund_failed,
    refunded,
    refunded_in_full,
    released,
    repeated,
    running,
)


async def test_a_redelivered_event_is_one_mail(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        event = confirmed()

        await asyncio.gather(*(service.receive(event) for _ in range(10)))
        # Published again under another id, as after a restored backup.
        await service.receive(confirmed(version=2))

        assert len(await service.mails()) == 1


async def test_what_is_stored_is_what_is_sent(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        event = confirmed()
        await service.receive(event)

        (mail,) = await service.mails()

        assert mail["recipient"] == event.email
        assert mail["organization_id"] == event.organization_id
        assert read(mail["content"])["Message-ID"] == mail["message_id"]
        assert mail["message_id"] == f"<confirmation.{event.registrant_id}@example.org>"
        async with running(service.delivery):
            await service.settled()
        assert service.received() == [mail["content"]]


async def test_each_refund_and_each_repetition_is_a_mail_of_its_own(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(
            confirmed(),
            repeated(),
            repeated(),
            refunded(refund_id=UUID(int=7)),
            refunded(refund_id=UUID(int=8), version=3),
        )

        kinds = [mail["kind"] for mail in await service.mails()]
        ids = [mail["message_id"] for mail in await service.mails()]

        assert kinds == ["confirmation", "refund", "refund", "repeated", "repeated"]
        assert len(set(ids)) == 5


async def test_no_confirmation_after_a_newer_cancellation(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(cancelled(version=3), confirmed(version=2))

        assert await service.states() == {"cancelled": "queued"}


async def test_a_confirmation_that_was_not_sent_yet_is_withdrawn_by_a_cancellation(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed(), cancelled(notify=False))

        assert await service.states() == {"confirmation": "withdrawn"}


async def test_a_repeated_registration_that_is_heard_of_first_keeps_no_confirmation_back(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(repeated(version=2, status="confirmed"), confirmed(version=2))

        assert await service.states() == {"repeated": "queued", "confirmation": "queued"}


async def test_a_late_payer_is_not_told_that_the_seat_is_gone(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(released(version=2), confirmed(version=3))
        assert await service.states() == {"released": "withdrawn", "confirmation": "queued"}

        other = uuid4()
        await service.receive(
            confirmed(version=3, registrant_id=other), released(version=2, registrant_id=other)
        )

        async with service.database.connection() as connection:
            kinds = await connection.fetch("SELECT kind FROM mails WHERE registrant_id = $1", other)
        assert [row["kind"] for row in kinds] == ["confirmation"]


async def test_a_seat_that_was_given_up_otherwise_than_by_lapse_is_no_mail(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(released(reason="superseded"))

        assert await service.mails() == []


async def test_a_refund_waits_for_the_address_and_is_not_lost(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        await service.receive(refunded())
        assert await service.states() == {"refund": "waiting"}

        event = confirmed()
        await service.receive(event)

        assert await service.settled() == {"confirmation": "sent", "refund": "sent"}
        assert [read(raw)["To"] for raw in service.received()] == [event.email] * 2


async def test_whoever_comes_first_of_refund_and_address_the_mail_is_written(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        for number in range(20):
            registrant_id = UUID(int=1000 + number)
            await asyncio.gather(
                service.receive(
                    refunded(registrant_id=registrant_id, refund_id=UUID(int=2000 + number))
                ),
                service.receive(confirmed(registrant_id=registrant_id)),
            )

        mails = await service.mails()
        assert [mail["state"] for mail in mails] == ["queued"] * 40


async def test_a_quiet_refund_is_no_mail_and_neither_is_its_failure(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed(), refunded(notify=False), refund_failed())

        states = await service.states()
        assert states == {"confirmation": "queued", "refund_failed": "waiting"}


async def test_a_refund_that_never_succeeded_is_no_mail(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        await service.receive(confirmed(), refund_failed(failure_reason="nothing_left"))

        assert (await service.settled())["refund_failed"] == "waiting"
        assert len(service.received()) == 1


async def test_who_could_not_be_told_of_a_refund_is_not_told_that_it_failed(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        service.mailbox.faults.waiting.append(Fault(at=Stage.RCPT, code=550, times=2))
        await service.receive(confirmed(), refunded())
        await service.settled()

        await service.receive(refund_failed())

        assert await service.settled() == {"confirmation": "failed", "refund": "failed"}


async def test_a_refund_that_takes_the_seat_keeps_any_confirmation_back(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed(), refunded_in_full())
        assert await service.states() == {"confirmation": "withdrawn", "refund": "queued"}

        other = uuid4()
        await service.receive(
            refunded_in_full(registrant_id=other, refund_id=uuid4(), notify=False),
            confirmed(registrant_id=other),
        )
        assert len(await service.mails()) == 2


async def test_who_has_a_calendar_entry_gets_the_file_that_takes_it_out(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        await service.receive(confirmed())
        await service.settled()

        await service.receive(cancelled())
        await service.settled()

        confirmation, cancellation = map(read, service.received())
        assert "METHOD:PUBLISH" in part(confirmation, "text/calendar")
        assert "METHOD:CANCEL" in part(cancellation, "text/calendar")


@pytest.mark.parametrize("cause", ["refund", "registrant"])
async def test_the_mails_are_the_same_in_whatever_order_the_events_come(
    postgres_url: str, tmp_path: Path, cause: str
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        for number, order in enumerate(permutations(range(4))):
            registrant_id, refund_id = UUID(int=1000 + number), UUID(int=2000 + number)
            events: list[Event] = [
                confirmed(registrant_id=registrant_id, version=2),
                cancelled(registrant_id=registrant_id, version=3, cause=cause),
                refunded_in_full(registrant_id=registrant_id, refund_id=refund_id, version=2),
                refund_failed(registrant_id=registrant_id, refund_id=refund_id, version=3),
            ]
            await service.receive(*(events[at] for at in order))

            told = {"refund", "refund_failed"} | ({"cancelled"} if cause == "registrant" else set())
            assert await _queued(service, registrant_id) == told, order


async def _queued(service: Notifications, registrant_id: UUID) -> set[str]:
    """What will be sent to a registrant."""
    async with service.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT kind FROM mails WHERE registrant_id = $1 AND state = 'queued'", registrant_id
        )
    return {row["kind"] for row in rows}


async def test_delivered_as_they_come_the_mails_never_contradict_each_other(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        for number, order in enumerate(permutations(range(4))):
            registrant_id, refund_id = UUID(int=1000 + number), UUID(int=2000 + number)
            address = f"ana{number}@example.net"
            facts = {"registrant_id": registrant_id, "email": address}
            refund_facts = {"registrant_id": registrant_id, "refund_id": refund_id}
            events: list[Event] = [
                confirmed(version=2, **facts),
                cancelled(version=3, cause="refund", **facts),
                refunded_in_full(version=2, **refund_facts),
                refund_failed(version=3, **refund_facts),
            ]
            for at in order:
                await service.receive(events[at])
                await service.settled()

        for number, order in enumerate(permutations(range(4))):
            kinds = [
                str(read(mail.raw)["Message-ID"]).lstrip("<").split(".")[0]
                for mail in service.mailbox.mails.find(to=f"ana{number}@example.net")
            ]
            assert kinds[-2:] == ["refund", "refund_failed"], order
            assert kinds[:-2] in ([], ["confirmation"]), order

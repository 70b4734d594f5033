"""Mails that were asked for: to registrants while they are true, to people who sign in."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar as CalendarFile

from deploy.local.mailbox.faults import Fault, Stage
from services.notifications import store
from shared.events import EmailFailed, EmailSent, PaymentProcessing
from tests.notifications.builders import (
    REGISTRANT_ID,
    account_mail,
    cancelled,
    confirmed,
    notifications,
    part,
    payment_due,
    read,
    refunded_in_full,
    released,
    requested,
    running,
)


def soon() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)


async def test_a_redelivered_request_is_one_mail_and_another_cause_is_another(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())
        event = requested("rescheduled", cause="moved-4")

        await asyncio.gather(*(service.receive(event) for _ in range(5)))
        await service.receive(event.model_copy(update={"event_id": uuid4()}))
        assert await service.states() == {"confirmation": "queued", "rescheduled": "queued"}

        await service.receive(requested("rescheduled", cause="moved-5", sequence=5))
        mails = [mail for mail in await service.mails() if mail["kind"] == "rescheduled"]
        assert sorted(mail["state"] for mail in mails) == ["queued", "withdrawn"]


async def test_each_registrants_mail_of_one_cause_has_its_own_message_id(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(
            requested("starts_soon"), requested("starts_soon", registrant_id=uuid4())
        )

        assert len({mail["message_id"] for mail in await service.mails()}) == 2


async def test_a_changed_start_moves_the_calendars_entry(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        start = soon()
        await service.receive(
            confirmed(starts_at=start, sequence=3),
            requested(
                "rescheduled",
                starts_at=start + timedelta(days=1),
                previous_starts_at=start,
                sequence=4,
            ),
        )
        await service.settled()
        await service.receive(cancelled(version=3, sequence=6, starts_at=start + timedelta(days=1)))
        await service.settled()

        entries = [
            CalendarFile.from_ical(part(read(raw), "text/calendar")) for raw in service.received()
        ]
        assert [entry["METHOD"] for entry in entries] == ["PUBLISH", "PUBLISH", "CANCEL"]
        events = [entry.walk("VEVENT")[0] for entry in entries]
        assert {event["UID"] for event in events} == {f"{REGISTRANT_ID}@taquilla"}
        assert [event["SEQUENCE"] for event in events] == [3, 4, 6]
        assert events[1].decoded("DTSTART") == start + timedelta(days=1)


async def test_a_refund_after_a_changed_start_speaks_of_the_new_one(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        moved = requested("rescheduled", starts_at=soon() + timedelta(days=30))
        await service.receive(confirmed(starts_at=soon(), sequence=3), moved, refunded_in_full())

        (refund,) = [mail for mail in await service.mails() if mail["kind"] == "refund"]
        title_and_day = part(read(refund["content"]), "text/plain")
        day = moved.starts_at.astimezone(ZoneInfo(moved.time_zone)).day
        assert f"{day} " in title_and_day.split("Price your work")[1][:40]


async def test_of_two_changes_that_come_in_the_wrong_order_only_the_later_is_told(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(
            requested("rescheduled", cause="second", sequence=5),
            requested("rescheduled", cause="first", sequence=4),
            requested("starts_soon", cause="of the old time", sequence=4),
        )

        assert [mail["cause"] for mail in await service.mails()] == ["second"]


async def test_a_reminder_of_the_old_time_is_withdrawn_by_the_new_one(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(
            requested("starts_soon", sequence=3), requested("rescheduled", sequence=4)
        )

        assert await service.states() == {"starts_soon": "withdrawn", "rescheduled": "queued"}


@pytest.mark.parametrize("end", [confirmed(), released(), cancelled(notify=False)])
async def test_nobody_is_reminded_of_a_payment_that_is_not_awaited_any_more(
    postgres_url: str, tmp_path: Path, end: object
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        assert isinstance(end, type(confirmed()) | type(released()) | type(cancelled()))
        await service.receive(payment_due(), end)
        assert (await service.states())["payment_due"] == "withdrawn"

        other = uuid4()
        await service.receive(
            end.model_copy(update={"registrant_id": other, "event_id": uuid4()}),
            payment_due(registrant_id=other),
        )
        kinds = {mail["kind"] for mail in await service.mails() if mail["registrant_id"] == other}
        assert "payment_due" not in kinds


async def test_nobody_is_asked_to_pay_while_their_payment_is_processing(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        event = payment_due()
        processing = PaymentProcessing(
            organization_id=event.organization_id,
            payment_id=uuid4(),
            registrant_id=event.registrant_id,
            webinar_id=event.webinar_id,
        )

        await service.receive(event, processing)

        assert await service.states() == {"payment_due": "withdrawn"}


async def test_who_is_out_is_reminded_of_nothing(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(
            requested("starts_soon"),
            requested("rescheduled"),
            cancelled(notify=False),
            requested("starts_soon", cause="again"),
            requested("confirmation", cause="again"),
        )
        assert set((await service.states()).values()) == {"withdrawn"}

        other = uuid4()
        await service.receive(
            confirmed(registrant_id=other),
            refunded_in_full(registrant_id=other, notify=False, refund_id=uuid4()),
            requested("starts_soon", registrant_id=other),
        )
        assert "starts_soon" not in {
            mail["kind"] for mail in await service.mails() if mail["registrant_id"] == other
        }


async def test_a_mail_that_comes_too_late_to_be_of_use_is_not_sent(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await service.receive(
            payment_due(pay_by=past),
            requested("starts_soon", registrant_id=uuid4(), starts_at=past),
            account_mail(expires_at=past),
            requested("starts_soon", registrant_id=uuid4(), starts_at=soon()),
        )

        async with running(service.delivery):
            await store.withdraw_late(service.database)
            await service.settled()

        assert len(service.received()) == 1
        states = sorted(mail["state"] for mail in await service.mails())
        assert states == ["sent", "withdrawn", "withdrawn", "withdrawn"]


async def test_a_confirmation_goes_again_to_the_corrected_address_and_not_to_the_wrong_one(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(
            confirmed(email="wrong@example.net"),
            requested("confirmation", cause="corrected-3", version=3, email="ana@example.org"),
        )

        async with running(service.delivery):
            await service.settled()

        (raw,) = service.received()
        assert read(raw)["To"] == "ana@example.org"
        assert "Bring" in part(read(raw), "text/plain")


async def test_a_confirmation_that_comes_after_the_correction_is_not_sent(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(
            requested("confirmation", cause="corrected-3", version=3),
            confirmed(email="wrong@example.net"),
        )

        assert [mail["recipient"] for mail in await service.mails()] == ["ana@example.net"]


async def test_a_confirmation_that_comes_after_a_new_time_is_sent_all_the_same(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        new = soon() + timedelta(days=30)
        await service.receive(
            requested("rescheduled", sequence=4, starts_at=new),
            confirmed(sequence=3, starts_at=soon()),
        )

        assert await service.states() == {"confirmation": "queued", "rescheduled": "queued"}
        confirmation = next(
            read(mail["content"])
            for mail in await service.mails()
            if mail["kind"] == "confirmation"
        )
        # It speaks of the time that is known by now.
        entry = CalendarFile.from_ical(part(confirmation, "text/calendar")).walk("VEVENT")[0]
        assert (entry["SEQUENCE"], entry.decoded("DTSTART")) == (4, new)


async def test_an_invitation_is_sent_once_and_its_secret_is_not_kept(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        event = account_mail()
        await asyncio.gather(*(service.receive(event) for _ in range(5)))
        await service.receive(account_mail(kind="password_reset"))

        async with running(service.delivery):
            await service.settled()

        assert len(service.received()) == 2
        assert [mail["content"] for mail in await service.mails()] == [None, None]
        told = await service.published()
        assert {type(event) for event in told} == {EmailSent}
        assert {event.registrant_id for event in told if isinstance(event, EmailSent)} == {None}


async def test_an_invitation_that_is_refused_is_told_of_and_its_secret_is_not_kept(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.RCPT, code=550))
        await service.receive(account_mail())

        async with running(service.delivery):
            assert await service.settled() == {"invitation": "failed"}

        (mail,) = await service.mails()
        assert mail["content"] is None
        (failure,) = await service.published()
        assert isinstance(failure, EmailFailed)
        assert failure.organization_id == UUID(int=1)

"""Mails to a whole webinar let others pass, and still go out."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.mailbox.faults import Fault, Stage
from shared.events import Event
from tests.notifications.builders import (
    Notifications,
    account_mail,
    cancelled,
    confirmed,
    notifications,
    payment_due,
    read,
    refunded,
    requested,
    running,
)
from tests.waiting import eventually

LATER = datetime.now(UTC) + timedelta(days=2)
MOVED, CONFIRMED = "moved@example.net", "confirmed@example.net"


def to_many(count: int) -> Iterator[Event]:
    """A webinar is moved, and everybody is told."""
    return (
        requested("rescheduled", registrant_id=uuid4(), email=MOVED, starts_at=LATER)
        for _ in range(count)
    )


def sent_to(service: Notifications) -> list[str]:
    """Whom mails went to, in the order in which the server took them."""
    return [str(read(raw)["To"]) for raw in service.received()]


async def test_what_somebody_waits_for_is_sent_before_what_went_to_many(
    postgres_url: str, tmp_path: Path
) -> None:
    # One connection: what is sent at the same time has no order.
    async with notifications(postgres_url, tmp_path, connections=1) as service:
        await asyncio.gather(*(service.receive(event) for event in to_many(50)))
        await service.receive(confirmed(email=CONFIRMED), account_mail(email="bo@example.net"))

        async with running(service.delivery):
            await service.settled()

        assert sent_to(service)[:2] == [CONFIRMED, "bo@example.net"]
        assert sent_to(service)[2:] == [MOVED] * 50


async def test_what_comes_while_many_are_being_sent_overtakes_those_that_wait(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path, connections=1) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.MESSAGE, delay_seconds=0.3))
        await asyncio.gather(*(service.receive(event) for event in to_many(50)))

        async with running(service.delivery):
            await eventually(lambda: not service.mailbox.faults.waiting)
            await service.receive(confirmed(email=CONFIRMED))
            await service.settled()

        # Behind those only that had been taken up before it came.
        assert 0 < sent_to(service).index(CONFIRMED) < 8


async def test_mails_to_many_go_on_while_others_come(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path, connections=1) as service:
        others = (confirmed(registrant_id=uuid4(), email=CONFIRMED) for _ in range(40))
        await asyncio.gather(*(service.receive(event) for event in (*others, *to_many(5))))

        async with running(service.delivery):
            await service.settled()

        order = sent_to(service)
        assert order[0] == CONFIRMED
        assert MOVED in order[:8]
        last_of_many = len(order) - order[::-1].index(MOVED)
        assert last_of_many < 30, "they wait for their share, not for the end of the others"
        assert order.count(CONFIRMED) == 40


@pytest.mark.parametrize(
    ("events", "kind", "is_bulk"),
    [
        ([confirmed()], "confirmation", False),
        ([account_mail()], "invitation", False),
        ([payment_due()], "payment_due", False),
        ([requested("confirmation")], "confirmation", False),
        ([requested("starts_soon")], "starts_soon", True),
        ([requested("rescheduled")], "rescheduled", True),
        ([cancelled(cause="organizer")], "cancelled", False),
        ([cancelled(cause="webinar_cancelled")], "cancelled", True),
        ([cancelled(notify=False), refunded()], "refund", False),
        ([cancelled(notify=False), refunded(cause="webinar_cancelled")], "refund", True),
        ([refunded(cause="webinar_cancelled"), cancelled(notify=False)], "refund", True),
    ],
)
async def test_bulk_is_what_a_whole_webinar_is_told(
    postgres_url: str, tmp_path: Path, events: list[Event], kind: str, is_bulk: bool
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(*events)

        assert [(mail["kind"], mail["is_bulk"]) for mail in await service.mails()] == [
            (kind, is_bulk)
        ]

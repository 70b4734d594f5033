"""A corrected address: later mails go there, in whatever order it was heard of."""

import asyncio
from itertools import permutations
from pathlib import Path
from uuid import uuid4

import pytest

from services.notifications import store
from shared.events import Event
from tests.notifications.builders import (
    Notifications,
    cancelled,
    confirmed,
    corrected,
    notifications,
    part,
    read,
    refunded,
    released,
    repeated,
    requested,
)

OLD, NEW = "ana@example.net", "ana.torres@example.net"


async def recipients(service: Notifications) -> dict[str, str]:
    """Whom each kind of mail goes to, of those that are going out."""
    return {
        mail["kind"]: mail["recipient"]
        for mail in await service.mails()
        if mail["state"] == "queued"
    }


async def test_a_correction_is_no_mail_by_itself(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(corrected())

        assert await service.mails() == []


async def test_a_refund_after_a_correction_goes_to_the_new_address(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        gone = corrected(version=4, status="cancelled")
        await service.receive(confirmed(), cancelled(notify=False), gone, refunded())

        assert await recipients(service) == {"refund": NEW}
        (mail,) = [mail for mail in await service.mails() if mail["kind"] == "refund"]
        assert gone.manage_url in part(read(mail["content"]), "text/plain")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_newest_correction_wins_in_any_order_and_however_often(
    postgres_url: str, tmp_path: Path, order: tuple[int, ...]
) -> None:
    versions = [corrected(version=3 + number, email=f"a{number}@example.net") for number in order]
    async with notifications(postgres_url, tmp_path) as service:
        await asyncio.gather(*(service.receive(event) for event in versions * 2))
        await service.receive(*(one.model_copy(update={"event_id": uuid4()}) for one in versions))
        await service.receive(refunded())

        assert await recipients(service) == {"refund": "a2@example.net"}


@pytest.mark.parametrize(
    ("late", "kind", "status"),
    [
        (cancelled(version=2), "cancelled", "cancelled"),
        (released(version=2), "released", "released"),
        (repeated(version=2), "repeated", "confirmed"),
    ],
    ids=["cancelled", "released", "repeated"],
)
async def test_what_is_heard_of_after_a_later_correction_goes_to_the_new_address(
    postgres_url: str, tmp_path: Path, late: Event, kind: str, status: str
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        newer = corrected(status=status)
        await service.receive(newer, late)

        assert await recipients(service) == {kind: NEW}
        (mail,) = await service.mails()
        if kind == "repeated":
            assert newer.manage_url in part(read(mail["content"]), "text/plain")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_whoever_has_a_seat_gets_the_confirmation_once_at_the_new_address(
    postgres_url: str, tmp_path: Path, order: tuple[int, ...]
) -> None:
    events = [
        confirmed(version=2, sequence=3),
        corrected(version=3, sequence=4),
        requested("confirmation", version=3, sequence=4, email=NEW, cause="corrected"),
    ]
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(*(events[number] for number in order))

        queued = [mail for mail in await service.mails() if mail["state"] == "queued"]
        assert [(mail["kind"], mail["recipient"]) for mail in queued] == [("confirmation", NEW)]


async def test_a_refund_that_waits_for_an_address_takes_the_corrected_one(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(refunded(), corrected(), confirmed())

        assert await recipients(service) == {"refund": NEW}


async def test_a_correction_leaves_the_status_as_it_is_told(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        event = corrected(status="cancelled")
        await service.receive(event, confirmed())

        async with service.database.transaction() as connection:
            known = await store.lock_registrant(
                connection, event.registrant_id, event.organization_id
            )
        assert known.status == "cancelled"
        assert await service.mails() == []

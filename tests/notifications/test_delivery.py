"""Delivery: a mail is handed over once, and what the server said decides what happens next."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local.mailbox.faults import Fault, Stage
from deploy.local.mailbox.server import running_mailbox
from deploy.local.ports import free_port
from services.notifications import delivery as delivery_module
from services.notifications.delivery import Delivery
from shared.events import EmailFailed, EmailSent
from tests.notifications.builders import (
    Notifications,
    confirmed,
    mailer_to,
    notifications,
    read,
    refund_failed,
    refunded,
    running,
)
from tests.waiting import eventually


def other_delivery(service: Notifications, lease_seconds: float = 30) -> Delivery:
    """Another replica, or the same one after a restart."""
    mailer = mailer_to(service.mailbox.smtp_port, connections=2)
    return Delivery(service.database, mailer, retry_seconds=(0.05,), lease_seconds=lease_seconds)


async def test_a_queued_mail_is_accepted_and_told_of(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        event = confirmed()

        await service.receive(event)

        assert await service.settled() == {"confirmation": "sent"}
        (raw,) = service.received()
        assert read(raw)["To"] == event.email
        (published,) = await service.published()
        assert isinstance(published, EmailSent)
        assert published.message_id == read(raw)["Message-ID"]
        assert published.registrant_id == event.registrant_id
        assert published.webinar_id == event.webinar_id
        assert published.organization_id == event.organization_id


async def test_a_mail_is_sent_at_once_not_at_the_next_poll(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "POLL_SECONDS", 3600)
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        for number in range(5):
            await service.receive(confirmed(registrant_id=UUID(int=100 + number)))
            await service.settled()
            assert len(service.received()) == number + 1


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_mail_that_is_put_off_is_tried_again_with_the_same_bytes(
    postgres_url: str, tmp_path: Path, stage: Stage
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        service.mailbox.faults.waiting.append(Fault(at=stage, code=451, times=2))
        await service.receive(confirmed())
        (stored,) = await service.mails()

        async with running(service.delivery):
            assert await service.settled() == {"confirmation": "sent"}

        assert service.received() == [stored["content"]]
        (mail,) = await service.mails()
        assert (mail["deferrals"], mail["claims"]) == (2, 3)
        assert [type(event) for event in await service.published()] == [EmailSent]


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_refused_mail_is_given_up_at_once(
    postgres_url: str, tmp_path: Path, stage: Stage
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        service.mailbox.faults.waiting.append(Fault(at=stage, code=550, text="No such user"))

        async with running(service.delivery):
            await service.receive(confirmed())
            assert await service.settled() == {"confirmation": "failed"}
            # The connection is still good for others.
            await service.receive(confirmed(registrant_id=UUID(int=9), email="bo@example.net"))
            await service.settled()

        assert [read(raw)["To"] for raw in service.received()] == ["bo@example.net"]
        failed, sent = await service.published()
        assert isinstance(failed, EmailFailed)
        assert failed.smtp_code == 550
        assert "No such user" in failed.failure_reason
        assert isinstance(sent, EmailSent)
        mails = await service.mails()
        assert sorted(mail["claims"] for mail in mails) == [1, 1]


@pytest.mark.parametrize(("was_stored", "copies"), [(True, 2), (False, 1)])
async def test_a_connection_lost_after_the_final_dot_repeats_the_same_bytes(
    postgres_url: str, tmp_path: Path, was_stored: bool, copies: int
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.MESSAGE, drop=True, stored=was_stored))
        await service.receive(confirmed())
        (stored,) = await service.mails()

        async with running(service.delivery):
            assert await service.settled() == {"confirmation": "sent"}

        assert service.received() == [stored["content"]] * copies
        assert [type(event) for event in await service.published()] == [EmailSent]


async def test_killed_between_final_dot_and_commit_the_next_process_repeats_the_same_bytes(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path, lease_seconds=0.3) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.MESSAGE, delay_seconds=0.3))
        await service.receive(confirmed())
        (stored,) = await service.mails()

        async with service.database.transaction() as connection:
            async with running(service.delivery):
                await eventually(lambda: not service.mailbox.faults.waiting)
                # The row is held so that the outcome cannot be stored before the process is gone.
                await connection.execute("SELECT FROM mails FOR UPDATE")
                await eventually(service.received)
            assert await service.published() == []
        async with running(other_delivery(service)):
            assert await service.settled() == {"confirmation": "sent"}

        assert service.received() == [stored["content"]] * 2
        assert [type(event) for event in await service.published()] == [EmailSent]


async def test_killed_before_the_server_has_taken_it_the_next_process_sends_it(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path, lease_seconds=0.3) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.DATA, delay_seconds=60))
        await service.receive(confirmed())
        async with running(service.delivery):
            await eventually(lambda: _has_state(service, "sending"))

        async with running(other_delivery(service)):
            assert await service.settled() == {"confirmation": "sent"}

        assert len(service.received()) == 1
        (mail,) = await service.mails()
        assert mail["claims"] == 2


async def _has_state(service: Notifications, state: str) -> bool:
    return (await service.states())["confirmation"] == state


async def test_a_mail_that_is_slow_to_be_accepted_is_not_taken_up_by_another(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path, lease_seconds=0.3) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.MESSAGE, delay_seconds=1))
        await service.receive(confirmed())

        async with (
            running(service.delivery),
            running(other_delivery(service, lease_seconds=0.3)),
        ):
            assert await service.settled() == {"confirmation": "sent"}

        (mail,) = await service.mails()
        assert mail["claims"] == 1
        assert len(service.received()) == 1


async def test_after_48_hours_a_mail_is_given_up(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.RCPT, code=450, times=None))
        await service.receive(confirmed())
        async with running(service.delivery):
            await eventually(lambda: _was_put_off(service))
            await service.make_older(timedelta(hours=47))
            await eventually(lambda: _was_put_off(service, times=4))
            assert (await service.states())["confirmation"] in ("queued", "sending")

            await service.make_older(timedelta(hours=1))
            assert await service.settled() == {"confirmation": "failed"}

        (failed,) = await service.published()
        assert isinstance(failed, EmailFailed)
        assert failed.smtp_code == 450
        assert "48 hours" in failed.failure_reason
        assert service.received() == []


async def _was_put_off(service: Notifications, times: int = 1) -> bool:
    (mail,) = await service.mails()
    return bool(mail["deferrals"] >= times)


async def test_a_mail_that_waited_too_long_unattended_still_gets_its_chance(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())
        await service.make_older(timedelta(hours=72))

        async with running(service.delivery):
            assert await service.settled() == {"confirmation": "sent"}


async def test_delays_grow_with_each_deferral(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path, retry_seconds=(0.01, 0.01, 500)) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.MAIL, code=421, times=None))
        await service.receive(confirmed())

        async with running(service.delivery):
            await eventually(lambda: _was_put_off(service, times=3))

        async with service.database.connection() as connection:
            seconds = await connection.fetchval(
                "SELECT extract(epoch FROM due_at - now()) FROM mails"
            )
        assert 390 < seconds < 600


def test_the_delays_fill_about_two_days() -> None:
    delays: Sequence[float] = delivery_module.RETRY_SECONDS

    assert list(delays) == sorted(delays)
    assert delays[0] <= 5
    assert delays[-1] <= 6 * 3600


async def test_a_server_that_is_away_delays_no_mail_for_long(
    postgres_url: str, tmp_path: Path
) -> None:
    port = free_port()
    async with notifications(postgres_url, tmp_path / "unused") as service:
        delivery = Delivery(service.database, mailer_to(port, connections=2), retry_seconds=(3600,))
        for number in range(5):
            await service.receive(confirmed(registrant_id=UUID(int=100 + number)))
        async with running(delivery):
            await eventually(lambda: _was_claimed(service))
            async with running_mailbox(tmp_path / "mails", smtp_port=port) as mailbox:
                assert await service.settled() == {"confirmation": "sent"}
                assert mailbox.mails.count() == 5

        assert {mail["deferrals"] for mail in await service.mails()} == {0}


async def _was_claimed(service: Notifications) -> bool:
    return any(mail["claims"] and mail["answer"] for mail in await service.mails())


async def test_one_mail_at_a_time_finds_out_whether_the_server_is_back(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        for number in range(20):
            await service.receive(confirmed(registrant_id=UUID(int=100 + number)))
        delivery = Delivery(service.database, mailer_to(free_port(), connections=2))

        async with running(delivery):
            await eventually(lambda: _was_claimed(service))
            first = await _claims(service)
            assert first < 20
            await eventually(lambda: _has_claims(service, more_than=first))

            assert await _claims(service) == first + 1


async def _claims(service: Notifications) -> int:
    return sum(mail["claims"] for mail in await service.mails())


async def _has_claims(service: Notifications, *, more_than: int) -> bool:
    return await _claims(service) > more_than


async def test_replicas_share_the_work_and_send_each_mail_once(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        addresses = {f"ana{number}@example.net" for number in range(60)}
        for number, address in enumerate(sorted(addresses)):
            await service.receive(confirmed(registrant_id=UUID(int=100 + number), email=address))

        async with running(service.delivery), running(other_delivery(service)):
            await service.settled()

        received = [str(read(raw)["To"]) for raw in service.received()]
        assert sorted(received) == sorted(addresses)
        assert len(await service.published()) == 60


async def test_a_correction_goes_out_after_what_it_corrects(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path, retry_seconds=(0.3,)) as service:
        await service.receive(confirmed(), refunded(), refund_failed())
        service.mailbox.faults.waiting.append(Fault(at=Stage.RCPT, code=450))

        async with running(service.delivery):
            await service.settled()

        kinds = [str(read(raw)["Message-ID"]).split(".")[0] for raw in service.received()]
        assert kinds == ["<confirmation", "<refund", "<refund_failed"]


async def test_stopping_lets_what_is_being_sent_come_to_its_end(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        service.mailbox.faults.waiting.append(Fault(at=Stage.MESSAGE, delay_seconds=0.3))
        await service.receive(confirmed())
        await eventually(lambda: not service.mailbox.faults.waiting)

        await service.delivery.finish()

        assert await service.states() == {"confirmation": "sent"}
        await service.receive(confirmed(registrant_id=UUID(int=9)))
        assert await service.delivery.round() == 0


async def test_an_outcome_survives_a_database_that_is_away_for_a_moment(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "SETTLE_AGAIN_SECONDS", 0.01)
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        service.mailbox.faults.waiting.append(Fault(at=Stage.MESSAGE, delay_seconds=0.3))
        await service.receive(confirmed())
        await eventually(lambda: not service.mailbox.faults.waiting)
        async with service.database.transaction() as connection:
            # Longer than the role's lock_timeout: storing the outcome fails at least once.
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            await connection.execute("SELECT FROM mails FOR UPDATE")
            await eventually(lambda: len(service.received()) == 1)
            await eventually(lambda: _lock_was_given_up(service), timeout=8)

        assert await service.settled() == {"confirmation": "sent"}
        assert len(service.received()) == 1


async def _lock_was_given_up(service: Notifications) -> bool:
    """Whether a settling statement has come and gone."""
    async with service.database.connection() as connection:
        waiting = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database()"
        )
    if waiting:
        service.delivery.seen_waiting = True  # type: ignore[attr-defined]
    return not waiting and hasattr(service.delivery, "seen_waiting")

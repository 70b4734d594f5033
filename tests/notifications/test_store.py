"""What is kept, and for how long."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from services.notifications import measures, store
from tests.notifications.builders import (
    account_mail,
    confirmed,
    notifications,
    refund_failed,
    refunded,
    running,
)


async def test_bytes_and_addresses_go_after_90_days_but_not_that_there_was_a_mail(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        event = confirmed()
        await service.receive(event)
        await service.settled()
        await service.make_older(timedelta(days=89))
        assert await store.prune(service.database) == 0

        await service.make_older(timedelta(days=2))
        assert await store.prune(service.database) == 1

        (mail,) = await service.mails()
        assert (mail["content"], mail["recipient"], mail["state"]) == (None, None, "sent")
        assert mail["message_id"]
        # A copy of the event that comes now is still no second mail.
        await service.receive(confirmed())
        assert len(await service.mails()) == 1


async def test_the_address_of_a_mail_that_lets_its_reader_in_goes_after_90_days_too(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service, running(service.delivery):
        await service.receive(account_mail())
        await service.settled()
        await service.make_older(timedelta(days=91))

        assert await store.prune(service.database) == 1

        (mail,) = await service.mails()
        assert (mail["content"], mail["recipient"], mail["state"]) == (None, None, "sent")


async def test_a_mail_that_is_not_settled_keeps_its_bytes(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())
        await service.make_older(timedelta(days=100))
        await store.prune(service.database)

        (mail,) = await service.mails()
        assert mail["content"] is not None


async def test_a_failure_whose_refund_never_came_is_forgotten(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(refund_failed())
        await service.make_older(timedelta(days=91))
        await store.prune(service.database)

        assert await service.mails() == []


async def test_registrants_are_forgotten_long_after_their_event(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        long_ago = confirmed().starts_at - timedelta(days=450)
        await service.receive(confirmed(), confirmed(registrant_id=UUID(int=9), starts_at=long_ago))
        await store.prune(service.database)

        async with service.database.connection() as connection:
            kept = await connection.fetch("SELECT registrant_id FROM registrants")
        assert [row["registrant_id"] for row in kept] == [confirmed().registrant_id]


async def test_operators_see_what_is_not_settled(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed(), refunded(registrant_id=UUID(int=9)))
        await service.make_older(timedelta(seconds=60))

        counts = await store.count_unsettled(service.database)
        measures.show_unsettled(counts)

        assert {state: number for state, (number, _) in counts.items()} == {
            "queued": 1,
            "waiting": 1,
        }
        assert all(60 <= seconds < 120 for _, seconds in counts.values())
        assert _gauge("queued") == _gauge("waiting") == 1
        assert _gauge("sending") == 0


def _gauge(state: str) -> float:
    (metric,) = measures.mails_in_state.labels(state).collect()
    return metric.samples[0].value


async def test_only_the_latest_taker_may_say_that_a_mail_has_to_wait(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())
        (early,) = await store.claim_due(service.database, 10, timedelta(0))
        (late,) = await store.claim_due(service.database, 10, timedelta(seconds=30))
        refusal = store.Outcome(early, "refused", 550, "no")

        async with service.database.transaction() as connection:
            assert await store.settle(connection, [refusal]) == {}
        assert await service.states() == {"confirmation": "sending"}

        # That it was accepted is true whoever says it, once.
        async with service.database.transaction() as connection:
            settled = await store.settle(connection, [store.Outcome(early, "sent", 250, "kept")])
            assert settled == {early.email_id: store.Settled("sent", is_followed=False)}
            assert await store.settle(connection, [store.Outcome(late, "sent", 250, "kept")]) == {}
        assert await service.states() == {"confirmation": "sent"}

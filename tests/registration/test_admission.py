"""The group commit: full rooms, lost answers, callers who leave, rows that cannot be stored."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.registration import administration
from services.registration import admission as group_commit
from services.registration.admission import Admission, Registration
from services.registration.applications import RegistrationForm, apply
from services.registration.store import admissions
from services.registration.verdicts import Application, SoldOut
from shared.events import RegistrantConfirmed, RegistrantCreated, RegistrationRepeated
from shared.postgres import Connection, Database, open_pool
from shared.refusals import Refusal, Unavailable
from tests.registration.office import FREE, Office, new_address, new_key, open_office
from tests.waiting import eventually


def application(office: Office, email: str | None = None, **fields: Any) -> Application:
    form = RegistrationForm(name="Ana", email=email or new_address())
    return replace(apply(form, office.links, body=b"{}"), **fields)


async def outcomes_of(
    admission: Admission, webinar_id: str, applications: Sequence[Application]
) -> list[Registration | BaseException]:
    return await asyncio.gather(
        *(admission.register(UUID(webinar_id), one) for one in applications),
        return_exceptions=True,
    )


class _Counting(Database):
    """A database that counts transactions, can hold them back, and can lose a commit's answer."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.pool)
        self.commits = 0
        self.answers_to_lose = 0
        self.gate = asyncio.Event()
        self.gate.set()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        await self.gate.wait()
        async with super().transaction() as connection:
            yield connection
        self.commits += 1
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in mid-commit")


async def test_two_processes_sell_each_seat_once(office: Office) -> None:
    webinar = await office.schedule(capacity=100)
    # Another pool and another queue are all that a second process would have.
    pool = await open_pool(office.postgres_url, name="second", size_max=4)
    second = Admission(Database(pool), office.links, holds_per_network=0)

    found = await asyncio.gather(
        *(
            outcomes_of(admission, webinar["id"], [application(office) for _ in range(150)])
            for admission in (office.admission, second)
        )
    )
    await pool.close()

    outcomes = [outcome for outcomes in found for outcome in outcomes]
    assert sum(isinstance(outcome, Registration) for outcome in outcomes) == 100
    assert sum(isinstance(outcome, SoldOut) for outcome in outcomes) == 200
    assert await office.seats_taken(webinar) == 100
    assert len(await office.told(RegistrantCreated)) == 100


async def test_what_arrives_during_a_commit_is_one_batch(office: Office) -> None:
    webinar = await office.schedule(capacity=None)
    database = _Counting(office.database)
    admission = Admission(database, office.links, holds_per_network=0)

    outcomes = await outcomes_of(
        admission, webinar["id"], [application(office) for _ in range(300)]
    )

    assert all(isinstance(outcome, Registration) for outcome in outcomes)
    assert database.commits == 2  # 256 and the rest.


async def test_a_commit_whose_answer_was_lost_admits_nobody_twice(office: Office) -> None:
    webinar = await office.schedule(capacity=3)
    database = _Counting(office.database)
    database.answers_to_lose = 2
    admission = Admission(database, office.links, holds_per_network=0)
    applications = [application(office) for _ in range(4)]

    outcomes = await outcomes_of(admission, webinar["id"], applications)

    assert [isinstance(outcome, Registration) for outcome in outcomes] == [True] * 3 + [False]
    assert [one.id for one in outcomes if isinstance(one, Registration)] == [
        one.registrant_id for one in applications[:3]
    ]
    assert database.commits == 3
    assert await office.seats_taken(webinar) == 3
    assert len(await office.told(RegistrantCreated)) == 3


async def test_a_connection_that_dies_under_a_batch_is_replaced(office: Office) -> None:
    webinar = await office.schedule(capacity=1)
    applications = [application(office) for _ in range(2)]

    async def kill_the_one_that_waits() -> None:
        await eventually(
            lambda: office.value(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )

    async with office.database.transaction() as connection:
        await connection.execute("SELECT FROM webinars FOR UPDATE")
        deciding = outcomes_of(office.admission, webinar["id"], applications)
        answered = asyncio.gather(deciding, return_exceptions=True)
        await kill_the_one_that_waits()
    (outcomes,) = await answered

    assert isinstance(outcomes, list)
    assert [type(outcome) for outcome in outcomes] == [Registration, SoldOut]
    assert await office.seats_taken(webinar) == 1


async def test_a_database_that_stays_away_is_told_as_such(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    webinar = await office.schedule()
    monkeypatch.setattr(group_commit, "RERUN_SECONDS", 0)
    database = _Counting(office.database)
    database.answers_to_lose = 1_000
    admission = Admission(database, office.links, holds_per_network=0)

    outcomes = await outcomes_of(admission, webinar["id"], [application(office)])

    assert isinstance(outcomes[0], Unavailable)


async def test_a_caller_who_hangs_up_harms_nobody(office: Office) -> None:
    webinar = await office.schedule()
    database = _Counting(office.database)
    database.gate.clear()
    admission = Admission(database, office.links, holds_per_network=0)
    leaving = asyncio.create_task(admission.register(UUID(webinar["id"]), application(office)))
    staying = asyncio.create_task(admission.register(UUID(webinar["id"]), application(office)))
    await asyncio.sleep(0)

    leaving.cancel()
    database.gate.set()

    assert (await staying).status == "awaiting_payment"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_row_that_cannot_be_stored_is_refused_alone(office: Office) -> None:
    webinar = await office.schedule()
    applications = [application(office) for _ in range(9)]
    applications[4].name = "a\0b"
    applications[6].name = "\ud800"

    outcomes = await outcomes_of(office.admission, webinar["id"], applications)

    refused = [place for place, one in enumerate(outcomes) if not isinstance(one, Registration)]
    assert refused == [4, 6]
    assert all(not isinstance(outcomes[place], Refusal) for place in refused)
    assert await office.seats_taken(webinar) == 7


async def test_equal_keys_in_one_batch_share_a_verdict(office: Office) -> None:
    webinar, key = await office.schedule(capacity=1), new_key()
    one = application(office, idempotency_key=key)
    other = replace(application(office, idempotency_key=key), body_sha256=b"other")

    first, again, refused = await outcomes_of(office.admission, webinar["id"], [one, one, other])

    assert isinstance(first, Registration)
    assert again == first
    assert isinstance(refused, Refusal)
    assert refused.code == "idempotency_key_reused"
    assert await office.seats_taken(webinar) == 1


async def test_a_full_queue_refuses_at_once(office: Office) -> None:
    webinar = await office.schedule(capacity=None)
    database = _Counting(office.database)
    database.gate.clear()
    admission = Admission(database, office.links, holds_per_network=0)
    prepared = application(office)
    # Not one by one through the store: only the queue's length is looked at.
    waiting = [
        asyncio.create_task(admission.register(UUID(webinar["id"]), prepared))
        for _ in range(group_commit.QUEUE_MAX + group_commit.BATCH_MAX)
    ]
    await asyncio.sleep(0)

    outcomes = [task for task in waiting if task.done()]

    assert len(outcomes) == group_commit.BATCH_MAX
    assert all(isinstance(task.exception(), Unavailable) for task in outcomes)
    database.gate.set()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_an_address_holds_three_unpaid_registrations_at_most(office: Office) -> None:
    webinar = await office.schedule()

    replies = [await office.register(webinar, "ana@example.org") for _ in range(4)]
    upper_case = await office.register(webinar, "ANA@example.org")
    other = await office.register(webinar, "eva@example.org")

    assert [reply.status for reply in replies] == [201, 201, 201, 429]
    assert upper_case.status == 429
    assert other.status == 201


async def test_the_limit_of_an_address_counts_within_a_batch(office: Office) -> None:
    webinar = await office.schedule()
    applications = [application(office, email="ana@example.org") for _ in range(5)]

    outcomes = await outcomes_of(office.admission, webinar["id"], applications)

    assert sum(isinstance(outcome, Registration) for outcome in outcomes) == 3
    assert await office.seats_taken(webinar) == 3


async def test_an_address_has_two_free_seats_at_most(office: Office) -> None:
    webinar = await office.schedule(**FREE)

    replies = [await office.register(webinar, "ana@example.org") for _ in range(3)]

    assert [reply.status for reply in replies] == [201, 201, 429]


async def test_answers_do_not_tell_whether_an_address_is_known(office: Office) -> None:
    webinar = await office.schedule()
    await office.admitted(webinar, "held@example.org")
    await office.paid(webinar, "confirmed@example.org")

    bodies = [
        (await office.register(webinar, f"{who}@example.org")).body
        for who in ("fresh", "held", "confirmed")
    ]

    for body in bodies:
        for name in ("id", "pay_url", "manage_url", "pay_by"):
            assert body.pop(name)
    assert bodies[0] == bodies[1] == bodies[2]


async def test_the_owner_of_an_earlier_registration_is_mailed_its_link_once_an_hour(
    office: Office,
) -> None:
    webinar = await office.schedule()
    first = await office.paid(webinar, "ana@example.org")

    await office.register(webinar, "ana@example.org")
    await office.register(webinar, "Ana@example.org")
    (repeated,) = await office.told(RegistrationRepeated)
    await office.execute("UPDATE registrants SET repeated_at = repeated_at - interval '61 minutes'")
    await office.register(webinar, "ana@example.org")

    assert repeated.registrant_id == first.id
    assert repeated.status == "confirmed"
    assert repeated.manage_url == office.links.manage_url(first.id)
    assert len(await office.told(RegistrationRepeated)) == 2


async def test_one_network_holds_only_so_many_unpaid_seats(postgres_url: str) -> None:
    async with open_office(postgres_url, holds_per_network=2) as office:
        webinar, free = await office.schedule(), await office.schedule(**FREE)
        async with office.database.transaction() as connection:
            reader = await administration.create_token(
                connection, office.organization_id, "reader", ("read",)
            )

        strangers = [await office.register(webinar) for _ in range(3)]
        organization = await office.register(webinar, token=office.token)
        no_registrar = await office.register(webinar, token=reader)
        unpaid_elsewhere = await office.register(await office.schedule())
        gratis = [await office.register(free) for _ in range(3)]

        assert [reply.status for reply in strangers] == [201, 201, 429]
        assert organization.status == unpaid_elsewhere.status == 201
        assert no_registrar.status == 429
        assert [reply.status for reply in gratis] == [201, 201, 201]
        assert await office.value(
            "SELECT bool_and(network !~ '127.0.0.1') FROM registrants WHERE network IS NOT NULL"
        )


async def test_a_locked_webinar_is_waited_for_and_then_refused(office: Office) -> None:
    webinar = await office.schedule()
    async with office.database.transaction() as connection:
        await connection.execute(
            "SELECT FROM webinars WHERE id = $1 FOR UPDATE", UUID(webinar["id"])
        )
        reply = await office.register(webinar)

    assert (reply.status, reply.code) == (503, "unavailable")
    assert reply.headers["Retry-After"]


async def test_events_written_for_a_batch_are_those_of_the_contract(office: Office) -> None:
    """Admission writes its JSON by hand; it must say what the models would say."""
    webinar = await office.schedule(**FREE, description='Línea 1\n"2" \\ \u2028 😀')
    await office.register(webinar, "ana@example.org", name='Ana "la rápida" \\ 😀', locale="es")

    for kind in (RegistrantCreated, RegistrantConfirmed):
        payload = await office.value("SELECT payload FROM outbox WHERE subject = $1", kind.subject)
        event = kind.model_validate_json(payload)
        assert json.loads(payload) == json.loads(event.model_dump_json())
        assert event.name == 'Ana "la rápida" \\ 😀'
        assert event.webinar_title == webinar["title"]
        assert event.time_zone == "Europe/Madrid"
        assert event.organization_name == "Escuela Norte"
    assert isinstance(event, RegistrantConfirmed)
    assert event.description == webinar["description"]


async def test_the_process_keeps_nothing_once_all_are_answered(office: Office) -> None:
    webinar = await office.schedule()

    await office.admitted(webinar)

    await eventually(lambda: not office.admission._queues)
    assert office.admission._waiting == 0


async def test_a_batch_reads_registrants_by_what_it_brings_whatever_other_indexes_there_are(
    office: Office,
) -> None:
    """A plan made on an empty table is kept through the first rush: it must be this one."""
    async with office.database.connection() as connection:
        await connection.execute(f"PREPARE batch AS {admissions.SURROUNDINGS}")
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        plan = await connection.fetch("EXPLAIN EXECUTE batch(NULL, NULL, NULL, '{}', '{}')")

    read = set(re.findall(r"(?:using|on) (registrants\w*)", "\n".join(row[0] for row in plan)))
    assert read == {"registrants", "registrants_by_address", "registrants_by_key"}

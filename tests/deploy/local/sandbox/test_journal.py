"""What a restart keeps."""

import json
from pathlib import Path

from deploy.local.sandbox.journal import Journal
from deploy.local.sandbox.world import PLATFORM, World
from tests.deploy.local.sandbox.bench import ANNA, Bench, running_bench


async def test_a_restart_keeps_sessions_charges_and_books(tmp_path: Path) -> None:
    async with running_bench(tmp_path) as bench:
        session = await bench.session()
        charge = (await bench.pay(session.id))["charge"]
        await bench.settled(charge)
        await bench.client.v1.refunds.create_async({"charge": charge, "amount": 900})
        ledger = await bench.ledger()
        events = [one.id for one in (await bench.client.v1.events.list_async()).data]

    async with running_bench(tmp_path) as bench:
        again = await bench.client.v1.checkout.sessions.retrieve_async(session.id)
        assert (again.status, again.payment_status) == ("complete", "paid")
        assert await bench.ledger() == ledger
        assert [one.id for one in (await bench.client.v1.events.list_async()).data] == events
        refunds = await bench.client.v1.refunds.list_async({"charge": charge})
        assert len(refunds.data) == 1


async def test_a_restart_keeps_the_answers_to_keys(tmp_path: Path) -> None:
    async with running_bench(tmp_path) as bench:
        first = await bench.session({"idempotency_key": "k"})

    async with running_bench(tmp_path) as bench:
        again = await bench.session({"idempotency_key": "k"})

        assert again.id == first.id
        assert bench.last_headers["Idempotent-Replayed"] == "true"


async def test_a_restart_keeps_endpoints_with_their_secrets(tmp_path: Path) -> None:
    async with running_bench(tmp_path) as bench:
        endpoint = await bench.listen("charge.succeeded")
        gone = await bench.listen("charge.failed")
        await bench.client.v1.webhook_endpoints.delete_async(gone.id)

    async with running_bench(tmp_path) as bench:
        await bench.client.v1.webhook_endpoints.update_async(
            endpoint.id, {"url": bench.listener.url}
        )
        await bench.paid()
        await bench.listener.wait_for("charge.succeeded")

        letter = bench.listener.letters[0]
        assert endpoint.secret is not None
        bench.client.construct_event(letter.body, letter.signature, endpoint.secret)
        listed = await bench.client.v1.webhook_endpoints.list_async()
        assert [one.id for one in listed.data] == [endpoint.id]


async def test_a_restart_keeps_connections_the_clock_and_the_settings(tmp_path: Path) -> None:
    async with running_bench(tmp_path) as bench:
        await bench.control(f"accounts/{ANNA}/connect")
        moved = await bench.control("clock", {"advance": 3600})
        await bench.control("settings", {"refund_delay": 7})

    async with running_bench(tmp_path) as bench:
        assert (await bench.session({"stripe_account": ANNA})).status == "open"
        async with bench.http.get(f"{bench.url}/_sandbox/clock") as response:
            assert (await response.json())["offset"] == moved["offset"]
        async with bench.http.get(f"{bench.url}/_sandbox/settings") as response:
            assert (await response.json())["refund_delay"] == 7


async def test_what_was_to_happen_still_happens_after_a_restart(tmp_path: Path) -> None:
    async with running_bench(tmp_path) as bench:
        await bench.control(
            "settings", {"settlement_delay": 60, "refund_delay": 60, "bank_debit_delay": 60}
        )
        session = await bench.session()
        charge = await bench.paid()
        refund = await bench.client.v1.refunds.create_async(
            {"charge": await bench.paid("4000000000007726")}
        )
        debited = await bench.session()
        await bench.control(f"checkout/{debited.id}/pay", {"iban": "AT611904300234573201"})

    async with running_bench(tmp_path) as bench:
        assert (await bench.client.v1.charges.retrieve_async(charge)).balance_transaction is None
        await bench.control("clock", {"advance": 86_401})

        sessions = bench.client.v1.checkout.sessions
        assert (await sessions.retrieve_async(session.id)).status == "expired"
        assert (await sessions.retrieve_async(debited.id)).payment_status == "paid"
        assert (await bench.client.v1.charges.retrieve_async(charge)).balance_transaction
        assert (await bench.client.v1.refunds.retrieve_async(refund.id)).status == "succeeded"


async def test_a_letter_that_was_not_taken_is_tried_again_after_a_restart(tmp_path: Path) -> None:
    async with running_bench(tmp_path) as bench:
        endpoint = await bench.listen("charge.succeeded", url="http://127.0.0.1:9/nobody")
        await bench.paid()
        await bench.control("quiet")

    async with running_bench(tmp_path) as bench:
        await bench.client.v1.webhook_endpoints.update_async(
            endpoint.id, {"url": bench.listener.url}
        )

        await bench.control("clock", {"advance": 10})

        await bench.listener.wait_for("charge.succeeded")


async def test_a_reset_is_kept_too(tmp_path: Path) -> None:
    async with running_bench(tmp_path) as bench:
        await bench.paid()
        await bench.control("reset")

    async with running_bench(tmp_path) as bench:
        assert await bench.ledger() == []


async def test_without_a_folder_nothing_is_kept(bench: Bench) -> None:
    session = await bench.session()

    async with running_bench() as another:
        found = await another.client.v1.checkout.sessions.list_async()

    assert session.id not in [one.id for one in found.data]


def _world_with(count: int) -> World:
    world = World()
    for number in range(count):
        world.add("thing", PLATFORM, {"id": f"thing_{number}", "size": 0})
    return world


def _restored(folder: Path) -> World:
    world = World()
    Journal(world, folder).load()
    return world


def test_half_a_last_line_loses_only_that_change(tmp_path: Path) -> None:
    Journal(_world_with(3), tmp_path).flush()
    path = tmp_path / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-20])

    world = _restored(tmp_path)

    assert [one.id for one in world.everything("thing")] == ["thing_0", "thing_1"]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_starting_drops_what_was_overwritten_and_keeps_the_order(tmp_path: Path) -> None:
    world = _world_with(3)
    journal = Journal(world, tmp_path)
    journal.flush()
    for size in range(1, 5):
        entry = world.get("thing", "thing_0")
        entry.object["size"] = size
        world.save(entry)
        journal.flush()
    world.remove(world.get("thing", "thing_1"))
    journal.flush()
    path = tmp_path / "journal.jsonl"
    assert len(path.read_text().splitlines()) == 8

    restored = _restored(tmp_path)

    assert len(path.read_text().splitlines()) == 2
    assert [(one.id, one.object["size"]) for one in restored.everything("thing")] == [
        ("thing_0", 4),
        ("thing_2", 0),
    ]


def test_a_failed_write_is_made_up_for_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    world = _world_with(2)
    journal = Journal(world, folder)
    folder.rmdir()

    failed = False
    try:
        journal.flush()
    except FileNotFoundError:
        failed = True
    folder.mkdir()
    journal.flush()

    assert failed
    assert len(list(_restored(folder).everything("thing"))) == 2

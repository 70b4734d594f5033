"""The events that are kept for thirty days."""

from tests.deploy.local.sandbox.bench import ANNA, Bench, refused


async def test_an_event_is_a_snapshot_of_its_moment(bench: Bench) -> None:
    session = await bench.session()
    await bench.pay(session.id)
    await bench.client.v1.checkout.sessions.update_async(session.id, {"metadata": {"late": "yes"}})

    events = await bench.client.v1.events.list_async({"type": "checkout.session.completed"})
    again = await bench.client.v1.events.retrieve_async(events.data[0].id)

    told = again.data.object.to_dict()
    assert (told["id"], told["status"], told["metadata"]) == (session.id, "complete", {})
    assert again.api_version == "2026-10-28.endive"
    assert again.livemode is False


async def test_events_are_found_by_types_and_patterns(bench: Bench) -> None:
    await bench.paid()
    events = bench.client.v1.events

    some = await events.list_async({"types": ["charge.succeeded", "payment_intent.created"]})
    family = await events.list_async({"type": "payment_intent.*"})

    assert [one.type for one in some.data] == ["charge.succeeded", "payment_intent.created"]
    assert [one.type for one in family.data] == [
        "payment_intent.succeeded",
        "payment_intent.created",
    ]


async def test_type_and_types_together_are_refused(bench: Bench) -> None:
    error = await refused(
        bench.client.v1.events.list_async({"type": "charge.updated", "types": ["charge.updated"]})
    )

    assert error.http_status == 400


async def test_more_than_twenty_types_are_refused(bench: Bench) -> None:
    error = await refused(
        bench.client.v1.events.list_async({"types": [f"charge.{n}" for n in range(21)]})
    )

    assert error.http_status == 400


async def test_undelivered_events_can_be_asked_for_and_read_in_order(bench: Bench) -> None:
    await bench.listen("payment_intent.succeeded")
    await bench.listen("checkout.session.completed", url="http://127.0.0.1:9/nobody")
    await bench.paid()
    await bench.listener.wait_for("payment_intent.succeeded")
    await bench.control("quiet")
    events = bench.client.v1.events

    missing = await events.list_async({"delivery_success": False})
    reached = await events.list_async(
        {"delivery_success": True, "type": "payment_intent.succeeded"}
    )

    assert [one.type for one in missing.data] == ["checkout.session.completed"]
    assert missing.data[0].pending_webhooks == 1
    assert [one.pending_webhooks for one in reached.data] == [0]
    first = (await events.list_async({"limit": 100})).data[-1]
    later = await events.list_async({"ending_before": first.id, "limit": 2})
    assert [one.type for one in later.data] == ["payment_intent.succeeded", "charge.succeeded"]


async def test_events_are_forgotten_after_thirty_days(bench: Bench) -> None:
    await bench.paid()
    event = (await bench.client.v1.events.list_async()).data[0]
    await bench.control("clock", {"advance": 31 * 86_400})

    gone = await refused(bench.client.v1.events.retrieve_async(event.id))

    assert gone.http_status == 404
    listed = await bench.client.v1.events.list_async({"type": "payment_intent.created"})
    assert listed.data == []


async def test_events_of_a_connected_account_name_it_and_need_its_header(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    await bench.paid(options={"stripe_account": ANNA})
    hers = await bench.client.v1.events.list_async(
        {"type": "charge.succeeded"}, {"stripe_account": ANNA}
    )

    own = await bench.client.v1.events.list_async({"type": "charge.succeeded"})
    error = await refused(bench.client.v1.events.retrieve_async(hers.data[0].id))

    assert hers.data[0].account == ANNA
    assert own.data == []
    assert error.http_status == 404

"""Scheduling, changing and seeing webinars."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.events import WebinarScheduled, WebinarUpdated
from tests.registration.office import FREE, Office, Reply, account_connected, webinar_body


async def create(office: Office, **fields: Any) -> Reply:
    return await office.organizer("POST", "/api/v1/webinars", webinar_body(**fields))


async def change(office: Office, webinar: dict[str, Any], body: dict[str, Any]) -> Reply:
    return await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", body)


async def test_a_webinar_is_free_and_unlimited_unless_told_otherwise(office: Office) -> None:
    starts_at = datetime.now(UTC) + timedelta(days=3)

    reply = await office.organizer(
        "POST", "/api/v1/webinars", {"title": "Hello", "starts_at": starts_at.isoformat()}
    )

    assert reply.status == 201
    body = reply.body
    assert (body["price_minor"], body["currency"], body["capacity"]) == (0, None, None)
    assert (body["kind"], body["duration_minutes"], body["time_zone"]) == ("webinar", 60, "UTC")
    assert (body["hold_minutes"], body["availability"], body["status"]) == (
        15,
        "open",
        "scheduled",
    )
    assert body["public_url"].endswith(f"/w/{body['id']}")
    (told,) = await office.told(WebinarScheduled)
    assert (str(told.webinar_id), told.version) == (body["id"], 1)


async def test_a_price_needs_an_organization_that_is_ready(office: Office) -> None:
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))

    priced = await create(office)
    free = await create(office, **FREE)
    raised = await change(office, free.body, {"price_minor": 4900, "currency": "EUR"})

    assert (priced.status, priced.code) == (409, "organization_not_ready")
    assert "Stripe" in priced.body["title"]
    assert free.status == 201
    assert (raised.status, raised.code) == (409, "organization_not_ready")


async def test_prices_follow_the_rules_of_their_currency(office: Office) -> None:
    tries: list[tuple[dict[str, Any], list[str]]] = [
        ({"price_minor": 500, "currency": "JPY"}, []),
        ({"price_minor": 500, "currency": "ISK"}, []),
        ({"price_minor": 5010, "currency": "KWD"}, []),
        ({"price_minor": 550, "currency": "ISK"}, ["price_minor"]),
        ({"price_minor": 5011, "currency": "KWD"}, ["price_minor"]),
        ({"price_minor": 49, "currency": "EUR"}, ["price_minor"]),
        ({"price_minor": 100_000_000, "currency": "EUR"}, ["price_minor"]),
        ({"price_minor": 4900, "currency": None}, ["currency"]),
        ({"price_minor": 4900, "currency": "XXX"}, ["currency"]),
        ({"price_minor": 4900, "currency": "eur"}, ["currency"]),
    ]

    replies = [await create(office, **fields) for fields, _ in tries]

    assert [reply.fields if reply.status == 422 else [] for reply in replies] == [
        bad for _, bad in tries
    ]


async def test_each_bad_field_is_named(office: Office) -> None:
    mistakes: list[tuple[dict[str, Any], list[str]]] = [
        ({"title": " "}, ["title"]),
        ({"title": "a\u202eb"}, ["title"]),
        ({"kind": "party"}, ["kind"]),
        ({"starts_at": "2030-01-01T10:00:00"}, ["starts_at"]),
        ({"starts_at": "2020-01-01T10:00:00Z"}, ["starts_at"]),
        ({"starts_at": "9999-12-31T23:59:59-14:00"}, ["starts_at"]),
        ({"duration_minutes": 0}, ["duration_minutes"]),
        ({"time_zone": "Mars/Olympus"}, ["time_zone"]),
        ({"description": "é" * 8193}, ["description"]),
        ({"description": "\x01"}, ["description"]),
        ({"description": "a\0"}, ["description"]),
        ({"capacity": 0, "hold_minutes": 4}, ["capacity", "hold_minutes"]),
        ({"refund_policy": {"kind": "maybe"}}, ["refund_policy.kind"]),
        ({"join_url": "javascript:alert(1)"}, ["join_url"]),
        ({"join_url": "https://"}, ["join_url"]),
        ({"join_url": "https://[::1"}, ["join_url"]),
    ]

    replies = [await create(office, **fields) for fields, _ in mistakes]

    assert [reply.fields for reply in replies] == [bad for _, bad in mistakes]
    assert {(reply.status, reply.code) for reply in replies} == {(422, "invalid")}


async def test_the_longest_description_fits_into_its_event(office: Office) -> None:
    webinar = await office.schedule(**FREE, description='"' * 16_384)

    reply = await office.register(webinar)

    assert reply.status == 201


async def test_changes_are_told_and_leave_the_rest_alone(office: Office) -> None:
    webinar = await office.schedule()

    reply = await change(office, webinar, {"title": "Bread again", "capacity": None})

    assert reply.status == 200
    changed = {"title", "capacity", "version"}
    assert {name for name in webinar if webinar[name] != reply.body[name]} == changed
    assert (reply.body["title"], reply.body["capacity"]) == ("Bread again", None)
    (told,) = await office.told(WebinarUpdated)
    assert (told.version, told.title, told.capacity) == (2, "Bread again", None)


async def test_a_description_gets_a_version_of_its_own(office: Office) -> None:
    webinar = await office.schedule()
    await office.admitted(webinar)

    await change(office, webinar, {"description": "Bring water."})
    second = await office.admitted(webinar)

    assert second.description_version == 2
    reply = await office.organizer("GET", f"/api/v1/webinars/{webinar['id']}")
    assert reply.body["description"] == "Bring water."


async def test_what_may_not_be_empty_cannot_be_emptied(office: Office) -> None:
    webinar = await office.schedule()

    replies = [
        await change(office, webinar, {name: None})
        for name in ("title", "starts_at", "time_zone", "description", "hold_minutes")
    ]

    assert [reply.status for reply in replies] == [422] * 5


async def test_a_price_that_is_taken_away_makes_a_webinar_free(office: Office) -> None:
    webinar = await office.schedule()

    reply = await change(office, webinar, {"price_minor": None})

    assert (reply.status, reply.body["price_minor"]) == (200, 0)
    assert (await office.admitted(webinar)).status == "confirmed"


async def test_a_paid_webinar_keeps_its_currency(office: Office) -> None:
    webinar = await office.schedule()

    reply = await change(office, webinar, {"currency": None})

    assert (reply.status, reply.fields) == (422, ["currency"])


async def test_the_capacity_never_goes_below_the_seats_that_are_taken(office: Office) -> None:
    webinar = await office.schedule(capacity=3)
    await office.admitted(webinar)
    await office.paid(webinar)

    below = await change(office, webinar, {"capacity": 1})
    equal = await change(office, webinar, {"capacity": 2})

    assert (below.status, below.code, below.fields) == (409, "capacity_below_seats", ["capacity"])
    assert (equal.status, equal.body["availability"]) == (200, "sold_out")


async def test_a_cancelled_webinar_stays_as_it_is(office: Office) -> None:
    webinar = await office.schedule()
    await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel")

    changed = await change(office, webinar, {"title": "Back"})
    again = await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel")
    registered = await office.register(webinar)

    assert (changed.status, changed.code) == (409, "already_cancelled")
    assert (again.status, again.code) == (409, "already_cancelled")
    assert (registered.status, registered.code) == (409, "closed")


async def test_strangers_see_what_is_public(office: Office) -> None:
    webinar = await office.schedule()
    await office.organizer(
        "PATCH", "/api/v1/organization", {"card_brands_blocked": ["american_express"]}
    )

    reply = await office.call("GET", f"/api/v1/webinars/{webinar['id']}?locale=es")

    assert reply.status == 200
    assert (reply.body["price_minor"], reply.body["availability"]) == (4900, "open")
    assert "american_express" not in reply.body["card_brands"]
    assert "visa" in reply.body["card_brands"]
    assert reply.body["refund_policy_text"].startswith("Si cancelas")
    for secret in ("join_url", "seats_taken", "capacity", "hold_minutes", "version"):
        assert secret not in reply.body


async def test_a_sold_out_webinar_says_when_a_hold_ends(office: Office) -> None:
    webinar = await office.schedule(capacity=1)
    registrant = await office.admitted(webinar)

    reply = await office.call("GET", f"/api/v1/webinars/{webinar['id']}")

    assert reply.body["availability"] == "sold_out"
    assert datetime.fromisoformat(reply.body["next_hold_ends_at"]) == registrant.pay_by


async def test_webinars_are_listed_in_pages(office: Office) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    made = [
        await office.schedule(starts_at=(start + timedelta(days=day // 2)).isoformat())
        for day in range(5)
    ]
    seen: list[str] = []
    path = "/api/v1/webinars?limit=2"
    while True:
        reply = await office.organizer("GET", path)
        seen += [webinar["id"] for webinar in reply.body["webinars"]]
        if reply.body["next"] is None:
            break
        path = f"/api/v1/webinars?limit=2&after={reply.body['next']}"

    assert len(seen) == 5
    assert set(seen) == {webinar["id"] for webinar in made}
    bad = [
        await office.organizer("GET", f"/api/v1/webinars?{query}")
        for query in ("limit=0", "limit=201", "limit=x", "after=x", "after=MTI=")
    ]
    assert [reply.status for reply in bad] == [422] * 5


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    for webinar_id in (str(uuid4()), "seven"):
        path = f"/api/v1/webinars/{webinar_id}"
        replies = [
            await office.call("GET", path),
            await office.organizer("PATCH", path, {"title": "x"}),
            await office.organizer("POST", f"{path}/cancel"),
            await office.organizer("GET", f"{path}/registrants"),
        ]
        assert [reply.status for reply in replies] == [404] * 4

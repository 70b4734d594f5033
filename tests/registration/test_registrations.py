"""Registering through the API."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.events import RegistrantConfirmed, RegistrantCreated
from tests.registration.office import (
    FREE,
    PAYMENTS_URL,
    PUBLIC_URL,
    Office,
    account_connected,
    new_address,
    new_key,
)


async def test_a_paid_seat_is_held_and_told_with_the_way_to_pay(office: Office) -> None:
    webinar = await office.schedule()

    reply = await office.register(webinar, "ana@example.org", locale="es")

    assert reply.status == 201
    assert reply.body["status"] == "awaiting_payment"
    assert (reply.body["amount_minor"], reply.body["currency"]) == (4900, "EUR")
    assert reply.body["pay_url"].startswith(f"{PAYMENTS_URL}/pay/")
    assert reply.body["manage_url"].startswith(f"{PUBLIC_URL}/r/")
    pay_by = datetime.fromisoformat(reply.body["pay_by"])
    assert timedelta(minutes=14) < pay_by - datetime.now(UTC) <= timedelta(minutes=15)
    assert await office.seats_taken(webinar) == 1
    (created,) = await office.told(RegistrantCreated)
    assert created.registrant_id == UUID(reply.body["id"])
    assert (created.name, created.email, created.locale) == ("Ana Pérez", "ana@example.org", "es")
    assert created.manage_url == reply.body["manage_url"]
    assert created.pay_by == pay_by
    assert await office.told(RegistrantConfirmed) == []


async def test_a_free_seat_is_confirmed_at_once(office: Office) -> None:
    webinar = await office.schedule(**FREE)

    reply = await office.register(webinar)

    assert reply.status == 201
    assert reply.body["status"] == "confirmed"
    assert reply.body["pay_url"] is reply.body["pay_by"] is reply.body["currency"] is None
    (confirmed,) = await office.told(RegistrantConfirmed)
    assert confirmed.description == "Bring **flour**."
    assert confirmed.refund_policy_text == ""
    assert confirmed.join_url.startswith(f"{PUBLIC_URL}/j/")
    assert len(await office.told(RegistrantCreated)) == 1


async def test_a_hold_never_lasts_past_the_start(office: Office) -> None:
    starts_at = datetime.now(UTC) + timedelta(minutes=6)
    webinar = await office.schedule(starts_at=starts_at.isoformat())

    registrant = await office.admitted(webinar)

    assert registrant.pay_by == starts_at


async def test_the_quote_is_frozen_when_the_webinar_changes(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)

    reply = await office.organizer(
        "PATCH",
        f"/api/v1/webinars/{webinar['id']}",
        {"price_minor": 9900, "description": "New", "refund_policy": {"kind": "none"}},
    )

    assert reply.status == 200
    kept = await office.registrant(registrant.id)
    assert kept.amount_minor == 4900
    assert kept.description_version == 1
    assert kept.refund_policy == webinar["refund_policy"]


async def test_the_last_seat_is_sold_once(office: Office) -> None:
    webinar = await office.schedule(capacity=1)
    await office.admitted(webinar)

    reply = await office.register(webinar)

    assert (reply.status, reply.code) == (409, "sold_out")
    assert await office.seats_taken(webinar) == 1


async def test_another_price_than_expected_is_refused(office: Office) -> None:
    webinar = await office.schedule()

    cheaper = await office.register(webinar, expected_price_minor=3900)
    dollars = await office.register(webinar, expected_price_minor=4900, expected_currency="USD")
    right = await office.register(webinar, expected_price_minor=4900, expected_currency="EUR")

    assert (cheaper.status, cheaper.code) == (409, "price_changed")
    assert (dollars.status, dollars.code) == (409, "price_changed")
    assert right.status == 201


async def test_registration_closes_with_the_start(office: Office) -> None:
    webinar = await office.schedule()
    await office.start(webinar)

    reply = await office.register(webinar)

    assert (reply.status, reply.code) == (409, "closed")


async def test_an_organization_that_lost_its_account_sells_only_what_is_free(
    office: Office,
) -> None:
    paid, free = await office.schedule(), await office.schedule(**FREE)
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))

    refused, admitted = await office.register(paid), await office.register(free)

    assert (refused.status, refused.code) == (409, "closed")
    assert admitted.status == 201


async def test_the_same_key_and_body_give_the_same_registration(office: Office) -> None:
    webinar, key = await office.schedule(capacity=1), new_key()

    first = await office.register(webinar, "ana@example.org", key=key)
    again = await office.register(webinar, "ana@example.org", key=key)

    assert first.status == again.status == 201
    assert again.body == first.body
    assert await office.seats_taken(webinar) == 1
    assert len(await office.told(RegistrantCreated)) == 1


async def test_a_replayed_key_tells_the_state_of_now(office: Office) -> None:
    webinar, key = await office.schedule(), new_key()
    first = await office.register(webinar, "ana@example.org", key=key)
    await office.organizer(
        "POST", f"/api/v1/registrants/{first.body['id']}/cancel", {"refund": "none"}
    )

    again = await office.register(webinar, "ana@example.org", key=key)

    assert again.status == 201
    assert again.body["status"] == "cancelled"
    assert again.body["pay_url"] is again.body["pay_by"] is None


async def test_a_key_with_another_body_is_refused(office: Office) -> None:
    webinar, key = await office.schedule(), new_key()
    await office.register(webinar, "ana@example.org", key=key)

    reply = await office.register(webinar, "eva@example.org", key=key)

    assert (reply.status, reply.code) == (422, "idempotency_key_reused")


async def test_a_refusal_is_not_remembered_under_its_key(office: Office) -> None:
    webinar, key = await office.schedule(capacity=1), new_key()
    first = await office.admitted(webinar)
    refused = await office.register(webinar, "ana@example.org", key=key)
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"capacity": 2})

    reply = await office.register(webinar, "ana@example.org", key=key)

    assert refused.code == "sold_out"
    assert reply.status == 201
    assert reply.body["id"] != str(first.id)


async def test_each_bad_field_is_named(office: Office) -> None:
    webinar = await office.schedule()
    mistakes: list[tuple[dict[str, Any], list[str]]] = [
        ({"name": ""}, ["name"]),
        ({"name": "a\nb"}, ["name"]),
        ({"name": "a\0b"}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": 7, "email": "nobody"}, ["name", "email"]),
        ({"email": "a@b@c.org"}, ["email"]),
        ({"email": "ana@localhost"}, ["email"]),
        ({"email": "a" * 65 + "@example.org"}, ["email"]),
        ({"email": "a..b@example.org"}, ["email"]),
        ({"email": "ana@" + "x." * 130 + "org"}, ["email"]),
        ({"locale": "english"}, ["locale"]),
        ({"expected_price_minor": "49"}, ["expected_price_minor"]),
        ({"expected_price_minor": True}, ["expected_price_minor"]),
        ({"payment_method": "4242 4242"}, ["payment_method"]),
    ]

    replies = [await office.register(webinar, **fields) for fields, _ in mistakes]

    assert {(reply.status, reply.code) for reply in replies} == {(422, "invalid")}
    assert [reply.fields for reply in replies] == [bad for _, bad in mistakes]
    assert await office.seats_taken(webinar) == 0


async def test_what_is_no_form_is_refused(office: Office) -> None:
    webinar = await office.schedule()
    bodies = [
        (b"{", "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"[" * 30_000, "application/json", 400),
        (b'{"name": "\\ud800", "email": "a@example.org"}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"name=Ana", "application/x-www-form-urlencoded", 415),
        (b" " * 70_000, "application/json", 413),
    ]

    replies = [
        await office.call(
            "POST",
            f"/api/v1/webinars/{webinar['id']}/registrations",
            raw=raw,
            headers={"Content-Type": content_type},
        )
        for raw, content_type, _ in bodies
    ]

    assert [reply.status for reply in replies] == [status for _, _, status in bodies]


async def test_a_bad_key_is_named(office: Office) -> None:
    webinar = await office.schedule()

    for key in ("short", "x" * 256, "ñ" * 30):
        reply = await office.register(webinar, key=key)
        assert (reply.status, reply.fields) == (422, ["Idempotency-Key"])


async def test_an_unknown_webinar_is_not_found(office: Office) -> None:
    unknown = await office.register({"id": str(uuid4())})
    malformed = await office.register({"id": "seven"})

    assert unknown.status == malformed.status == 404


async def test_unknown_fields_are_ignored(office: Office) -> None:
    webinar = await office.schedule()

    reply = await office.register(webinar, is_admin=True, status="confirmed")

    assert (reply.status, reply.body["status"]) == (201, "awaiting_payment")


async def test_addresses_keep_their_local_part_and_lose_the_case_of_their_domain(
    office: Office,
) -> None:
    webinar = await office.schedule()

    registrant = await office.admitted(webinar, " Ana.Pérez@Example.ORG ")
    plain = await office.admitted(webinar, "Eva.Ruiz@Example.ORG")

    assert registrant.email == "Ana.Pérez@example.org"
    assert plain.email == "Eva.Ruiz@example.org"
    assert plain.email_key == "eva.ruiz@example.org"


async def test_only_tokens_that_may_charge_send_a_payment_method(office: Office) -> None:
    webinar = await office.schedule()
    card = {"payment_method": "pm_123"}

    stranger = await office.register(webinar, **card)
    allowed = await office.register(webinar, token=office.token, **card)

    assert stranger.status == 401
    assert allowed.status == 201
    (created,) = await office.told(RegistrantCreated)
    assert created.payment_method == "pm_123"


async def test_a_registrant_sees_its_own_state_behind_its_link(office: Office) -> None:
    webinar = await office.schedule()
    reply = await office.register(webinar, new_address())
    token = reply.body["manage_url"].rsplit("/", 1)[1]

    own = await office.call("GET", f"/api/v1/registrations/{token}")

    assert own.status == 200
    assert own.body["id"] == reply.body["id"]
    assert own.body["pay_url"] == reply.body["pay_url"]
    assert own.body["join_url"] is None
    assert own.headers["Cache-Control"] == "no-store"


async def test_a_replaced_link_opens_nothing(office: Office) -> None:
    webinar = await office.schedule()
    reply = await office.register(webinar)
    token = reply.body["manage_url"].rsplit("/", 1)[1]
    await office.execute("UPDATE registrants SET link_version = 2")

    old = await office.call("GET", f"/api/v1/registrations/{token}")
    new = await office.call(
        "GET",
        "/api/v1/registrations/"
        + office.links.manage_url(UUID(reply.body["id"]), 2).rsplit("/", 1)[1],
    )

    assert (old.status, new.status) == (404, 200)


async def test_tokens_of_another_purpose_open_nothing(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    join = office.links.join_url(registrant.id).rsplit("/", 1)[1]
    pay = office.links.pay_url(registrant.id).rsplit("/", 1)[1]

    for token in (join, pay, "x", "x" * 500, "a.b.c"):
        reply = await office.call("GET", f"/api/v1/registrations/{token}")
        assert reply.status == 404

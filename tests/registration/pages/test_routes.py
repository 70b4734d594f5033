import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import FormData

from shared.events import PaymentFailed, RefundRequested, RegistrantCreated
from tests.registration.office import FREE, Office, account_connected, refunded
from tests.registration.pages.counter import Counter, path_of, public_path


def own_path(office: Office, registrant: Any) -> str:
    return path_of(office.links.manage_url(registrant.id, registrant.link_version))


def join_path(office: Office, registrant: Any) -> str:
    return path_of(office.links.join_url(registrant.id, registrant.link_version))


@pytest.mark.parametrize("kind", ["webinar", "virtual_event"])
async def test_a_paid_registration_leads_to_the_payment(counter: Counter, kind: str) -> None:
    webinar = await counter.office.schedule(kind=kind)

    answer = await counter.register(webinar)

    assert answer.status == 303
    assert answer.location.startswith("https://pay.example.org/pay/")
    (created,) = await counter.office.told(RegistrantCreated)
    assert (created.name, created.email) == ("Ana Pérez", "ana@example.org")
    assert created.network is not None


@pytest.mark.parametrize("kind", ["webinar", "virtual_event"])
async def test_a_free_registration_leads_to_the_registrants_own_page(
    counter: Counter, kind: str
) -> None:
    webinar = await counter.office.schedule(**FREE, kind=kind)

    answer = await counter.register(webinar)

    assert answer.status == 303
    own = await counter.get(path_of(answer.location))
    assert "You have a seat, Ana Pérez" in own.text
    assert f"Join the {kind.replace('_', ' ')}" in own.text


async def test_the_page_shows_description_policy_and_price(counter: Counter) -> None:
    webinar = await counter.office.schedule()

    page = await counter.get(public_path(webinar))

    assert page.status == 200
    assert "Bring <strong>flour</strong>." in page.html
    assert "€49.00 EUR" in page.text
    assert "10 of 10 seats left" in page.text
    assert "you get back 100% until 7 days before the start" in page.text


async def test_the_reader_is_spoken_to_in_the_browsers_language_and_the_locale_kept(
    counter: Counter,
) -> None:
    webinar = await counter.office.schedule()

    page = await counter.get(public_path(webinar), Accept_Language="es-MX,es;q=0.9")
    await counter.register(webinar, page)

    assert page.headers["Content-Language"] == "es"
    (created,) = await counter.office.told(RegistrantCreated)
    assert created.locale == "es-MX"


async def test_two_clicks_and_a_reload_register_once(counter: Counter) -> None:
    webinar = await counter.office.schedule()
    page = await counter.get(public_path(webinar))

    first, second = await asyncio.gather(
        counter.register(webinar, page), counter.register(webinar, page)
    )
    third = await counter.register(webinar, page)

    assert first.location == second.location == third.location
    assert len(await counter.office.told(RegistrantCreated)) == 1


async def test_back_and_another_address_is_another_registration(counter: Counter) -> None:
    webinar = await counter.office.schedule()
    page = await counter.get(public_path(webinar))

    await counter.register(webinar, page)
    await counter.register(webinar, page, email="ben@example.org")

    assert len(await counter.office.told(RegistrantCreated)) == 2


async def test_refused_fields_come_back_typed_and_marked_and_then_work(counter: Counter) -> None:
    webinar = await counter.office.schedule()

    refused = await counter.register(webinar, name="Ana <b>", email="ana@")
    answer = await counter.register(webinar, refused, name=refused.field("name"))

    assert refused.status == 422
    assert refused.field("name") == "Ana <b>"
    assert refused.field("email") == "ana@"
    assert 'aria-invalid="true"' in refused.html
    assert "One thing to correct" in refused.text
    assert answer.status == 303
    (created,) = await counter.office.told(RegistrantCreated)
    assert created.name == "Ana <b>"


async def test_a_refused_form_answers_in_the_language_in_which_it_was_shown(
    counter: Counter,
) -> None:
    webinar = await counter.office.schedule()
    page = await counter.get(f"{public_path(webinar)}?locale=es")

    refused = await counter.register(webinar, page, name="")

    assert "Escribe tu nombre." in refused.text


async def test_the_last_seat_gone_says_when_the_next_hold_ends(counter: Counter) -> None:
    webinar = await counter.office.schedule(capacity=1)
    page = await counter.get(public_path(webinar))
    await counter.office.admitted(webinar)

    refused = await counter.register(webinar, page)
    later = await counter.get(public_path(webinar))

    assert refused.status == 409
    assert "The last seat has just gone." in refused.text
    assert "You are not registered and paid nothing." in refused.text
    for shown in (refused, later):
        assert "All seats are taken." in shown.text
        assert "A seat may come free at" in shown.text
        assert "data-countdown" in shown.html
        assert "<form" not in shown.html


async def test_a_changed_price_is_shown_before_anything_is_registered(counter: Counter) -> None:
    webinar = await counter.office.schedule()
    page = await counter.get(public_path(webinar))
    await counter.office.organizer(
        "PATCH", f"/api/v1/webinars/{webinar['id']}", {"price_minor": 5900}
    )

    refused = await counter.register(webinar, page)
    answer = await counter.register(webinar, refused)

    assert refused.status == 409
    assert "It is now €59.00 EUR." in refused.text
    assert answer.status == 303
    (created,) = await counter.office.told(RegistrantCreated)
    assert created.amount_minor == 5900


async def test_a_webinar_that_becomes_free_or_paid_is_a_changed_price_too(
    counter: Counter,
) -> None:
    webinar = await counter.office.schedule()
    page = await counter.get(public_path(webinar))
    await counter.office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"price_minor": 0})

    assert (await counter.register(webinar, page)).status == 409


async def test_closed_windows_say_why(counter: Counter) -> None:
    office = counter.office
    started, cancelled, unready = [await office.schedule() for _ in range(3)]
    page = await counter.get(public_path(started))
    await office.start(started)
    await office.organizer("POST", f"/api/v1/webinars/{cancelled['id']}/cancel", {})

    posted = await counter.register(started, page)

    assert posted.status == 409
    assert "This webinar has started." in posted.text
    assert "This webinar was cancelled." in (await counter.get(public_path(cancelled))).text
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))
    assert "cannot take card payments" in (await counter.get(public_path(unready))).text


async def test_too_many_unpaid_ones_keep_what_was_typed(counter: Counter) -> None:
    webinar = await counter.office.schedule()
    for _ in range(3):
        await counter.register(webinar)

    refused = await counter.register(webinar)

    assert refused.status == 429
    assert refused.headers["Retry-After"] == "2"
    assert refused.field("email") == "ana@example.org"


async def test_a_form_on_another_site_registers_nobody(counter: Counter) -> None:
    webinar = await counter.office.schedule()
    page = await counter.get(public_path(webinar))
    fields = page.hidden_fields() | {"name": "Ana", "email": "ana@example.org"}

    refused = await counter.post(public_path(webinar), fields, Sec_Fetch_Site="cross-site")

    assert refused.status == 403
    assert "This was sent from another page" in refused.text
    assert await counter.office.told(RegistrantCreated) == []


async def test_bodies_that_are_no_form_of_ours_are_refused(counter: Counter) -> None:
    path = public_path(await counter.office.schedule())
    form = {"Content_Type": "application/x-www-form-urlencoded"}

    bad = [
        await counter.post(path, b"name=%FF%FE&email=x", **form),
        await counter.post(path, b"\xff\xfe=x", **form),
        await counter.post(path, b"&".join(b"a=1" for _ in range(500)), **form),
        await counter.post(path, b'{"name": "Ana"}', Content_Type="application/json"),
        await counter.post(path, FormData({"name": "Ana"}, default_to_multipart=True)),
        await counter.post(path, b"name=" + b"x" * 200_000, **form),
    ]

    assert [page.status for page in bad] == [400, 400, 400, 400, 400, 413]
    assert await counter.office.told(RegistrantCreated) == []


async def test_characters_that_cannot_be_stored_are_named_and_not_shown_again(
    counter: Counter,
) -> None:
    webinar = await counter.office.schedule()

    refused = await counter.register(webinar, name="Ana\0\nBcc: all@example.org\u202e")

    assert refused.status == 422
    assert "Write your name in one line" in refused.text
    assert refused.field("name") == "AnaBcc: all@example.org"


@pytest.mark.parametrize(
    "path",
    [
        "/w/nothing",
        "/w/8d3cf9ee-0524-4a6d-a643-46064f7003a0",
        "/r/x.y.z",
        "/r/" + "a" * 5000,
        "/j/%00",
        "/nowhere",
        "/static/nothing.css",
    ],
)
async def test_people_get_a_page_and_programs_a_document_where_nothing_is(
    counter: Counter, path: str
) -> None:
    page = await counter.get(path, Accept_Language="es")
    document = await counter.get(path, Accept="application/json")

    assert (page.status, document.status) == (404, 404)
    assert "Aquí no hay nada" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert document.headers["Content-Type"] == "application/problem+json"


async def test_a_registrant_follows_hold_decline_payment_and_refund_on_one_page(
    counter: Counter,
) -> None:
    office = counter.office
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    path = own_path(office, registrant)

    awaiting = await counter.get(path)
    await office.deliver(
        PaymentFailed(
            organization_id=office.organization_id, payment_id=uuid4(),
            registrant_id=registrant.id, webinar_id=registrant.webinar_id,
            decline_code="insufficient_funds",
        )
    )  # fmt: skip
    declined = await counter.get(path)
    paid = await office.paid(webinar, "ben@example.org")
    confirmed = await counter.get(own_path(office, paid))
    await office.deliver(refunded(paid, 1000))
    part = await counter.get(own_path(office, paid))
    await office.deliver(refunded(paid, 4900, version=3))
    cancelled = await counter.get(own_path(office, paid))

    assert "Waiting for your payment" in awaiting.text
    assert office.links.pay_url(registrant.id) in awaiting.html
    assert "Your bank said: not enough funds." in declined.text
    assert "You have a seat" in confirmed.text
    assert office.links.join_url(paid.id) in confirmed.html
    assert "Remains paid €39.00 EUR" in part.text
    assert "Your money was refunded." in cancelled.text
    assert "/j/" not in cancelled.html
    for page in (awaiting, declined, confirmed, part, cancelled):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"


async def test_a_lapsed_and_a_released_seat_say_what_comes_next(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    registrant = await office.end_hold(await office.admitted(webinar))

    page = await counter.get(own_path(office, registrant))

    assert "Your time to pay is over" in page.text
    assert "/pay/" not in page.html


async def test_the_state_changes_exactly_when_the_page_would(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    path = f"{own_path(office, registrant)}/state"

    before, again = [(await counter.get(path)).html for _ in range(2)]
    shown = await counter.get(own_path(office, registrant))
    await office.execute("UPDATE registrants SET declined_at = now() WHERE id = $1", registrant.id)
    after = await counter.get(path)

    assert before == again != after.html
    assert before.split('"')[3] in shown.html
    assert after.headers["Cache-Control"] == "no-store"


async def test_cancelling_shows_the_refund_first_and_is_done_by_post_alone(
    counter: Counter,
) -> None:
    office = counter.office
    paid = await office.paid(await office.schedule())
    path = f"{own_path(office, paid)}/cancel"

    shown = await counter.get(path)
    assert (await office.registrant(paid.id)).status == "confirmed"
    done = await counter.post(path, shown.hidden_fields())
    again = await counter.post(path, shown.hidden_fields())

    assert "Cancel and refund €49.00" in shown.text
    assert (done.status, done.location) == (303, own_path(office, paid))
    assert (again.status, again.location) == (303, own_path(office, paid))
    assert "€49.00 is on its way back to you." in (await counter.get(done.location)).text
    (asked,) = await office.told(RefundRequested)
    assert asked.origin == "registrant"
    assert (await counter.get(path)).location == own_path(office, paid)


async def test_a_refund_that_shrank_since_it_was_shown_is_shown_again(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    paid = await office.paid(webinar)
    path = f"{own_path(office, paid)}/cancel"
    shown = await counter.get(path)
    soon = datetime.now(UTC) + timedelta(hours=30)
    await office.execute("UPDATE webinars SET starts_at = $1", soon)
    await office.execute("UPDATE registrants SET starts_at = $1", soon)

    refused = await counter.post(path, shown.hidden_fields())
    done = await counter.post(path, refused.hidden_fields())

    assert refused.status == 409
    assert "The refund has changed." in refused.text
    assert "Cancel and refund €24.50" in refused.text
    assert done.status == 303
    (asked,) = await office.told(RefundRequested)
    assert asked.amount_minor == 2450


async def test_a_held_seat_is_freed_by_its_holder(counter: Counter) -> None:
    office = counter.office
    registrant = await office.admitted(await office.schedule())
    path = f"{own_path(office, registrant)}/cancel"

    await counter.post(path, (await counter.get(path)).hidden_fields())

    assert (await office.registrant(registrant.id)).status == "cancelled"
    assert "Your registration is cancelled" in (await counter.get(path_of(path[:-7]))).text


async def test_a_form_on_another_site_cancels_nothing(counter: Counter) -> None:
    office = counter.office
    paid = await office.paid(await office.schedule())

    refused = await counter.post(
        f"{own_path(office, paid)}/cancel", {}, Sec_Fetch_Site="cross-site"
    )

    assert refused.status == 403
    assert (await office.registrant(paid.id)).status == "confirmed"


async def test_joining_is_a_post_and_is_noted(counter: Counter) -> None:
    office = counter.office
    paid = await office.paid(await office.schedule())
    path = join_path(office, paid)

    shown = await counter.get(path)
    assert await office.value("SELECT count(*) FROM joins") == 0
    joined = await counter.post(path)

    assert shown.status == 200
    assert "You join as Ana Pérez" in shown.text
    assert (joined.status, joined.location) == (303, "https://meet.example.org/bread")
    assert await office.value("SELECT count(*) FROM joins") == 1


async def test_a_join_link_dies_with_the_seat_and_with_its_successor(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    unpaid = await office.admitted(webinar, "ben@example.org")
    gone, replaced = await office.paid(webinar), await office.paid(webinar, "eva@example.org")
    await office.deliver(refunded(gone, 4900))
    await office.execute("UPDATE registrants SET link_version = 2 WHERE id = $1", replaced.id)

    for registrant, why in (
        (unpaid, "This seat is not paid yet"),
        (gone, "This registration is cancelled"),
        (replaced, "This link was replaced"),
    ):
        for page in (
            await counter.get(join_path(office, registrant)),
            await counter.post(join_path(office, registrant)),
        ):
            assert page.status == 403
            assert why in page.text
    assert (await counter.get(own_path(office, replaced))).status == 404
    assert await office.value("SELECT count(*) FROM joins") == 0


async def test_a_token_of_another_purpose_opens_nothing(counter: Counter) -> None:
    office = counter.office
    paid = await office.paid(await office.schedule())
    manage, join = own_path(office, paid)[3:], join_path(office, paid)[3:]

    assert (await counter.get(f"/j/{manage}")).status == 404
    assert (await counter.get(f"/r/{join}")).status == 404


async def test_a_confirmed_seat_has_a_calendar_file(counter: Counter) -> None:
    office = counter.office
    webinar = await office.schedule()
    waiting, paid = await office.admitted(webinar), await office.paid(webinar)

    answer = await counter.get(f"{own_path(office, paid)}/calendar.ics")

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "SUMMARY:Bread at home" in answer.html
    assert (await counter.get(f"{own_path(office, waiting)}/calendar.ics")).status == 404


async def test_the_stylesheet_is_where_the_page_says(counter: Counter) -> None:
    page = await counter.get(public_path(await counter.office.schedule()))
    address = page.html.split('rel="stylesheet" href="')[1].split('"')[0]

    answer = await counter.get(address)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


async def test_a_page_that_cannot_be_made_now_asks_for_patience(counter: Counter) -> None:
    webinar = await counter.office.schedule()
    await counter.office.database.pool.close()

    page = await counter.get(public_path(webinar))

    assert page.status == 503
    assert page.headers["Retry-After"] == "2"
    assert f'href="{public_path(webinar)}"' in page.html

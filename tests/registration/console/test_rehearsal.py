"""A rehearsal from its first button to its last refund, and what it leaves alone."""

from typing import Any
from uuid import UUID

import pytest

from services.registration.registrants import Registrant
from services.registration.rehearsals import likely_fee
from services.registration.store import rehearsals, webinars
from shared.events import (
    HoldEnded,
    RefundRequested,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantCreated,
)
from tests.registration.console.browser import Browser
from tests.registration.office import (
    FREE,
    Office,
    account_connected,
    checkout_expired,
    fee_settled,
    payment_succeeded,
    refunded,
)
from tests.registration.test_numbers import totals_of


def path(office: Office, webinar: dict[str, Any], *parts: str) -> str:
    own = f"/console/{office.organization_id}/webinars/{webinar['id']}/rehearsal"
    return "/".join((own, *parts))


async def rehearsed(office: Office, webinar: dict[str, Any]) -> list[Registrant]:
    async with office.database.connection() as connection:
        found = await rehearsals.list_of(connection, UUID(webinar["id"]))
    return [one.registrant for one in found]


async def clean_up(office: Office, browser: Browser, webinar: dict[str, Any]) -> int:
    shown = await browser.get(path(office, webinar))
    page = await browser.post(path(office, webinar, "clean-up"), shown=shown)
    return page.status


async def start(office: Office, browser: Browser, webinar: dict[str, Any]) -> Registrant:
    page = await browser.post(path(office, webinar))
    assert page.status == 303, page.text
    newest = (await rehearsed(office, webinar))[0]
    assert page.headers["Location"] == office.links.manage_url(newest.id)
    return newest


async def test_the_organizer_registers_like_everybody_and_is_marked(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()

    registrant = await start(office, organizer, webinar)

    assert (registrant.name, registrant.email) == ("Inés Carvajal", "organizer@example.org")
    assert (registrant.status, registrant.is_rehearsal) == ("awaiting_payment", True)
    (created,) = await office.told(RegistrantCreated, registrant.id)
    assert (created.is_rehearsal, created.amount_minor) == (True, 4900)
    own_page = await organizer.get(f"/r/{office.links.manage_url(registrant.id).split('/')[-1]}")
    assert "TEST: REHEARSAL" in own_page.text


async def test_a_paid_rehearsal_goes_all_the_way_and_counts_nowhere(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(capacity=10)
    registrant = await start(office, organizer, webinar)
    await office.deliver(payment_succeeded(registrant), fee_settled(registrant))

    confirmed = await office.registrant(registrant.id)
    page = await organizer.get(path(office, webinar))

    assert (confirmed.status, confirmed.holds_seat) == ("confirmed", False)
    (told,) = await office.told(RegistrantConfirmed, registrant.id)
    assert told.is_rehearsal is True
    assert "Paid (done)" in page.text
    assert "Refund it, as you would for a registrant (to do)" in page.text

    await office.deliver(refunded(registrant, 4900))
    after = await organizer.get(path(office, webinar))

    assert "The money went back (done)" in after.text
    assert "Clean up" not in after.text
    totals = await totals_of(office, webinar)
    assert (totals.registered, totals.confirmed, totals.cancelled, totals.money) == (0, 0, 0, ())
    assert await office.seats_taken(webinar) == 0
    listed = await office.organizer("GET", f"/api/v1/webinars/{webinar['id']}/registrants")
    assert listed.body["registrants"] == []


async def test_a_sold_out_webinar_can_be_rehearsed(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(capacity=1)
    await office.paid(webinar)

    registrant = await start(office, organizer, webinar)
    await office.deliver(payment_succeeded(registrant))

    assert (await office.registrant(registrant.id)).status == "confirmed"
    assert await office.seats_taken(webinar) == 1


async def test_a_rehearsal_leaves_ones_own_registration_alone(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    rehearsal = await start(office, organizer, webinar)
    await office.deliver(payment_succeeded(rehearsal))
    held = [await office.admitted(webinar, "organizer@example.org") for _ in range(3)]
    await office.deliver(payment_succeeded(held[0]))

    again = await start(office, organizer, webinar)
    await office.deliver(payment_succeeded(again))

    statuses = [(await office.registrant(one.id)).status for one in (rehearsal, again, held[0])]
    assert statuses == ["confirmed"] * 3
    assert await office.told(RefundRequested) == []
    ended = {event.registrant_id for event in await office.told(HoldEnded)}
    assert ended == {held[1].id, held[2].id}


async def test_a_rehearsal_that_lapsed_takes_a_late_payment(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(capacity=1)
    await office.paid(webinar)
    registrant = await start(office, organizer, webinar)
    await office.deliver(checkout_expired(await office.end_hold(registrant)))
    assert (await office.registrant(registrant.id)).status == "released"

    await office.deliver(payment_succeeded(registrant))

    assert (await office.registrant(registrant.id)).status == "confirmed"


async def test_a_free_webinar_is_rehearsed_without_money(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)

    registrant = await start(office, organizer, webinar)
    page = await organizer.get(path(office, webinar))

    assert (registrant.status, registrant.holds_seat) == ("confirmed", False)
    (told,) = await office.told(RegistrantConfirmed, registrant.id)
    assert told.is_rehearsal is True
    assert "Cancel it, as you would for a registrant (to do)" in page.text
    assert "4242" not in page.text


async def test_cleaning_up_ends_every_rehearsal_and_nothing_else(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    real = await office.paid(webinar)
    awaiting, paid = [await start(office, organizer, webinar) for _ in range(2)]
    await office.deliver(payment_succeeded(paid))

    done = [await clean_up(office, organizer, webinar) for _ in range(2)]

    assert done == [303, 303]
    statuses = [(await office.registrant(one.id)).status for one in (awaiting, paid, real)]
    assert statuses == ["cancelled", "cancelled", "confirmed"]
    (request,) = await office.told(RefundRequested)
    assert (request.registrant_id, request.amount_minor) == (paid.id, None)
    assert {event.notify for event in await office.told(RegistrantCancelled)} == {False}


async def test_money_of_a_rehearsal_that_was_cancelled_without_it_goes_back_as_well(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    registrant = await start(office, organizer, webinar)
    await office.deliver(payment_succeeded(registrant))
    await office.organizer(
        "POST", f"/api/v1/registrants/{registrant.id}/cancel", {"refund": "none"}
    )

    await clean_up(office, organizer, webinar)

    (request,) = await office.told(RefundRequested)
    assert request.registrant_id == registrant.id


async def test_there_are_only_a_few_at_a_time_and_a_second_click_makes_none(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    shown = await organizer.get(path(office, webinar))

    clicks = [await organizer.post(path(office, webinar), shown=shown) for _ in range(2)]
    others = [await organizer.post(path(office, webinar)) for _ in range(3)]

    assert clicks[0].headers["Location"] == clicks[1].headers["Location"]
    assert [page.status for page in others] == [303, 303, 409]
    assert "Clean up the rehearsals first." in others[-1].text
    assert len(await rehearsed(office, webinar)) == 3


async def test_real_money_is_named_with_the_fee_before_it_is_charged(
    office: Office, organizer: Browser
) -> None:
    await office.deliver(account_connected(office.organization_id, version=2, is_live=True))
    webinar = await office.schedule()
    unknown = await organizer.get(path(office, webinar))
    paid = await office.paid(webinar)
    await office.deliver(fee_settled(paid))
    known = await organizer.get(path(office, webinar))

    refused = await organizer.post(path(office, webinar))
    assert await rehearsed(office, webinar) == []
    started = await organizer.post(path(office, webinar), {"pays_live": "yes"})

    assert "varies with card, country and currency" in unknown.text
    assert "about €1.72 EUR is lost" in known.text
    assert "https://stripe.com/pricing" in known.html
    assert refused.status == 422
    assert 'aria-invalid="true"' in refused.html
    assert started.status == 303


async def test_with_a_test_key_a_live_organization_rehearses_without_a_fee(
    office: Office, organizer: Browser
) -> None:
    await office.deliver(
        account_connected(office.organization_id, version=2, is_live=True, has_test_key=True)
    )
    webinar = await office.schedule()

    page = await organizer.get(path(office, webinar))
    registrant = await start(office, organizer, webinar)
    own_page = await organizer.get(f"/r/{office.links.manage_url(registrant.id).split('/')[-1]}")

    assert "No card is charged: rehearsals use Stripe’s test mode." in page.text
    assert "pays_live" not in page.html
    assert "No card is charged." in own_page.text


async def test_a_rehearsal_says_test_by_what_paid_for_it(
    office: Office, organizer: Browser
) -> None:
    await office.deliver(
        account_connected(office.organization_id, version=2, is_live=True, has_test_key=True)
    )
    webinar = await office.schedule()
    played, real = [await start(office, organizer, webinar) for _ in range(2)]
    await office.deliver(payment_succeeded(played), payment_succeeded(real, is_live=True))
    await office.deliver(account_connected(office.organization_id, version=3, is_live=True))

    pages = [
        await organizer.get(f"/r/{office.links.manage_url(one.id).split('/')[-1]}")
        for one in (played, real)
    ]

    assert ["No card is charged." in page.text for page in pages] == [True, False]


async def test_a_test_key_that_is_gone_makes_rehearsals_real_again(
    office: Office, organizer: Browser
) -> None:
    for version, has_test_key in ((2, True), (3, None)):
        await office.deliver(
            account_connected(
                office.organization_id, version=version, is_live=True, has_test_key=has_test_key
            )
        )
    webinar = await office.schedule()

    page = await organizer.get(path(office, webinar))
    refused = await organizer.post(path(office, webinar))

    assert "This organization takes real money." in page.text
    assert "test mode" not in page.text
    assert refused.status == 422


async def test_in_test_mode_nobody_reads_of_a_test_key(office: Office, organizer: Browser) -> None:
    page = await organizer.get(path(office, await office.schedule()))

    assert "rehearsals use Stripe’s test mode" not in page.text
    assert "4242" in page.text


async def test_what_cannot_be_rehearsed_says_why(office: Office, organizer: Browser) -> None:
    over, cancelled, unsold = [await office.schedule() for _ in range(3)]
    await office.start(over)
    await office.organizer("POST", f"/api/v1/webinars/{cancelled['id']}/cancel")
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))

    pages = [await organizer.get(path(office, one)) for one in (over, cancelled, unsold)]
    sent = [await organizer.post(path(office, one)) for one in (over, cancelled, unsold)]

    for page, words in zip(
        pages,
        ("Registration is over.", "This was cancelled.", "Stripe is not connected."),
        strict=True,
    ):
        assert words in page.text
        assert "Start a rehearsal" not in page.text
    assert [page.status for page in sent] == [409, 409, 409]
    assert await office.told(RegistrantCreated) == []


@pytest.mark.parametrize(
    ("fee", "paid", "expected"),
    [(172, 4900, 172), (100, 10_000, 49), (0, 4900, None), (5, 0, None), (9_000, 4900, 4900)],
)
async def test_the_fee_is_judged_by_its_share_of_earlier_payments(
    office: Office, fee: int, paid: int, expected: int | None
) -> None:
    webinar = await office.schedule()
    async with office.database.connection() as connection:
        stored = await webinars.find(connection, UUID(webinar["id"]))
    assert stored is not None

    assert likely_fee(stored, fee, paid) == expected

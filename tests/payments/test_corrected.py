"""A corrected registrant: payments sends them to where their page is now."""

import asyncio
from itertools import permutations
from uuid import uuid4

import pytest

from tests.payments.box_office import BoxOffice

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_whoever_was_corrected_while_paying_comes_back_to_their_new_page(
    office: BoxOffice,
) -> None:
    registrant = await office.registered()
    session_id = await office.open_checkout(registrant)
    newer = office.corrected(registrant)

    await office.hear(newer)
    [session] = await office.sessions_of(registrant)
    gave_up = await office.get(session["cancel_url"].removeprefix(office.url))
    await office.stripe.pay(session_id)
    paid = await office.get(session["success_url"].removeprefix(office.url))

    assert gave_up.location == paid.location == newer.manage_url
    told = await office.told("payments.payment.succeeded", registrant)
    assert told.amount_minor == 4900


async def test_stripe_is_told_the_name_and_address_that_are_right(office: BoxOffice) -> None:
    registrant = await office.registered()
    newer = office.corrected(registrant)

    await office.hear(newer)
    await office.open_checkout(registrant)

    [session] = await office.sessions_of(registrant)
    assert session["customer_email"] == newer.email
    [attempt] = await office.attempts(registrant)
    described = attempt["params"]["payment_intent_data"]["description"]
    assert described == f"Price your work, {newer.name}"


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_newest_page_wins_in_any_order_and_however_often(
    office: BoxOffice, order: tuple[int, ...]
) -> None:
    registrant = office.registrant()
    events = [
        registrant,
        office.corrected(registrant, version=2),
        office.corrected(registrant, version=3),
    ]
    heard = [events[number] for number in order]

    await asyncio.gather(*(office.hear(event) for event in heard * 2))
    await office.hear(*(event.model_copy(update={"event_id": uuid4()}) for event in heard))

    back = await office.get(f"{office.pay_path(registrant)}/return")
    assert back.location == office.corrected(registrant, version=3).manage_url


async def test_nothing_is_kept_of_somebody_who_owes_nothing(office: BoxOffice) -> None:
    registrant = await office.registered(amount_minor=0, currency=None, pay_by=None)

    await office.hear(office.corrected(registrant))

    assert not await office.rows(
        "SELECT FROM corrections WHERE registrant_id = $1", registrant.registrant_id
    )

"""A webinar's numbers, against what really happened to its registrants."""

from typing import Any
from uuid import UUID, uuid4

from services.registration.numbers import Money, Totals
from services.registration.store import numbers
from tests.registration.office import (
    FREE,
    Office,
    checkout_expired,
    fee_settled,
    payment_succeeded,
    refund_failed,
    refunded,
)


async def totals_of(office: Office, webinar: dict[str, Any]) -> Totals:
    async with office.database.connection() as connection:
        found = await numbers.totals_of_webinars(
            connection, office.organization_id, [UUID(webinar["id"])]
        )
    return found[UUID(webinar["id"])]


async def test_a_webinar_without_registrants_has_numbers_too(office: Office) -> None:
    webinar = await office.schedule(capacity=None)

    totals = await totals_of(office, webinar)

    assert totals == Totals(0, 0, 0, 0, 0, seats_taken=0, capacity=None, money=())


async def test_totals_follow_registrants_through_all_that_happens(office: Office) -> None:
    webinar = await office.schedule(capacity=10)
    paid = [await office.paid(webinar) for _ in range(3)]
    held = await office.admitted(webinar)
    lapsed = await office.end_hold(await office.admitted(webinar))
    await office.deliver(checkout_expired(lapsed))
    for registrant in paid:
        await office.deliver(fee_settled(registrant))
    await office.deliver(
        refunded(paid[0], 4900, paid_minor=4900, refunded_minor=4900),
        fee_settled(paid[0], version=2, fee_minor=172, net_minor=-172),
        refunded(paid[1], 900, paid_minor=4900, refunded_minor=900),
    )

    totals = await totals_of(office, webinar)

    assert held.status == "awaiting_payment"
    assert totals == Totals(
        registered=5,
        awaiting_payment=1,
        confirmed=2,
        released=1,
        cancelled=1,
        seats_taken=3,
        capacity=10,
        money=(Money("EUR", 3, 14700, 5800, 516, 9284),),
    )


async def test_sums_equal_the_rows_they_were_made_of(office: Office) -> None:
    webinar = await office.schedule(capacity=None)
    registrants = [await office.admitted(webinar) for _ in range(6)]
    await office.deliver(*(payment_succeeded(one) for one in registrants[:4]))
    await office.deliver(*(fee_settled(one) for one in registrants[:3]))
    back = refunded(registrants[0], 4900)
    await office.deliver(
        back, refund_failed(registrants[0], 0, version=3, refund_id=back.refund_id)
    )

    totals = await totals_of(office, webinar)
    rows = await office.value(
        "SELECT (count(*), count(*) FILTER (WHERE status = 'confirmed'), "
        "count(*) FILTER (WHERE status = 'cancelled'), sum(paid_minor)::int, "
        "sum(refunded_minor)::int, sum(fee_minor)::int, sum(net_minor)::int) FROM registrants"
    )

    (euros,) = totals.money
    assert rows == (
        totals.registered,
        totals.confirmed,
        totals.cancelled,
        euros.paid_minor,
        euros.refunded_minor,
        euros.fee_minor,
        euros.net_minor,
    )
    assert (totals.cancelled, euros.refunded_minor) == (1, 0)


async def test_money_that_is_settled_elsewhere_has_a_line_of_its_own(office: Office) -> None:
    webinar = await office.schedule(price_minor=5000, currency="USD")
    registrant = await office.paid(webinar)
    await office.deliver(fee_settled(registrant, fee_minor=200, net_minor=4400))
    dollars, _ = before = (await totals_of(office, webinar)).money[::-1]

    await office.deliver(
        fee_settled(registrant, version=2, fee_minor=150, net_minor=4850, settlement_currency="USD")
    )

    assert before == (Money("USD", 1, 5000, 0, 0, 0), Money("EUR", 0, 0, 0, 200, 4400))
    after = await totals_of(office, webinar)
    assert after.money == (Money("EUR", 0, 0, 0, 0, 0), Money("USD", 1, 5000, 0, 150, 4850))
    assert after.net == ((4850, "USD"),)
    assert dollars.is_settled is False


async def test_totals_of_several_webinars_come_together_and_of_ones_own_only(
    office: Office,
) -> None:
    paid, free = await office.schedule(), await office.schedule(**FREE)
    await office.paid(paid)
    await office.admitted(free)
    await office.admitted(free)
    ids = [UUID(paid["id"]), UUID(free["id"])]

    async with office.database.connection() as connection:
        own = await numbers.totals_of_webinars(connection, office.organization_id, ids)
        foreign = await numbers.totals_of_webinars(connection, uuid4(), ids)

    assert [own[one].confirmed for one in ids] == [1, 2]
    assert own[ids[1]].money == ()
    assert foreign == {}


async def test_rows_are_summed_whatever_the_search_path_of_who_changes_them(
    office: Office,
) -> None:
    webinar = await office.schedule(**FREE)
    registrant = await office.admitted(webinar)

    async with office.database.transaction() as connection:
        schema = await connection.fetchval("SELECT current_schema()")
        await connection.execute("SET LOCAL search_path = public")
        await connection.execute(
            f"UPDATE {schema}.registrants SET status = 'cancelled', holds_seat = false "
            "WHERE id = $1",
            registrant.id,
        )

    assert (await totals_of(office, webinar)).cancelled == 1

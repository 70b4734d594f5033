"""Editing a webinar that has registrants: what was promised to them stays."""

from typing import Any

from tests.registration.office import Office, Reply

EVERYTHING = {"kind": "until_start"}
NOTHING = {"kind": "none"}
HALF = {"kind": "brackets", "brackets": [{"hours_before": 24, "percent": 50}]}


async def change(office: Office, webinar: dict[str, Any], **fields: Any) -> Reply:
    return await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", fields)


async def test_registrants_keep_price_description_and_policy(office: Office) -> None:
    webinar = await office.schedule(refund_policy=HALF)
    before = [await office.paid(webinar), await office.admitted(webinar)]

    reply = await change(
        office, webinar, price_minor=100, description="Other words.", refund_policy=EVERYTHING
    )
    newcomer = await office.admitted(webinar)

    assert reply.status == 200
    assert [await office.registrant(one.id) for one in before] == before
    assert {(one.amount_minor, one.description_version) for one in before} == {(4900, 1)}
    assert {one.policy.kind for one in before if one.policy} == {"brackets"}
    assert (newcomer.amount_minor, newcomer.description_version) == (100, 2)
    assert newcomer.refund_policy == EVERYTHING


async def test_until_the_first_sale_the_policy_may_become_stricter(office: Office) -> None:
    webinar = await office.schedule(refund_policy=EVERYTHING)
    await office.admitted(webinar)

    reply = await change(office, webinar, refund_policy=NOTHING)

    assert reply.status == 200


async def test_after_the_first_sale_the_policy_only_becomes_more_generous(office: Office) -> None:
    webinar = await office.schedule(refund_policy=HALF)
    await office.paid(webinar)

    refused = [
        await change(office, webinar, refund_policy=stricter, title="Not stored")
        for stricter in (
            NOTHING,
            None,
            {"kind": "brackets", "brackets": [{"hours_before": 25, "percent": 50}]},
            {"kind": "brackets", "brackets": [{"hours_before": 25, "percent": 100}]},
            {"kind": "brackets", "brackets": [{"hours_before": 24, "percent": 49}]},
        )
    ]
    kept = await change(office, webinar, refund_policy=HALF)
    widened = await change(office, webinar, refund_policy=EVERYTHING)
    back = await change(office, webinar, refund_policy=HALF)

    assert [(reply.status, reply.code) for reply in refused] == [(409, "policy_stricter")] * 5
    assert "at least 50% must go back until 24 hours before" in refused[0].body["title"]
    assert (kept.status, widened.status) == (200, 200)
    assert widened.body["title"] == webinar["title"]
    assert (back.status, back.code) == (409, "policy_stricter")
    assert "100% must go back until the start" in back.body["title"]


async def test_a_sale_counts_also_after_its_refund(office: Office) -> None:
    webinar = await office.schedule(refund_policy=EVERYTHING)
    paid = await office.paid(webinar)
    await office.organizer("POST", f"/api/v1/registrants/{paid.id}/cancel", {"refund": "full"})

    reply = await change(office, webinar, refund_policy=NOTHING)

    assert reply.code == "policy_stricter"

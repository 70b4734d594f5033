"""The dashboard and its buttons."""

import pytest

from tests.deploy.local.sandbox.bench import ANNA, Bench, line_item


async def _page(bench: Bench, path: str = "/dashboard") -> str:
    async with bench.http.get(bench.url + path) as response:
        assert response.status == 200
        return await response.text()


async def _press(bench: Bench, path: str, **form: str) -> str:
    """The page after a button was pressed."""
    async with bench.http.post(f"{bench.url}/dashboard/{path}", data=form) as response:
        assert response.status == 200
        return await response.text()


@pytest.mark.parametrize("path", ["/", "/dashboard"])
async def test_an_empty_dashboard_says_so(bench: Bench, path: str) -> None:
    text = await _page(bench, path)

    assert "<b>TEST</b>" in text
    assert "Nobody has paid yet." in text
    assert "No webhook endpoint" in text
    assert "Anna Talks" in text


async def test_a_payment_shows_its_amount_fee_net_and_state(bench: Bench) -> None:
    charge = await bench.paid(payment_intent_data={"description": "Price your work, Ana"})
    fresh = await _page(bench)
    await bench.settled(charge)

    text = await _page(bench)

    assert "Price your work, Ana" in text
    for shown in ("€49.00", "€1.72", "€47.28", ">paid<", charge):
        assert shown in text
    assert "€1.72" not in fresh


async def test_a_payment_in_another_currency_shows_what_arrives(bench: Bench) -> None:
    charge = await bench.paid(line_items=[line_item(12_000, "usd")])
    await bench.settled(charge)

    text = await _page(bench)

    assert "$120.00" in text
    assert "€106.90" in text


async def test_a_part_and_then_the_rest_are_refunded(bench: Bench) -> None:
    charge = await bench.paid()

    part = await _press(bench, f"refund/{charge}", amount="9,50")
    whole = await _press(bench, f"refund/{charge}", amount="")

    assert "partly refunded" in part
    assert "€9.50 back" in part
    assert ">refunded<" in whole
    refunds = await bench.client.v1.refunds.list_async({"charge": charge})
    assert [one.amount for one in refunds.data] == [3950, 950]


@pytest.mark.parametrize(("amount", "problem"), [("much", "much is no amount"), ("99", "greater")])
async def test_a_refund_that_cannot_be_is_explained(
    bench: Bench, amount: str, problem: str
) -> None:
    charge = await bench.paid()

    text = await _press(bench, f"refund/{charge}", amount=amount)

    assert problem in text
    assert (await bench.client.v1.refunds.list_async()).data == []


async def test_a_dispute_is_opened_and_decided(bench: Bench) -> None:
    charge = await bench.paid()
    opened = await _press(bench, f"dispute/{charge}", kind="chargeback")
    dispute = (await bench.client.v1.disputes.list_async()).data[0]

    decided = await _press(bench, f"decide/{dispute.id}", status="won")
    again = await _press(bench, f"decide/{dispute.id}", status="lost")

    assert "dispute: needs response" in opened
    assert "dispute: won" in decided
    assert "An open dispute is won or lost." in again


async def test_an_inquiry_is_only_asked(bench: Bench) -> None:
    charge = await bench.paid()

    assert "warning needs response" in await _press(bench, f"dispute/{charge}", kind="inquiry")


async def test_a_declined_payment_cannot_be_disputed(bench: Bench) -> None:
    charge = await bench.paid("4000000000000002")

    text = await _press(bench, f"dispute/{charge}")

    assert ">declined<" in text
    assert "Only a charge that succeeded" in text


async def test_an_account_is_connected_completed_and_disconnected(bench: Bench) -> None:
    await bench.listen(connect=True)

    assert ">connected<" in await _press(bench, f"connect/{ANNA}")
    assert "Complete details" in await _press(bench, f"ready/{ANNA}", ready="no")
    assert ">connected<" not in await _press(bench, f"disconnect/{ANNA}")
    await bench.control("quiet")

    assert bench.listener.types == [
        "account.application.authorized",
        "account.updated",
        "account.application.deauthorized",
    ]


async def test_the_platform_cannot_be_disconnected(bench: Bench) -> None:
    text = await _press(bench, "disconnect/acct_sandbox_platform")

    assert "cannot be disconnected from itself" in text


async def test_an_open_session_can_be_paid_or_expired_from_here(bench: Bench) -> None:
    session = await bench.session()

    text = await _page(bench)
    after = await _press(bench, f"expire/{session.id}")

    assert f'href="{session.url}"' in text
    assert session.id not in after
    ended = await bench.client.v1.checkout.sessions.retrieve_async(session.id)
    assert ended.status == "expired"


async def test_events_show_whether_they_arrived_and_can_be_sent_again(bench: Bench) -> None:
    await bench.listen("charge.succeeded")
    bench.listener.answers = [500]
    await bench.control("settings", {"settlement_delay": 3600})
    await bench.paid()
    event = await bench.listener.wait_for("charge.succeeded")
    await bench.control("quiet")
    before = await _page(bench)

    await _press(bench, f"resend/{event['id']}")
    await bench.listener.wait_for("charge.succeeded", 2)
    await bench.control("quiet")

    assert "pending, 1 tried" in before
    assert ">delivered<" in await _page(bench)


@pytest.mark.parametrize("path", ["refund/ch_none", "paint/ch_none"])
async def test_a_button_for_what_is_not_there_does_nothing(bench: Bench, path: str) -> None:
    async with bench.http.post(f"{bench.url}/dashboard/{path}") as response:
        assert response.status == 404


async def test_the_clocks_lead_is_shown(bench: Bench) -> None:
    await bench.control("clock", {"advance": 7200})

    assert "2.0 hours ahead" in await _page(bench)

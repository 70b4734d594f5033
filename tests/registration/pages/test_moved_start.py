"""What a registrant's pages say once the start was moved and a refund is offered."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.events import RefundRequested
from tests.registration.office import Office
from tests.registration.pages.counter import Counter, path_of


async def move(office: Office, webinar: dict[str, Any], **more: Any) -> None:
    new = datetime.fromisoformat(webinar["starts_at"]) + timedelta(days=1)
    body = {"starts_at": new.isoformat()} | more
    reply = await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", body)
    assert reply.status == 200


@pytest.mark.parametrize("policy", [{"kind": "none"}, None])
async def test_everything_back_is_offered_until_its_time(
    office: Office, counter: Counter, policy: dict[str, Any] | None
) -> None:
    webinar = await office.schedule(refund_policy=policy)
    paid = await office.paid(webinar)
    path = path_of(office.links.manage_url(paid.id))
    await move(office, webinar, refund_until=(datetime.now(UTC) + timedelta(days=3)).isoformat())

    own = await counter.get(path)
    before = await counter.get(f"{path}/cancel")
    sent = await counter.post(f"{path}/cancel", before.hidden_fields())

    assert "The start was moved." in own.text
    assert "The start was moved: whoever cancels until" in before.text
    assert "not refunded" not in before.text
    assert "has set no refund policy" not in before.text
    assert "Cancel and refund €49.00" in before.text
    assert sent.status == 303
    (refund,) = await office.told(RefundRequested)
    assert refund.registrant_id == paid.id


async def test_after_its_time_the_policy_holds_again(office: Office, counter: Counter) -> None:
    webinar = await office.schedule(refund_policy={"kind": "none"})
    paid = await office.paid(webinar)
    path = path_of(office.links.manage_url(paid.id))
    await move(office, webinar, refund_until=(datetime.now(UTC) + timedelta(days=3)).isoformat())
    await office.execute("UPDATE webinars SET refund_until = now()")

    own = await counter.get(path)
    before = await counter.get(f"{path}/cancel")

    assert "The start was moved" not in own.text + before.text
    assert "your payment is not refunded" in before.text
    assert "Cancel without refund" in before.text


async def test_a_move_without_an_offer_says_nothing_of_a_refund(
    office: Office, counter: Counter
) -> None:
    webinar = await office.schedule()
    paid = await office.paid(webinar)
    await move(office, webinar)

    own = await counter.get(path_of(office.links.manage_url(paid.id)))

    assert "The start was moved" not in own.text

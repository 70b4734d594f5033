"""Registrants as the organizer sees them."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest

from shared.events import (
    DisputeClosed,
    DisputeOpened,
    EmailBounced,
    EmailFailed,
    EmailSent,
    PaymentFlagged,
)
from tests.registration.office import (
    Office,
    fee_settled,
    new_address,
    refund_failed,
    refunded,
)


def about(registrant: Any) -> dict[str, Any]:
    return {
        "organization_id": registrant.organization_id,
        "registrant_id": registrant.id,
        "webinar_id": registrant.webinar_id,
    }


async def test_the_list_shows_who_paid_what(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar, "ana@example.org")
    await office.deliver(fee_settled(registrant), refunded(registrant, 1900))

    reply = await office.organizer("GET", f"/api/v1/webinars/{webinar['id']}/registrants")

    (shown,) = reply.body["registrants"]
    assert reply.body["next"] is None
    assert datetime.fromisoformat(shown.pop("created_at")) <= datetime.now(UTC)
    assert shown == {
        "id": str(registrant.id),
        "name": "Ana Pérez",
        "email": "ana@example.org",
        "status": "confirmed",
        "amount_paid_minor": 4900,
        "amount_refunded_minor": 1900,
        "currency": "EUR",
        "fee_minor": 172,
        "net_minor": 4728,
        "settlement_currency": "EUR",
    }


async def test_pages_lose_nobody_who_registers_meanwhile(office: Office) -> None:
    webinar = await office.schedule(capacity=None)
    expected = [str((await office.admitted(webinar)).id) for _ in range(5)]
    path = f"/api/v1/webinars/{webinar['id']}/registrants?limit=2"

    first = await office.organizer("GET", path)
    expected.append(str((await office.admitted(webinar)).id))
    second = await office.organizer("GET", f"{path}&after={first.body['next']}")
    third = await office.organizer("GET", f"{path}&after={second.body['next']}")

    pages = [first, second, third]
    assert [one["id"] for page in pages for one in page.body["registrants"]] == expected
    assert third.body["next"] is None
    for after in ("-1", "x", "9" * 30):
        assert (await office.organizer("GET", f"{path}&after={after}")).status == 422


async def test_one_registrant_is_shown_with_all_that_happened(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    dispute: dict[str, Any] = about(registrant) | {
        "dispute_id": "dp_1",
        "payment_id": uuid4(),
        "amount_minor": 4900,
        "currency": "EUR",
    }
    email = about(registrant) | {"email_id": uuid4(), "kind": "confirmation", "message_id": "<a@b>"}
    await office.deliver(
        EmailSent(**email),
        DisputeClosed(**dispute, version=2, status="won"),
        DisputeOpened(**dispute, version=1, status="needs_response"),
        refunded(registrant, 1000),
    )

    reply = await office.organizer("GET", f"/api/v1/registrants/{registrant.id}")

    body = reply.body
    assert (body["status"], body["amount_minor"], body["holds_seat"]) == ("confirmed", 4900, True)
    assert body["refund_policy"] == webinar["refund_policy"]
    assert [(one["kind"], one["status"]) for one in body["mails"]] == [("confirmation", "sent")]
    assert [(one["id"], one["status"], one["is_open"]) for one in body["disputes"]] == [
        ("dp_1", "won", False)
    ]
    assert [one["what"] for one in body["history"]][:1] == ["registered"]
    assert {one["what"] for one in body["history"]} >= {
        "paid",
        "confirmed",
        "mail_sent",
        "dispute_closed",
        "refund_succeeded",
    }


async def test_a_dispute_changes_no_status(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.paid(webinar)

    await office.deliver(
        DisputeOpened(
            **about(registrant),
            dispute_id="dp_1",
            payment_id=uuid4(),
            version=1,
            amount_minor=4900,
            currency="EUR",
            status="needs_response",
        )
    )

    assert await office.registrant(registrant.id) == registrant


async def test_mails_about_nobody_here_are_skipped(office: Office) -> None:
    mail: dict[str, Any] = {
        "organization_id": office.organization_id,
        "kind": "account",
        "message_id": "<a@b>",
    }

    await office.deliver(
        EmailSent(**mail, email_id=uuid4()),
        EmailSent(**mail, email_id=uuid4(), registrant_id=uuid4()),
    )

    assert await office.value("SELECT count(*) FROM mails") == 0


@pytest.mark.parametrize("seconds", [-5, 5], ids=["clock behind", "clock ahead"])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_what_has_bounced_stays_so_in_whatever_order_it_is_told(
    office: Office, order: tuple[int, ...], seconds: int
) -> None:
    registrant = await office.paid(await office.schedule())
    mail = about(registrant) | {"email_id": uuid4(), "kind": "refund", "message_id": "<a@b>"}
    now = datetime.now(UTC)
    told = (
        EmailSent(**mail, occurred_at=now),
        EmailBounced(**mail, occurred_at=now + timedelta(seconds=seconds), status_code="5.1.1"),
        EmailBounced(**mail, occurred_at=now + timedelta(minutes=1), status_code="5.2.2"),
    )

    for place in order:
        await office.deliver(told[place])

    body = (await office.organizer("GET", f"/api/v1/registrants/{registrant.id}")).body
    first = next(told[place] for place in order if place)
    assert isinstance(first, EmailBounced)
    assert [(one["status"], one["failure_reason"]) for one in body["mails"]] == [
        ("bounced", first.status_code)
    ]
    assert "mail_bounced" in {one["what"] for one in body["history"]}


async def test_what_needs_a_person_is_listed_with_what_to_do(office: Office) -> None:
    webinar = await office.schedule()
    failed, unmailed = await office.paid(webinar), await office.paid(webinar, new_address())
    await office.deliver(
        refund_failed(failed, 4900),
        refund_failed(failed, 4900, failure_reason="nothing_left"),
        EmailFailed(
            **about(unmailed),
            email_id=uuid4(),
            kind="confirmation",
            message_id="<a@b>",
            failure_reason="550 no such user",
        ),
    )

    reply = await office.organizer("GET", "/api/v1/exceptions")

    shown = {one["kind"]: one for one in reply.body["exceptions"]}
    assert set(shown) == {"refund_failed", "mail_failed"}
    assert shown["refund_failed"]["registrant_id"] == str(failed.id)
    assert shown["mail_failed"]["detail"] == "550 no such user"
    assert all(one["what_to_do"] for one in shown.values())


async def test_odd_money_is_an_exception_until_payments_says_otherwise(office: Office) -> None:
    registrant = await office.paid(await office.schedule())
    told = about(registrant) | {"cause": "odd_money", "about": "cs_1", "detail": "3900 EUR came"}
    flagged = PaymentFlagged(**told)
    resolved = PaymentFlagged(**told, is_resolved=True)

    await office.deliver(flagged)
    (shown,) = (await office.organizer("GET", "/api/v1/exceptions")).body["exceptions"]
    await office.deliver(resolved, flagged.model_copy(update={"event_id": uuid4()}))
    left = (await office.organizer("GET", "/api/v1/exceptions")).body["exceptions"]

    assert (shown["kind"], shown["registrant_id"]) == ("money_flagged", str(registrant.id))
    assert "3900 EUR came" in shown["detail"]
    assert shown["what_to_do"]
    assert left == []

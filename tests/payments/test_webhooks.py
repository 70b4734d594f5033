"""Stripe's webhooks at the door."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest

from services.payments.stripe_gateway import sign_webhook
from tests.payments.box_office import BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


def event(**facts: Any) -> dict[str, Any]:
    """An event about somebody else's charge."""
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": "charge.updated",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": {"id": "ch_x", "object": "unknown"}},
    } | facts


async def post(office: BoxOffice, body: bytes, signature: str | None) -> tuple[int, Any]:
    headers = {} if signature is None else {"Stripe-Signature": signature}
    async with office.http.post(
        f"{office.url}/stripe/webhooks", data=body, headers=headers
    ) as answer:
        return answer.status, await answer.json()


def secret_of(office: BoxOffice) -> str:
    return office.settings.webhook_secrets[-1]


async def stored(office: BoxOffice, event_id: str) -> bool:
    return bool(await office.rows("SELECT FROM stripe_events WHERE stripe_event_id = $1", event_id))


async def test_what_stripe_signed_is_stored_and_merged_once(office: BoxOffice) -> None:
    document = event()
    body = json.dumps(document).encode()

    first = await post(office, body, sign_webhook(body, secret_of(office)))
    again = await post(office, body, sign_webhook(body, secret_of(office)))

    assert (first[0], again[0]) == (200, 200)
    rows = await office.rows(
        "SELECT body FROM stripe_events WHERE stripe_event_id = $1", document["id"]
    )
    assert [row["body"] for row in rows] == [body]
    await eventually(
        lambda: office.rows(
            "SELECT FROM stripe_events WHERE stripe_event_id = $1 AND processed_at IS NOT NULL",
            document["id"],
        )
    )


@pytest.mark.parametrize("flaw", ["none", "wrong secret", "old", "other body", "nonsense"])
async def test_a_forged_webhook_gets_400_and_leaves_nothing(office: BoxOffice, flaw: str) -> None:
    document = event()
    body = json.dumps(document).encode()
    secret = secret_of(office)
    signatures = {
        "none": None,
        "wrong secret": sign_webhook(body, "whsec_other"),
        "old": sign_webhook(body, secret, timestamp=int(time.time()) - 301),
        "other body": sign_webhook(body + b" ", secret),
        "nonsense": "t=1,v1=\xe9",
    }

    status, problem = await post(office, body, signatures[flaw])

    assert (status, problem["code"]) == (400, "not_from_stripe")
    assert not await stored(office, document["id"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"id": "evt_1"}', b"\xff\xfe{}"])
async def test_a_signed_body_that_is_no_event_gets_400(office: BoxOffice, body: bytes) -> None:
    signature = "t=1,v1=00"
    if body.isascii():
        signature = sign_webhook(body, secret_of(office))

    status, _ = await post(office, body, signature)

    assert status == 400


async def test_a_body_over_the_limit_is_not_read(office: BoxOffice) -> None:
    body = b" " * (256 * 1024 + 1)

    status, _ = await post(office, body, "t=1,v1=00")

    assert status == 413


async def test_an_event_of_the_other_mode_is_taken_and_dropped(office: BoxOffice) -> None:
    document = event(livemode=True)
    body = json.dumps(document).encode()

    status, _ = await post(office, body, sign_webhook(body, secret_of(office)))

    assert status == 200
    assert not await stored(office, document["id"])


async def test_an_event_that_nobody_asked_for_is_taken_and_dropped(office: BoxOffice) -> None:
    document = event(type="customer.created")
    body = json.dumps(document).encode()

    status, _ = await post(office, body, sign_webhook(body, secret_of(office)))

    assert status == 200
    assert not await stored(office, document["id"])


async def test_any_of_the_secrets_will_do(office: BoxOffice) -> None:
    """While a secret is rotated, and where two endpoints lead here, two are valid."""
    known = office.settings.webhook_secrets
    office.settings.__dict__["webhook_secrets"] = ("whsec_old", *known)
    document = event()
    body = json.dumps(document).encode()

    old = await post(office, body, sign_webhook(body, "whsec_old"))
    new = await post(office, body, sign_webhook(body, known[0]))
    office.settings.__dict__["webhook_secrets"] = known

    assert (old[0], new[0]) == (200, 200)


async def test_without_secrets_the_door_is_closed(deaf_office: BoxOffice) -> None:
    body = json.dumps(event()).encode()

    status, problem = await post(deaf_office, body, sign_webhook(body, "none"))

    assert (status, problem["code"]) == (404, "not_found")


async def test_what_cannot_be_stored_now_is_asked_for_again(office: BoxOffice) -> None:
    document = event()
    body = json.dumps(document).encode()
    pool, office.database.pool = office.database.pool, _Away()  # type: ignore[assignment] # Away.
    try:
        status, _ = await post(office, body, sign_webhook(body, secret_of(office)))
    finally:
        office.database.pool = pool

    assert status == 503
    assert not await stored(office, document["id"])
    again = await post(office, body, sign_webhook(body, secret_of(office)))
    assert again[0] == 200


class _Away:
    """A database that does not answer."""

    def acquire(self, **_options: Any) -> Any:
        raise ConnectionRefusedError

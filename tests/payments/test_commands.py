"""Requests over the bus."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import nats
import pytest

from shared.events import ApiTokenChanged, RegistrantCreated
from tests.payments.box_office import BoxOffice

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def new_token(office: BoxOffice, *scopes: str, **facts: Any) -> str:
    token = f"tq_{uuid4().hex}"
    await office.hear(
        ApiTokenChanged(
            **{
                "organization_id": office.organization_id,
                "token_id": uuid4().hex,
                "token_hash": hashlib.sha256(token.encode()).hexdigest(),
                "scopes": scopes,
                "version": 1,
            }
            | facts
        )
    )
    return token


async def ask(
    office: BoxOffice,
    body: Any,
    token: str | None,
    key: str | None = None,
) -> tuple[int, dict[str, Any]]:
    client = await nats.connect(office.settings.nats_url)
    headers = {"Idempotency-Key": key or f"key-{uuid4()}"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        answer = await client.request(
            f"{office.settings.nats_prefix}.payments.command.refund",
            raw,
            timeout=5,
            headers=headers,
        )
    finally:
        await client.close()
    assert answer.headers is not None
    return int(answer.headers["Status"]), json.loads(answer.data)


def wanted(registrant: RegistrantCreated, **facts: Any) -> dict[str, Any]:
    return {"registrant_id": str(registrant.registrant_id)} | facts


async def test_a_part_is_refunded_and_the_same_key_means_the_same_refund(
    office: BoxOffice,
) -> None:
    registrant = await office.paid()
    token = await new_token(office, "refund")
    key = f"key-{uuid4()}"
    body = wanted(registrant, amount_minor=900, reason="moved away")

    first = await ask(office, body, token, key)
    told = await office.told("payments.refund.succeeded", registrant)
    again = await ask(office, body, token, key)
    other = await ask(office, wanted(registrant, amount_minor=901), token, key)

    assert first == (202, {"id": str(told.refund_id), "status": "requested"})
    assert again == (202, {"id": str(told.refund_id), "status": "succeeded"})
    assert (other[0], other[1]["code"]) == (422, "idempotency_key_reused")
    assert (told.amount_minor, told.origin, told.reason) == (900, "organizer", "moved away")
    assert len(await office.stripe.ledger("refund", of=registrant)) == 1


async def test_who_may_not_refund_is_told_so_and_changes_nothing(office: BoxOffice) -> None:
    registrant = await office.paid()
    foreign = await new_token(office, "refund", organization_id=uuid4())
    revoked = await new_token(office, "refund", is_revoked=True)

    answers = [
        await ask(office, wanted(registrant), None),
        await ask(office, wanted(registrant), "tq_unknown"),
        await ask(office, wanted(registrant), revoked),
        await ask(office, wanted(registrant), await new_token(office, "read")),
        await ask(office, wanted(registrant), foreign),
        await ask(office, {"registrant_id": str(uuid4())}, foreign),
    ]

    assert [status for status, _ in answers] == [401, 401, 401, 403, 404, 404]
    assert answers[4] == answers[5]
    assert await office.stripe.ledger("refund", of=registrant) == []


async def test_what_cannot_be_refunded_is_refused(office: BoxOffice) -> None:
    token = await new_token(office, "refund")
    unpaid = await office.registered()
    paid = await office.paid()

    nothing = await ask(office, wanted(unpaid), token)
    more = await ask(office, wanted(paid, amount_minor=4901), token)

    assert (nothing[0], nothing[1]["code"]) == (409, "nothing_paid")
    assert more[0] == 422
    assert more[1]["errors"][0]["field"] == "amount_minor"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        ({}, 422),
        ({"registrant_id": "x"}, 422),
        ({"registrant_id": str(uuid4()), "amount_minor": 0}, 422),
        ({"registrant_id": str(uuid4()), "amount_minor": "900"}, 422),
        ({"registrant_id": str(uuid4()), "reason": "a\0b"}, 422),
        ({"registrant_id": str(uuid4()), "surprise": 1}, 422),
    ],
)
async def test_a_bad_request_is_answered_as_http_would(
    office: BoxOffice, body: Any, status: int
) -> None:
    answer = await ask(office, body, await new_token(office, "refund"))

    assert answer[0] == status


async def test_a_key_is_required(office: BoxOffice) -> None:
    registrant = await office.registered()

    status, problem = await ask(
        office, wanted(registrant), await new_token(office, "refund"), "short"
    )

    assert (status, problem["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_the_newest_word_about_a_token_counts(office: BoxOffice) -> None:
    registrant = await office.registered()
    token_id = uuid4().hex
    token = await new_token(office, "refund", token_id=token_id, is_revoked=True, version=2)
    late = ApiTokenChanged(
        organization_id=office.organization_id,
        token_id=token_id,
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        scopes=("refund",),
        version=1,
    )

    await office.hear(late)

    assert (await ask(office, wanted(registrant), token))[0] == 401

"""An organizer's own tries: marked, paid and refunded like any other, and nobody's trouble."""

import pytest

from services.payments.stripe_gateway.sessions import metadata_of
from tests.payments.box_office import BoxOffice
from tests.payments.builders import attempt, payment
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_rehearsal_is_paid_and_refunded_and_marked_everywhere(office: BoxOffice) -> None:
    registrant = await office.paid(is_rehearsal=True)
    await office.hear(office.refund_requested(registrant))
    await office.told("payments.refund.succeeded", registrant)

    [row] = await office.rows(
        "SELECT is_rehearsal, paid_at FROM payments WHERE registrant_id = $1",
        registrant.registrant_id,
    )
    assert row["is_rehearsal"]
    assert row["paid_at"] is not None
    [charge] = await office.stripe.ledger("charge", of=registrant)
    assert charge["metadata"]["rehearsal"] == "true"


async def test_who_does_not_rehearse_is_not_marked(office: BoxOffice) -> None:
    registrant = await office.paid()

    [row] = await office.rows(
        "SELECT is_rehearsal FROM payments WHERE registrant_id = $1", registrant.registrant_id
    )
    assert not row["is_rehearsal"]
    [charge] = await office.stripe.ledger("charge", of=registrant)
    assert "rehearsal" not in charge["metadata"]


async def test_what_goes_wrong_in_a_rehearsal_is_put_before_nobody(office: BoxOffice) -> None:
    rehearsal = await office.registered(is_rehearsal=True, amount_minor=4)
    real = await office.registered(amount_minor=4)
    for registrant in (rehearsal, real):
        await office.get(office.pay_path(registrant))

    await eventually(lambda: office.exceptions(real))

    for registrant in (rehearsal, real):
        [attempt_row] = await office.attempts(registrant)
        assert attempt_row["outcome"] == "refused"
    assert await office.exceptions(rehearsal) == []
    assert not await office.published("payments.payment.flagged", of=rehearsal)
    assert await office.published("payments.payment.flagged", of=real)


async def test_money_of_a_rehearsal_in_live_mode_is_real() -> None:
    played = payment(is_rehearsal=True, attempts=(attempt(is_live=False),))
    real = payment(is_rehearsal=True, attempts=(attempt(is_live=True),))

    assert played.is_play
    assert not real.is_play
    assert not payment(attempts=(attempt(is_live=False),)).is_play
    assert metadata_of(real, 1)["rehearsal"] == "true"

"""A key that Stripe turns away: payments wait, nothing is used up, and operators see it."""

from services.payments.stripe_gateway.key import PROBE_SECONDS, StripeKey
from tests.payments.box_office import BoxOffice, box_office
from tests.waiting import eventually


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_key_that_works_holds_nobody_up() -> None:
    key = StripeKey(Clock())

    assert [key.wait() for _ in range(5)] == [0.0] * 5


def test_a_refused_key_is_tried_by_one_caller_now_and_then() -> None:
    clock = Clock()
    key = StripeKey(clock)
    key.refused()
    assert key.wait() == PROBE_SECONDS

    clock.now += PROBE_SECONDS

    assert [key.wait() == 0.0 for _ in range(3)] == [True, False, False]
    key.refused()
    assert key.wait() == PROBE_SECONDS


def test_a_key_that_is_taken_again_lets_everyone_go() -> None:
    key = StripeKey(Clock())
    key.refused()

    key.accepted()

    assert [key.wait() for _ in range(3)] == [0.0] * 3


async def break_key(office: BoxOffice, path: str) -> None:
    await office.stripe.fault("invalid_key", path=path, times=None)


async def mend_key(office: BoxOffice) -> None:
    """The key works again, and some call has found out."""
    await office.stripe.heal()
    await office.desk.stripe.raw_request("get", "/v1/account")
    await office.make_due("attempts")


async def readiness(office: BoxOffice) -> tuple[int, str]:
    answer = await office.get("/readyz")
    return answer.status, answer.text


async def test_a_wrong_key_uses_up_no_attempt(postgres_url: str, nats_url: str) -> None:
    async with box_office(postgres_url, nats_url) as office:
        office.desk.patience_seconds = 0.5
        registrant = await office.registered()
        await break_key(office, "/v1/*")

        waiting = await office.get(office.pay_path(registrant))

        assert waiting.status == 200

        async def queued() -> bool:
            [attempt] = await office.attempts(registrant)
            return bool(attempt["status"] == "queued" and attempt["called_at"] is None)

        await eventually(queued)
        status, says = await readiness(office)
        assert status == 503
        assert "StripeKeyRefused" in says
        assert "taquilla_stripe_key_refused 1.0" in (await office.get("/metrics")).text

        await mend_key(office)

        session_id = await office.open_checkout(registrant)
        [attempt] = await office.attempts(registrant)
        assert (attempt["number"], attempt["status"]) == (1, "open")
        assert attempt["stripe_object_id"] == session_id
        assert (await readiness(office))[0] == 200
        assert await office.exceptions(registrant) == []
        assert "taquilla_stripe_key_refused 0.0" in (await office.get("/metrics")).text


async def test_who_comes_while_the_key_is_refused_is_queued_without_a_call(
    postgres_url: str, nats_url: str
) -> None:
    async with box_office(postgres_url, nats_url) as office:
        office.desk.patience_seconds = 0.5
        await break_key(office, "/v1/*")
        first, second = await office.registered(), await office.registered()
        await office.get(office.pay_path(first))
        await eventually(lambda: office.desk.stripe.key.is_refused)

        await office.get(office.pay_path(second))

        [attempt] = await office.attempts(second)
        assert (attempt["status"], attempt["tries"]) == ("queued", 0)
        await mend_key(office)
        for registrant in (first, second):
            await office.open_checkout(registrant)


async def test_a_charge_on_the_event_waits_for_the_key(postgres_url: str, nats_url: str) -> None:
    async with box_office(postgres_url, nats_url) as office:
        await break_key(office, "/v1/*")
        registrant = await office.registered(payment_method="pm_card_visa")
        await eventually(lambda: office.desk.stripe.key.is_refused)

        await mend_key(office)

        await office.told("payments.payment.succeeded", registrant)
        [attempt] = await office.attempts(registrant)
        assert (attempt["number"], attempt["outcome"]) == (1, "paid")


async def test_after_a_lost_answer_a_wrong_key_changes_nothing_that_was_sent(
    postgres_url: str, nats_url: str
) -> None:
    async with box_office(postgres_url, nats_url, webhooks=False) as office:
        office.desk.patience_seconds = 0.5
        registrant = await office.registered()
        await office.stripe.fault("reset_after_commit", path="/v1/checkout/sessions")
        await office.stripe.fault("invalid_key", path="/v1/checkout/*", nth=2, times=None)

        await office.get(office.pay_path(registrant))

        await eventually(lambda: office.desk.stripe.key.is_refused)
        [attempt] = await office.attempts(registrant)
        assert attempt["status"] == "calling"
        assert attempt["called_at"] is not None
        await mend_key(office)
        await office.open_checkout(registrant)
        assert len(await office.sessions_of(registrant)) == 1


async def test_an_open_session_is_not_given_up_because_of_a_wrong_key(
    postgres_url: str, nats_url: str
) -> None:
    async with box_office(postgres_url, nats_url, webhooks=False) as office:
        registrant = await office.registered()
        session_id = await office.open_checkout(registrant)
        await office.stripe.pay(session_id)
        await break_key(office, "/v1/*")
        await office.execute("UPDATE attempts SET expires_at = now() - interval '11 minutes'")
        await office.make_due("attempts")
        await eventually(lambda: office.desk.stripe.key.is_refused)

        await mend_key(office)

        await office.told("payments.payment.succeeded", registrant)
        assert await office.exceptions(registrant) == []


async def test_a_hold_that_ends_meanwhile_settles_what_was_never_called(
    postgres_url: str, nats_url: str
) -> None:
    async with box_office(postgres_url, nats_url) as office:
        office.desk.patience_seconds = 0.5
        registrant = await office.registered()
        await break_key(office, "/v1/*")
        await office.get(office.pay_path(registrant))
        await eventually(lambda: office.desk.stripe.key.is_refused)

        await office.hear(office.hold_ended(registrant))
        await mend_key(office)

        await office.told("payments.checkout.expired", registrant)
        [attempt] = await office.attempts(registrant)
        assert attempt["outcome"] == "void"

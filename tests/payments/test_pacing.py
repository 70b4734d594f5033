"""How fast Stripe is called."""

from dataclasses import dataclass

import pytest

from services.payments.pacing import Endpoint, Pacer


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def admitted(pacer: Pacer, endpoint: Endpoint, tries: int, account: str | None = None) -> int:
    return sum(pacer.try_admit(account, endpoint) == 0 for _ in range(tries))


def test_an_endpoint_gets_its_rate_and_no_more() -> None:
    clock = Clock()
    pacer = Pacer(20, clock=clock)
    assert admitted(pacer, "sessions", 100) == 21

    clock.now += 1

    assert admitted(pacer, "sessions", 100) == 20


def test_every_account_is_paced_for_itself() -> None:
    pacer = Pacer(20, clock=Clock())
    admitted(pacer, "sessions", 100, "acct_a")

    assert admitted(pacer, "sessions", 100, "acct_b") == 21


def test_openings_leave_a_share_to_refunds_and_reads() -> None:
    pacer = Pacer(10, clock=Clock())
    taken = sum(admitted(pacer, endpoint, 100) for endpoint in ("events", "expire", "reads"))
    assert taken == 33

    assert admitted(pacer, "sessions", 100) == 0
    assert admitted(pacer, "refunds", 100) == 8


def test_who_has_to_wait_is_told_how_long() -> None:
    clock = Clock()
    pacer = Pacer(20, clock=clock)
    admitted(pacer, "sessions", 100)

    wait = pacer.try_admit(None, "sessions")
    assert 0 < wait <= 0.05
    clock.now += wait

    assert pacer.try_admit(None, "sessions") == 0


def test_a_rate_limit_pauses_the_endpoint_and_not_the_others() -> None:
    clock = Clock()
    pacer = Pacer(20, clock=clock)

    pause = pacer.refused(None, "sessions", "endpoint-rate")

    assert 0.25 <= pause <= 1.0
    assert pacer.try_admit(None, "sessions") > 0
    assert pacer.try_admit(None, "refunds") == 0
    assert pacer.exhausted() == [""]


def test_a_global_limit_pauses_the_whole_account() -> None:
    pacer = Pacer(20, clock=Clock())

    pacer.refused("acct_a", "sessions", "global-rate")

    assert pacer.try_admit("acct_a", "refunds") > 0
    assert pacer.try_admit("acct_b", "refunds") == 0


def test_pauses_grow_until_a_call_gets_through() -> None:
    clock = Clock()
    pacer = Pacer(20, clock=clock)
    for _ in range(10):
        longest = pacer.refused(None, "sessions", "endpoint-rate")
    assert 7.5 <= longest <= 30

    pacer.answered(None, "sessions")

    assert pacer.refused(None, "sessions", "endpoint-rate") <= 1.0


def test_a_slow_rate_lets_one_call_go_after_the_other() -> None:
    clock = Clock()
    pacer = Pacer(0.5, clock=clock)
    assert admitted(pacer, "refunds", 10) == 1

    clock.now += 2.1

    assert admitted(pacer, "refunds", 10) == 1


def test_zero_is_no_limit_but_heeds_stripe() -> None:
    clock = Clock()
    pacer = Pacer(0, clock=clock)
    assert admitted(pacer, "sessions", 1000) == 1000

    pacer.refused(None, "sessions", "endpoint-rate")

    assert pacer.try_admit(None, "sessions") > 0
    assert pacer.exhausted() == [""]
    clock.now += 1.1
    assert pacer.try_admit(None, "sessions") == 0
    assert pacer.exhausted() == []


async def test_waiting_ends_when_the_bucket_fills() -> None:
    pacer = Pacer(200)
    admitted(pacer, "reads", 1000)

    await pacer.admit(None, "reads")


@pytest.mark.parametrize("reason", ["endpoint-concurrency", "global-concurrency"])
def test_concurrency_limits_are_heeded_like_rates(reason: str) -> None:
    pacer = Pacer(20, clock=Clock())

    pacer.refused(None, "sessions", reason)

    assert pacer.try_admit(None, "sessions") > 0

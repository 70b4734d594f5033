"""Virtual time and what is written into its agenda."""

import time

import pytest

from deploy.local.sandbox.clock import Agenda, Clock


def test_the_clock_runs_with_the_machines_and_ahead_by_what_it_was_advanced() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    assert clock.now() == pytest.approx(time.time(), abs=1)

    agenda.advance(3600)

    assert clock.now() == pytest.approx(time.time() + 3600, abs=1)
    assert clock.seconds() == int(clock.now())


def test_what_is_due_runs_once_and_in_the_order_of_its_time() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    done: list[str] = []
    agenda.add(clock.now() + 20, lambda: done.append("late"))
    agenda.add(clock.now() + 10, lambda: done.append("early"))
    agenda.add(clock.now() + 99, lambda: done.append("never"))

    agenda.run_due()
    assert done == []
    agenda.advance(30)
    agenda.run_due()

    assert done == ["early", "late"]


def test_each_appointment_sees_its_own_time() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    begun = clock.now()
    seen: list[float] = []
    for seconds in (100, 200):
        agenda.add(begun + seconds, lambda: seen.append(clock.now() - begun))

    agenda.advance(1000)

    assert seen == [pytest.approx(100, abs=1), pytest.approx(200, abs=1)]
    assert clock.now() - begun == pytest.approx(1000, abs=1)


def test_an_appointment_may_make_another() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    begun = clock.now()
    seen: list[float] = []
    agenda.add(
        begun + 10, lambda: agenda.add(clock.now() + 10, lambda: seen.append(clock.now() - begun))
    )

    agenda.advance(60)

    assert seen == [pytest.approx(20, abs=1)]


def test_the_next_due_time_is_told_and_a_new_first_one_wakes() -> None:
    clock = Clock()
    agenda = Agenda(clock)
    woken: list[bool] = []
    agenda.changed = lambda: woken.append(True)
    assert agenda.next_due() is None

    agenda.add(50.0, lambda: None)
    agenda.add(99.0, lambda: None)
    agenda.add(10.0, lambda: None)

    assert agenda.next_due() == 10.0
    assert len(woken) == 2
    agenda.clear()
    assert agenda.next_due() is None

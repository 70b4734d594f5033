"""Watching over a process: real ones, killed, deaf and dying."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from deploy.local import supervision
from deploy.local.supervision import Child, ChildDied
from tests.deploy.local.programs import DEAF, DYING, OBEDIENT, is_alive, launch, ready_pid
from tests.waiting import eventually


class Watched:
    """A child, what it reported, and which numbers it had."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.program = program
        self.reports: list[str] = []
        self.pids: list[int | None] = []
        self.child = Child(
            "ticket-printer",
            prepare=lambda: launch(self.folder, self.program),
            is_ready=self._is_ready,
            pid_changed=lambda: self.pids.append(self.child.pid),
            report=self.reports.append,
        )

    async def _is_ready(self, pid: int) -> bool:
        return ready_pid(self.folder) == pid


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    watched = Watched(tmp_path, OBEDIENT)
    yield watched
    watched.child.kill()
    await watched.child.stop()


async def test_a_child_is_ready_when_start_returns(watched: Watched) -> None:
    await watched.child.start()

    assert watched.child.pid == ready_pid(watched.folder)
    assert watched.pids == [watched.child.pid]


async def test_a_stopped_child_ends_cleanly_and_stays_away(watched: Watched) -> None:
    await watched.child.start()
    pid = watched.child.pid
    assert pid is not None

    await watched.child.stop()

    assert (watched.folder / "stopped").exists()
    assert not is_alive(pid)
    assert watched.pids == [pid]
    assert watched.reports == []


async def test_a_killed_child_is_started_again_and_reported(watched: Watched) -> None:
    await watched.child.start()
    first = watched.child.pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    second = await eventually(lambda: ready_pid(watched.folder) not in (0, first))

    assert second
    assert watched.pids == [first, ready_pid(watched.folder)]
    assert watched.reports[0].startswith("ticket-printer was ended by SIGKILL.")


async def test_restarts_come_ever_more_slowly(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "RESTART_SECONDS_FIRST", 0.02)
    await watched.child.start()
    watched.program = DYING
    loop = asyncio.get_running_loop()
    starts = [loop.time()]
    watched.child._pid_changed = lambda: starts.append(loop.time())

    assert watched.child.pid is not None
    os.kill(watched.child.pid, signal.SIGKILL)
    await eventually(lambda: len(starts) > 5)

    waits = [later - earlier for earlier, later in pairwise(starts)]
    assert waits[4] > 0.3  # 0.02 s, doubled four times
    assert any("ended with status 3" in report for report in watched.reports)


async def test_a_child_that_dies_before_it_is_ready_says_why(watched: Watched) -> None:
    watched.program = DYING

    with pytest.raises(ChildDied, match=r"ended with status 3.*program\.log \(no such table\)"):
        await watched.child.start()


async def test_a_child_that_never_gets_ready_is_given_up(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "READY_SECONDS", 0.1)
    watched.program = "import signal; signal.pause()"

    with pytest.raises(ChildDied, match="was not ready after"):
        await watched.child.start()

    pid = watched.child.pid
    assert pid is not None
    await watched.child.stop()
    assert not is_alive(pid)


async def test_a_deaf_child_is_killed(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "STOP_SECONDS", 0.2)
    watched.program = DEAF
    await watched.child.start()
    pid = watched.child.pid
    assert pid is not None

    await watched.child.stop()

    assert not is_alive(pid)
    assert watched.reports == ["ticket-printer did not stop in 0 s and was killed."]


async def test_a_suspended_child_still_stops_cleanly(watched: Watched) -> None:
    await watched.child.start()
    assert watched.child.pid is not None
    os.kill(watched.child.pid, signal.SIGSTOP)

    await watched.child.stop()

    assert (watched.folder / "stopped").exists()


async def test_a_child_that_cannot_be_prepared_is_tried_again(watched: Watched) -> None:
    await watched.child.start()
    first = watched.child.pid
    assert first is not None
    broken = [True]

    def prepare() -> object:
        if broken:
            broken.clear()
            raise OSError("the disk is full")
        return launch(watched.folder, OBEDIENT)

    watched.child._prepare = prepare  # type: ignore[assignment] # A double that fails once.
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: ready_pid(watched.folder) not in (0, first))

    assert "ticket-printer could not be started: the disk is full" in watched.reports


def test_a_ctrl_c_at_the_terminal_does_not_reach_the_child(tmp_path: Path) -> None:
    waiting = launch(tmp_path, OBEDIENT)
    with waiting.open_log() as log:
        child = subprocess.Popen(waiting.arguments, **waiting.options(log))
    try:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)
    finally:
        child.kill()
        child.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children")
async def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    parent_program = f"""
import subprocess, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from tests.deploy.local.programs import OBEDIENT, launch
waiting = launch(Path({str(tmp_path)!r}), OBEDIENT)
with waiting.open_log() as log:
    subprocess.Popen(waiting.arguments, **waiting.options(log)).wait()
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", parent_program)
    try:
        child = await eventually(lambda: ready_pid(tmp_path))
        assert is_alive(child)
    finally:
        parent.kill()
        await parent.wait()

    await eventually(lambda: not is_alive(child))

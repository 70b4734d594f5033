"""Logs: kept for one more run, and their errors shown."""

import json
from pathlib import Path

import pytest

from deploy.local import logs
from deploy.local.logs import LogWatch, errors_in


def line(level: str, event: str, **facts: object) -> str:
    return json.dumps({"level": level, "event": event, "timestamp": "2026-01-01", **facts}) + "\n"


def test_only_errors_are_reported_and_each_once(tmp_path: Path) -> None:
    reports: list[str] = []
    log = logs.begin(tmp_path / "payments.log")
    watch = LogWatch(reports.append)
    watch.add(log)

    with log.open("a") as file:
        file.write(line("info", "started") + line("error", "event parked", consumer="x"))
    watch.look()
    watch.look()

    assert reports == ["payments: event parked (consumer=x)"]


def test_a_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    reports: list[str] = []
    log = logs.begin(tmp_path / "payments.log")
    watch = LogWatch(reports.append)
    watch.add(log)
    whole = line("error", "fault")

    with log.open("a") as file:
        file.write(whole[:10])
    watch.look()
    assert reports == []
    with log.open("a") as file:
        file.write(whole[10:])
    watch.look()

    assert reports == ["payments: fault"]


def test_a_flood_is_cut_short(tmp_path: Path) -> None:
    reports: list[str] = []
    log = logs.begin(tmp_path / "payments.log")
    watch = LogWatch(reports.append)
    watch.add(log)

    log.write_text(line("error", "fault") * 500)
    watch.look()

    assert len(reports) == logs.LINES_MAX + 1
    assert reports[-1] == f"payments: 480 more errors in {log}"


def test_the_last_runs_log_stays_beside_the_new_one(tmp_path: Path) -> None:
    logs.begin(tmp_path / "payments.log").write_text("yesterday")

    assert logs.begin(tmp_path / "payments.log").read_text() == ""
    assert (tmp_path / "payments.previous.log").read_text() == "yesterday"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "Traceback (most recent call last):\n  File x\nKeyError: 'amount'\n",
            ["KeyError: 'amount'"],
        ),
        ("\n", []),
        (line("warning", "slow"), []),
        (line("critical", "stopped", cause=None), ["stopped"]),
        ("[1, 2]\n" + line("error", "fault"), ["[1, 2]", "fault"]),
    ],
)
def test_of_what_is_not_json_the_last_line_is_told(written: str, said: list[str]) -> None:
    assert errors_in(written) == said

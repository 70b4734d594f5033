"""What charts are made of."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from services.registration.charts import Scale, bar_chart, buckets, line_chart, scale_of

MADRID = "Europe/Madrid"


def at(day: int, hour: int = 12, minute: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0], (2, 1, 0)),
        ([1], (2, 1, 0)),
        ([14, 3], (16, 8, 0)),
        ([66], (80, 40, 0)),
        ([272_894], (300_000, 150_000, 0)),
        ([1_000_000], (1_000_000, 500_000, 0)),
        ([-172, 4_728], (5_000, 2_500, 0, -2_500)),
        ([-40], (0, -15, -30, -45)),
    ],
)
def test_axes_have_round_numbers_and_a_zero(values: list[int], ticks: tuple[int, ...]) -> None:
    scale = scale_of(values)

    assert scale.ticks == ticks
    assert 0 in scale.ticks
    assert scale.bottom <= min(values)
    assert max(values) <= scale.top


@pytest.mark.parametrize(
    ("length", "unit", "count"),
    [
        (timedelta(0), "hour", 12),
        (timedelta(hours=30), "hour", 31),
        (timedelta(days=2), "day", 7),
        (timedelta(days=59), "day", 60),
        (timedelta(days=60), "week", 9),
        (timedelta(days=400), "week", 58),
        (timedelta(days=500), "month", 17),
        (timedelta(days=365 * 9), "month", 60),
    ],
)
def test_a_longer_sale_is_shown_in_longer_buckets(length: timedelta, unit: str, count: int) -> None:
    last = at(16)

    found, starts = buckets(last - length, last, MADRID)

    assert (found, len(starts)) == (unit, count)
    assert starts == sorted(starts)
    assert starts[-1] <= last


def test_days_begin_on_the_webinars_own_clock_also_when_it_is_changed() -> None:
    # Clocks go back on 25 October 2026 at 3:00, so that day has 25 hours.
    unit, starts = buckets(at(20), at(28), MADRID)

    assert unit == "day"
    assert {start.astimezone(ZoneInfo(MADRID)).hour for start in starts} == {0}
    lengths = {(b.astimezone(UTC) - a.astimezone(UTC)) for a, b in pairwise(starts)}
    assert lengths == {timedelta(hours=24), timedelta(hours=25)}


def test_hours_follow_each_other_when_the_clock_is_changed() -> None:
    unit, starts = buckets(at(24, 20), at(25, 5), MADRID)

    steps = [b.astimezone(UTC) - a.astimezone(UTC) for a, b in pairwise(starts)]
    assert unit == "hour"
    assert set(steps) == {timedelta(hours=1)}


def test_a_quarter_belongs_to_its_day_in_zones_off_the_hour() -> None:
    # Midnight in Kathmandu is 18:15 UTC.
    changes = [(at(20, 18, 0), 1), (at(20, 18, 15), 2)]

    chart = bar_chart(changes, at(16), at(21), "Asia/Kathmandu")

    assert [bar.value for bar in chart.bars][-2:] == [1, 2]


def test_bars_stand_side_by_side_and_as_high_as_they_count() -> None:
    changes = [(at(10), 3), (at(10, 13), 5), (at(12), 16)]

    chart = bar_chart(changes, at(10), at(16), MADRID)

    assert chart.unit == "day"
    assert [bar.value for bar in chart.bars] == [8, 0, 16, 0, 0, 0, 0]
    assert [(bar.x, bar.y, bar.height) for bar in chart.bars[:3]] == [
        ("1.5", "50.0", "50.0"),
        ("11.5", "100.0", "0.0"),
        ("21.5", "0.0", "100.0"),
    ]
    assert (chart.width, chart.total, chart.highest.at.day) == (70, 24, 12)
    assert chart.scale == Scale(0, 16, 8)


def test_a_line_adds_up_and_goes_from_edge_to_edge() -> None:
    changes = [(at(10), 1_000), (at(13), 1_000), (at(16), -500)]

    chart = line_chart(changes, at(10), at(16), MADRID)

    assert [bar.value for bar in chart.bars] == [1000, 1000, 1000, 2000, 2000, 2000, 1500]
    assert chart.line.startswith("M0 50.0 L5 50.0 L15 50.0")
    assert chart.line.endswith("L55 0.0 L65 25.0 L70 25.0")
    assert chart.area == f"M0 100.0 L{chart.line[1:]} L70 100.0Z"


def test_a_line_below_zero_has_room_there() -> None:
    chart = line_chart([(at(10), -172)], at(10), at(16), MADRID)

    assert chart.scale.ticks == (0, -60, -120, -180)
    assert chart.area.startswith("M0 0.0 L0 95.6")


def test_what_came_before_the_first_bucket_is_not_lost() -> None:
    chart = bar_chart([(at(1, month=1), 5), (at(16), 1)], at(10), at(16), MADRID)

    assert [bar.value for bar in chart.bars] == [5, 0, 0, 0, 0, 0, 1]

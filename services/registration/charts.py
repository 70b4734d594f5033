"""Charts of a webinar's sale: buckets, scales and what the drawing is made of. No I/O here.

The drawing is a box of 100 in height that stretches; words beside it are the template's.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["hour", "day", "week", "month"]
Change = tuple[datetime, int]
"""When, and by how much."""

HOURS_MAX = 36
DAYS_MAX = 60
WEEKS_MAX = 60
MONTHS_MAX = 60
_FEWEST: dict[Unit, int] = {"hour": 12, "day": 7, "week": 7, "month": 7}

HEIGHT = 100
_WIDTH = 10  # Of one bucket; a bar is 7 of it.
_BAR = 7
_NICE = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)


@dataclass(frozen=True)
class Scale:
    """An axis from `bottom` to `top` in equal steps; zero is always one of its ticks."""

    bottom: int
    top: int
    step: int

    @property
    def ticks(self) -> tuple[int, ...]:
        """Its values from top to bottom."""
        return tuple(range(self.top, self.bottom - 1, -self.step))

    def y(self, value: int) -> float:
        """How far below the top of the box a value is drawn."""
        return HEIGHT * (self.top - value) / (self.top - self.bottom)


@dataclass(frozen=True)
class Bar:
    """One bucket of a chart and its value, with its place in the box."""

    at: datetime
    value: int
    x: str
    y: str
    height: str


@dataclass(frozen=True)
class BarChart:
    """How many in each bucket."""

    unit: Unit
    bars: tuple[Bar, ...]
    scale: Scale
    width: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(bar.value for bar in self.bars)

    @property
    def highest(self) -> Bar:
        """The first of the highest bars."""
        return max(self.bars, key=lambda bar: bar.value)


@dataclass(frozen=True)
class LineChart:
    """What there was at the end of each bucket, as a line over an area."""

    unit: Unit
    bars: tuple[Bar, ...]  # A column each, to be pointed at.
    scale: Scale
    width: int
    line: str
    area: str


def bar_chart(
    changes: Sequence[Change], first: datetime, last: datetime, time_zone: str
) -> BarChart:
    """Changes added up by bucket, from the first moment to the last."""
    unit, starts = buckets(first, last, time_zone)
    values = _sums(changes, starts)
    scale = scale_of(values)
    return BarChart(unit, _bars(starts, values, scale, 1.5), scale, _WIDTH * len(starts))


def line_chart(
    changes: Sequence[Change], first: datetime, last: datetime, time_zone: str
) -> LineChart:
    """The sum of all changes up to the end of each bucket."""
    unit, starts = buckets(first, last, time_zone)
    values = list(accumulate(_sums(changes, starts)))
    scale = scale_of(values)
    width = _WIDTH * len(starts)
    # From edge to edge of the box, so that line and bars share their days.
    across = [0.0, *(_WIDTH * (number + 0.5) for number in range(len(starts))), float(width)]
    points = " L".join(
        f"{x:g} {scale.y(value):.1f}"
        for x, value in zip(across, [values[0], *values, values[-1]], strict=True)
    )
    zero = f"{scale.y(0):.1f}"
    return LineChart(
        unit,
        _bars(starts, values, scale, 0, bar=_WIDTH),
        scale,
        width,
        line=f"M{points}",
        area=f"M0 {zero} L{points} L{width} {zero}Z",
    )


def buckets(first: datetime, last: datetime, time_zone: str) -> tuple[Unit, list[datetime]]:
    """The unit in which this time is shown, and when each bucket begins on that zone's clock.

    Hours of the first day and a half, then days, weeks, months: 60 buckets at most, and never so
    few that one of them looks like a wall.
    """
    zone = ZoneInfo(time_zone)
    first, last = first.astimezone(zone), max(first, last).astimezone(zone)
    for unit, most in _MOST:
        starts = _starts(unit, first, last, zone)
        if len(starts) <= most:
            break
    starts = starts[-MONTHS_MAX:]
    while len(starts) < _FEWEST[unit]:
        starts.insert(0, _before(unit, starts[0], zone))
    return unit, starts


_MOST: tuple[tuple[Unit, int], ...] = (
    ("hour", HOURS_MAX),
    ("day", DAYS_MAX),
    ("week", WEEKS_MAX),
    ("month", MONTHS_MAX),
)


def scale_of(values: Sequence[int]) -> Scale:
    """The smallest scale with round steps that holds these values: two steps, or up to three."""
    low, high = min(0, *values), max(0, *values)
    most = 3 if low else 2
    magnitude = 1
    while True:
        for nice in _NICE:
            step = int(nice * magnitude)
            if step != nice * magnitude:
                continue
            above, below = -(-high // step), -(low // step)
            if above + below <= most:
                return Scale(-below * step, (above if low else most) * step, step)
        magnitude *= 10


def _starts(unit: Unit, first: datetime, last: datetime, zone: ZoneInfo) -> list[datetime]:
    starts = [_floor(unit, first, zone)]
    # One more than is ever shown tells that there are too many.
    while len(starts) <= DAYS_MAX or unit == "month":
        following = _after(unit, starts[-1], zone)
        if following.astimezone(UTC) > last.astimezone(UTC):
            break
        starts.append(following)
    return starts


def _floor(unit: Unit, moment: datetime, zone: ZoneInfo) -> datetime:
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.date()
    if unit == "week":
        day -= timedelta(days=day.weekday())
    if unit == "month":
        day = day.replace(day=1)
    return datetime.combine(day, time(), zone)


def _after(unit: Unit, start: datetime, zone: ZoneInfo) -> datetime:
    if unit == "hour":
        # An hour later is one of the clock that all share; ours may skip one or have it twice.
        return (start.astimezone(UTC) + timedelta(hours=1)).astimezone(zone)
    days = {"day": 1, "week": 7, "month": 32}[unit]
    return _floor(unit, datetime.combine(start.date() + timedelta(days=days), time(), zone), zone)


def _before(unit: Unit, start: datetime, zone: ZoneInfo) -> datetime:
    earlier = start.astimezone(UTC) - timedelta(hours=1)
    return _floor(unit, earlier.astimezone(zone), zone)


def _sums(changes: Sequence[Change], starts: Sequence[datetime]) -> list[int]:
    """What was before the first bucket is in it: nothing is left out of a sum."""
    # Compared in UTC: two times of one zone are compared by what its clock showed.
    edges = [start.astimezone(UTC) for start in starts[1:]]
    sums = [0] * len(starts)
    for at, value in changes:
        sums[bisect_right(edges, at)] += value
    return sums


def _bars(
    starts: Sequence[datetime],
    values: Sequence[int],
    scale: Scale,
    margin: float,
    bar: int = _BAR,
) -> tuple[Bar, ...]:
    zero = scale.y(0)
    return tuple(
        Bar(
            at,
            value,
            f"{_WIDTH * number + margin:g}",
            f"{min(zero, scale.y(value)):.1f}",
            f"{abs(zero - scale.y(value)):.1f}",
        )
        for number, (at, value) in enumerate(zip(starts, values, strict=True))
    )

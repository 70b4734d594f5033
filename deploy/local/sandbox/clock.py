"""The sandbox's time, which runs with the machine's and can be moved forward, and its agenda."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Clock:
    """Virtual time: the machine's time plus whatever it was advanced by."""

    offset: float = 0.0

    def now(self) -> float:
        return time.time() + self.offset

    def seconds(self) -> int:
        """The moment as Stripe writes it: whole Unix seconds."""
        return int(self.now())


@dataclass(order=True)
class Appointment:
    due: float
    number: int
    action: Callable[[], None] = field(compare=False)


class Agenda:
    """What happens by itself later on: expiries, settlements, retries."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._appointments: list[Appointment] = []
        self._count = 0
        self.changed: Callable[[], None] = lambda: None

    def add(self, due: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._appointments, Appointment(due, self._count, action))
        if self._appointments[0].number == self._count:
            self.changed()

    def next_due(self) -> float | None:
        return self._appointments[0].due if self._appointments else None

    def run_due(self) -> None:
        """Run everything whose time has come, in order of its time."""
        while self._appointments and self._appointments[0].due <= self._clock.now():
            heapq.heappop(self._appointments).action()

    def advance(self, seconds: float) -> None:
        """Move the clock forward, stopping at each appointment so that it sees its own time."""
        target = self._clock.offset + seconds
        while self._appointments:
            due_offset = self._appointments[0].due - time.time()
            if due_offset > target:
                break
            self._clock.offset = max(self._clock.offset, due_offset)
            heapq.heappop(self._appointments).action()
        self._clock.offset = max(self._clock.offset, target)
        self.changed()

    def clear(self) -> None:
        self._appointments.clear()

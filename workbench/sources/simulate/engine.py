"""The event loop and the cumulative instruments that the simulated processes keep."""

import heapq
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

Event = Callable[[float], None]


class Loop:
    """Runs events in order of time, then of scheduling."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Event]] = []
        self._count = 0

    def at(self, time: float, event: Event) -> None:
        """Schedule `event`, which is called with its time."""
        heapq.heappush(self._heap, (time, self._count, event))
        self._count += 1

    def run(self, until: float) -> None:
        """Run every event before or at `until`."""
        while self._heap and self._heap[0][0] <= until:
            time, _, event = heapq.heappop(self._heap)
            event(time)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One measurement kept with the trace it came from."""

    time: float
    value: float
    trace_id: str
    span: int


@dataclass(frozen=True, slots=True)
class HistogramState:
    """A cumulative histogram as one scrape sees it."""

    counts: tuple[int, ...]
    total: float
    exemplars: tuple[Exemplar, ...]

    @property
    def count(self) -> int:
        """Number of measurements so far."""
        return sum(self.counts)


@dataclass(slots=True)
class Histogram:
    """A cumulative histogram with explicit upper bounds (inclusive, as OTLP has them)."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list[int])
    total: float = 0.0
    latest: Exemplar | None = None

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float, times: int = 1) -> None:
        """Record `value`, `times` times over."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times

    def snapshot(self) -> HistogramState:
        """Return the present state; an exemplar is handed out once."""
        exemplars = (self.latest,) if self.latest else ()
        self.latest = None
        return HistogramState(tuple(self.counts), self.total, exemplars)

"""One model server: continuous batching with chunked prefill over a finite KV cache."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from workbench.sources.simulate.engine import Histogram, Loop
from workbench.sources.simulate.hardware import (
    KV_CAPACITY_TOKENS,
    Gpu,
    StepCost,
    prefill_work,
    step_cost,
)

STEP_TOKENS = 2048  # budget of one engine step, decode first
MAX_SEQUENCES = 128
MAX_WAITING = 12  # beyond it the server answers 503
CACHE_KEEPS_S = 900.0  # how long a session's blocks survive unused
RUN_S = 1.0  # a run of decode steps is cut here, so that it meets a new clock

# vLLM's own bucket bounds, thinned to those that a 32B model reaches.
FIRST_TOKEN_BOUNDS = (0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0)
INTER_TOKEN_BOUNDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
QUEUE_BOUNDS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0)


@dataclass(slots=True, eq=False)
class Generation:
    """One request as its model server sees it. Times are seconds after the start."""

    request: int
    attempt: int
    session: str
    prompt_tokens: int
    output_tokens: int
    shared_tokens: int
    reuse: float
    arrival: float
    scheduled: float = math.nan
    first_token: float = math.nan
    finished: float = math.nan
    cached_tokens: int = 0
    generated: int = 0
    prefill_left: int = 0
    held: int = 0
    """Tokens of KV cache held."""
    counted_prompt: bool = False
    lost: bool = False
    """Killed with its server: no span was ever written."""


@dataclass(slots=True)
class Segment:
    """What the engine does now: one step with prefill in it, or a run of decode steps."""

    start: float
    end: float
    steps: int
    cost: StepCost
    decoding: list[Generation]
    chunks: list[tuple[Generation, int]]

    def after(self, steps: int) -> float:
        """Return the seconds that the first `steps` steps take."""
        return steps * self.cost.seconds + self.cost.growth_s * steps * (steps - 1) / 2.0

    def steps_by(self, now: float) -> int:
        """Return how many steps are complete at `now`."""
        steps = min(self.steps, int((now - self.start) / self.cost.seconds))
        while steps > 0 and self.start + self.after(steps) > now + 1e-12:
            steps -= 1
        return steps


@dataclass(frozen=True, slots=True)
class ReplicaSample:
    """What one scrape of the server reads."""

    running: int
    waiting: int
    kv_usage: float
    prompt_tokens: int
    generation_tokens: int
    cache_queries: int
    cache_hits: int
    preemptions: int
    finished: tuple[int, int]
    first_token: tuple[tuple[int, ...], float]
    inter_token: tuple[tuple[int, ...], float]
    queue: tuple[tuple[int, ...], float]


class Replica:
    """A model server on one card.

    Parameters
    ----------
    loop
        The event loop it runs on.
    gpu
        Its card, whose clock sets the pace.
    shares
        Share of their usual time that prefill and decode take.
    on_first_token, on_finish
        Called with the generation and the time.
    """

    def __init__(
        self,
        loop: Loop,
        gpu: Gpu,
        shares: tuple[float, float],
        on_first_token: Callable[[Generation, float], None],
        on_finish: Callable[[Generation, float], None],
    ) -> None:
        self.loop, self.gpu, self.shares = loop, gpu, shares
        self.on_first_token, self.on_finish = on_first_token, on_finish
        self.waiting: deque[Generation] = deque()
        self.running: list[Generation] = []
        self.segment: Segment | None = None
        self.version = 0
        self.alive = True
        self.kv_tokens = 0
        self.sessions: dict[str, float] = {}
        self.prompt_tokens = self.generation_tokens = 0
        self.cache_queries = self.cache_hits = self.preemptions = 0
        self.finished = [0, 0]  # stop, length
        self.first_tokens = Histogram(FIRST_TOKEN_BOUNDS)
        self.inter_tokens = Histogram(INTER_TOKEN_BOUNDS)
        self.queues = Histogram(QUEUE_BOUNDS)
        self.activity = [0.0, 0.0, 0.0]  # seconds busy, of compute, of memory
        self.accounted = 0.0
        self.in_system_s = 0.0  # integral over time of the number in the system

    # What others ask of it

    def submit(self, generation: Generation, now: float) -> bool:
        """Queue a request; false if the queue is full."""
        if not self.alive or len(self.waiting) >= MAX_WAITING:
            return False
        self._account(now)
        self.waiting.append(generation)
        if self.segment is None:
            self._next(now)
        elif not self.segment.chunks and self._fits(generation):
            self._cut(now)
        return True

    def kill(self, now: float) -> list[Generation]:
        """Stop at once; return what was in flight and will never end."""
        self._account(now)
        if self.segment:
            self._progress(self.segment, self.segment.steps_by(now))
        self.segment, self.alive = None, False
        self.version += 1
        lost = [*self.running, *self.waiting]
        for generation in lost:
            generation.lost = True
        self.running, self.kv_tokens = [], 0
        self.waiting.clear()
        return lost

    def take_activity(self, now: float) -> tuple[float, float, float]:
        """Return seconds busy, of compute and of memory since the last call."""
        self._account(now)
        busy, compute, memory = self.activity
        self.activity = [0.0, 0.0, 0.0]
        return busy, compute, memory

    def sample(self, now: float) -> ReplicaSample:
        """Return what a scrape at `now` reads."""
        done = 0
        if self.segment and not self.segment.chunks:
            done = self.segment.steps_by(now) * len(self.segment.decoding)
        first, inter, queue = (
            histogram.snapshot()
            for histogram in (self.first_tokens, self.inter_tokens, self.queues)
        )
        return ReplicaSample(
            running=len(self.running),
            waiting=len(self.waiting),
            kv_usage=(self.kv_tokens + done) / KV_CAPACITY_TOKENS,
            prompt_tokens=self.prompt_tokens,
            generation_tokens=self.generation_tokens + done,
            cache_queries=self.cache_queries,
            cache_hits=self.cache_hits,
            preemptions=self.preemptions,
            finished=(self.finished[0], self.finished[1]),
            first_token=(first.counts, first.total),
            inter_token=(inter.counts, inter.total),
            queue=(queue.counts, queue.total),
        )

    def settle(self, now: float) -> None:
        """Book the steps complete at `now`, at the end of the simulation."""
        self._account(now)
        if self.segment and not self.segment.chunks:
            self._progress(self.segment, self.segment.steps_by(now))
            self.segment = None

    # The engine

    def _account(self, now: float) -> None:
        passed = now - self.accounted
        self.in_system_s += passed * (len(self.running) + len(self.waiting))
        if self.segment:
            self.activity[0] += passed
            self.activity[1] += passed * self.segment.cost.compute
            self.activity[2] += passed * self.segment.cost.memory
        self.accounted = now

    def _fits(self, generation: Generation) -> bool:
        need = generation.prompt_tokens + generation.generated
        return (
            len(self.running) < MAX_SEQUENCES and self.kv_tokens + need <= KV_CAPACITY_TOKENS * 0.99
        )

    def _admit(self, generation: Generation, now: float) -> None:
        if math.isnan(generation.scheduled):
            generation.scheduled = now
            self.queues.add(now - generation.arrival)
        need = generation.prompt_tokens + generation.generated
        known = generation.session in self.sessions and (
            now - self.sessions[generation.session] < CACHE_KEEPS_S
        )
        reused = int(generation.reuse * generation.prompt_tokens) if known else 0
        cached = min(max(generation.shared_tokens, reused), generation.prompt_tokens - 16)
        cached -= cached % 16  # whole blocks only
        if generation.generated == 0:
            generation.cached_tokens = cached
            self.cache_queries += generation.prompt_tokens
            self.cache_hits += cached
        generation.held = need
        generation.prefill_left = need - cached
        self.kv_tokens += need
        self.running.append(generation)

    def _preempt(self) -> None:
        victim = next(g for g in reversed(self.running) if g.prefill_left == 0)
        self.running.remove(victim)
        self.kv_tokens -= victim.held
        victim.held = 0
        self.preemptions += 1
        self.waiting.appendleft(victim)

    def _chunks(self, now: float, decoding: int) -> list[tuple[Generation, int]]:
        budget = STEP_TOKENS - decoding
        chunks: list[tuple[Generation, int]] = []
        for generation in self.running:
            if generation.prefill_left and budget > 0:
                chunks.append((generation, min(budget, generation.prefill_left)))
                budget -= chunks[-1][1]
        while budget > 0 and self.waiting and self._fits(self.waiting[0]):
            generation = self.waiting.popleft()
            self._admit(generation, now)
            chunks.append((generation, min(budget, generation.prefill_left)))
            budget -= chunks[-1][1]
        return chunks

    def _next(self, now: float) -> None:
        """Begin the next segment, or rest."""
        decoding = [g for g in self.running if g.prefill_left == 0]
        while len(decoding) > 1 and self.kv_tokens + len(decoding) > KV_CAPACITY_TOKENS:
            self._preempt()
            decoding = [g for g in self.running if g.prefill_left == 0]
        chunks = self._chunks(now, len(decoding))
        if not decoding and not chunks:
            self.segment = None
            return
        work = sum(prefill_work(g.held - g.prefill_left, tokens) for g, tokens in chunks)
        kv_tokens = sum(g.held - g.prefill_left for g in self.running)
        cost = step_cost(work, len(decoding), kv_tokens, self.gpu.clock_mhz, self.shares)
        steps = 1
        if not chunks:
            room = (KV_CAPACITY_TOKENS - self.kv_tokens) // len(decoding)
            left = min(g.output_tokens - g.generated for g in decoding)
            steps = max(1, min(left, room, math.ceil(RUN_S / cost.seconds)))
        self.segment = Segment(now, now, steps, cost, decoding, chunks)
        self._finish_at(now + self.segment.after(steps))

    def _finish_at(self, time: float) -> None:
        assert self.segment is not None
        self.segment.end = time
        self.version += 1
        version = self.version
        self.loop.at(time, lambda now: self._ended(now, version))

    def _cut(self, now: float) -> None:
        """Let the present run of decode steps end with the step under way."""
        segment = self.segment
        assert segment is not None
        steps = min(segment.steps, segment.steps_by(now) + 1)
        if steps < segment.steps:
            segment.steps = steps
            self._finish_at(segment.start + segment.after(steps))

    def _ended(self, now: float, version: int) -> None:
        if version != self.version or self.segment is None:
            return
        self._account(now)
        segment, self.segment = self.segment, None
        self._progress(segment, segment.steps)
        for generation in segment.decoding:
            if generation.generated >= generation.output_tokens:
                self._complete(generation, now)
        for generation, tokens in segment.chunks:
            generation.prefill_left -= tokens
            if generation.prefill_left == 0:
                self._prefilled(generation, now)
        if self.segment is None:
            self._next(now)

    def _progress(self, segment: Segment, steps: int) -> None:
        if steps <= 0 or not segment.decoding:
            return
        for generation in segment.decoding:
            generation.generated += steps
            generation.held += steps
        tokens = steps * len(segment.decoding)
        self.kv_tokens += tokens
        self.generation_tokens += tokens
        self.inter_tokens.add(segment.after(steps) / steps, tokens)

    def _prefilled(self, generation: Generation, now: float) -> None:
        if generation.session:
            self.sessions[generation.session] = now
        if generation.generated:  # came back after a preemption
            return
        generation.first_token = now
        generation.generated = 1
        generation.held += 1
        self.kv_tokens += 1
        self.generation_tokens += 1
        self.prompt_tokens += generation.prompt_tokens
        generation.counted_prompt = True
        self.first_tokens.add(now - generation.arrival)
        self.on_first_token(generation, now)
        if generation.generated >= generation.output_tokens:
            self._complete(generation, now)

    def _complete(self, generation: Generation, now: float) -> None:
        generation.finished = now
        self.running.remove(generation)
        self.kv_tokens -= generation.held
        self.finished[1 if generation.output_tokens >= 1000 else 0] += 1
        self.on_finish(generation, now)

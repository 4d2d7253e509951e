"""The gateway: routing with session affinity, timeouts, retries, the fallback model."""

import hashlib
import math
from dataclasses import dataclass, field
from typing import Literal

from workbench.sources.simulate.engine import Exemplar, Histogram, HistogramState, Loop
from workbench.sources.simulate.replica import Generation, Replica
from workbench.sources.simulate.scenario import (
    FALLBACK_MODEL,
    PODS,
    REQUEST_MODEL,
    Scenario,
)
from workbench.sources.simulate.workload import Plan

FIRST_TOKEN_TIMEOUT_S = 15.0
MAX_RETRIES = 2
BACKOFF_S = (0.5, 1.0)
NETWORK_S = 0.0008
ACCEPT_S = 0.0021  # authentication and rate limiting before the first call
DURATION_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)
TOKEN_BOUNDS = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0)
OPERATION_BOUNDS = (0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)

Outcome = Literal["open", "ok", "timeout", "rejected"]


@dataclass(slots=True, eq=False)
class Attempt:
    """One call of a model; `replica` is a position in `PODS`, none the fallback model."""

    number: int
    replica: int | None
    start: float
    first_token: float = math.nan
    end: float = math.nan
    outcome: Outcome = "open"
    generation: Generation | None = None

    @property
    def model(self) -> str:
        """The model asked for."""
        return FALLBACK_MODEL if self.replica is None else REQUEST_MODEL


@dataclass(slots=True, eq=False)
class Request:
    """What became of one user request. `end` is nan when it never ended."""

    plan: Plan
    chat_start: float = math.nan
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    end: float = math.nan
    status: int = 0

    @property
    def ended(self) -> bool:
        """Whether the user had an answer, good or bad."""
        return not math.isnan(self.end)

    @property
    def first_token_s(self) -> float:
        """Seconds from arrival to the first token the user saw, nan if there was none."""
        last = self.attempts[-1] if self.attempts else None
        return last.first_token - self.plan.arrival if last else math.nan

    @property
    def fell_back(self) -> bool:
        """Whether the smaller model answered."""
        return bool(self.attempts) and self.attempts[-1].replica is None


@dataclass(frozen=True, slots=True)
class GatewaySample:
    """What one scrape of the gateway reads, by label values."""

    durations: dict[tuple[str, int], HistogramState]
    operations: dict[tuple[str, str], HistogramState]
    tokens: dict[tuple[str, str], HistogramState]


class Gateway:
    """Takes requests to the replicas; `replicas` are set once they exist."""

    def __init__(self, loop: Loop, scenario: Scenario) -> None:
        self.loop, self.scenario = loop, scenario
        self.replicas: list[Replica] = []
        self.in_rotation = [True] * len(PODS)
        self.requests: list[Request] = []
        self.turn = 0
        self.durations: dict[tuple[str, int], Histogram] = {}
        self.operations: dict[tuple[str, str], Histogram] = {}
        self.tokens: dict[tuple[str, str], Histogram] = {}

    # Requests

    def begin(self, plan: Plan) -> Request:
        """Take a request; what comes before the model takes what its plan says."""
        request = Request(plan)
        self.requests.append(request)
        start = plan.arrival + ACCEPT_S
        for stage in before_model(plan):
            start = max(start, stage.end + NETWORK_S)
        request.chat_start = start
        self.loop.at(start, lambda now: self._try(request, now))
        return request

    def drain(self, replica: int) -> None:
        """Route nothing more to a replica."""
        self.in_rotation[replica] = False

    def route(self, plan: Plan) -> int:
        """Return the replica of a request: its session's, else the next in turn.

        Rendezvous hashing: when a replica leaves, only its own sessions move.
        """
        ring = [number for number, usable in enumerate(self.in_rotation) if usable]
        if plan.session:
            return max(ring, key=lambda number: _weight(plan.session, number))
        self.turn += 1
        return ring[self.turn % len(ring)]

    def sample(self) -> GatewaySample:
        """Return what a scrape reads."""
        return GatewaySample(
            {key: histogram.snapshot() for key, histogram in self.durations.items()},
            {key: histogram.snapshot() for key, histogram in self.operations.items()},
            {key: histogram.snapshot() for key, histogram in self.tokens.items()},
        )

    # Attempts

    def _try(self, request: Request, now: float) -> None:
        previous = request.attempts[-1].replica if request.attempts else None
        sticky = previous is not None and self.in_rotation[previous]
        replica = previous if sticky and previous is not None else self.route(request.plan)
        attempt = Attempt(len(request.attempts), replica, now)
        request.attempts.append(attempt)
        plan = request.plan
        generation = Generation(
            request=plan.index,
            attempt=attempt.number,
            session=plan.session,
            prompt_tokens=plan.prompt_tokens,
            output_tokens=plan.output_tokens,
            shared_tokens=plan.shared_tokens,
            reuse=plan.reuse,
            arrival=now + NETWORK_S,
        )
        self.loop.at(now + NETWORK_S, lambda time: self._arrive(request, attempt, generation, time))

    def _arrive(
        self, request: Request, attempt: Attempt, generation: Generation, now: float
    ) -> None:
        assert attempt.replica is not None
        if self.replicas[attempt.replica].submit(generation, now):
            attempt.generation = generation
            self.loop.at(
                attempt.start + FIRST_TOKEN_TIMEOUT_S,
                lambda time: self._timed_out(request, attempt, time),
            )
        else:
            self.loop.at(
                now + NETWORK_S, lambda time: self._failed(request, attempt, "rejected", time)
            )

    def first_token(self, generation: Generation, now: float) -> None:
        """Pass the first token on, if anyone still waits for it."""
        attempt = self.requests[generation.request].attempts[generation.attempt]
        if attempt.outcome == "open":
            attempt.first_token = now + NETWORK_S

    def finish(self, generation: Generation, now: float) -> None:
        """End the request that waits for this generation, if any."""
        request = self.requests[generation.request]
        attempt = request.attempts[generation.attempt]
        if attempt.outcome == "open":
            self.loop.at(now + NETWORK_S, lambda time: self._answered(request, attempt, time))

    def _timed_out(self, request: Request, attempt: Attempt, now: float) -> None:
        if attempt.outcome == "open" and math.isnan(attempt.first_token):
            self._failed(request, attempt, "timeout", now)

    def _failed(self, request: Request, attempt: Attempt, outcome: Outcome, now: float) -> None:
        """Close a failed attempt and try again, fall back, or give up. Nothing is aborted."""
        attempt.outcome, attempt.end = outcome, now
        self._measure_operation(attempt, outcome)
        retries = MAX_RETRIES if self.scenario.retries else 0
        if attempt.number < retries:
            wait = BACKOFF_S[attempt.number] * request.plan.jitter[attempt.number]
            self.loop.at(now + wait, lambda time: self._try(request, time))
        elif self.scenario.fallback and request.plan.tenant.may_fall_back:
            self._fall_back(request, now + 0.0006)
        else:
            self._close(request, 504 if outcome == "timeout" else 503, now + 0.0004)

    def _fall_back(self, request: Request, now: float) -> None:
        plan = request.plan
        attempt = Attempt(len(request.attempts), None, now)
        request.attempts.append(attempt)
        attempt.first_token = now + plan.fallback_first_s * (1.0 + plan.prompt_tokens / 20_000)
        end = attempt.first_token + plan.fallback_token_s * (plan.output_tokens - 1)
        self.loop.at(end, lambda time: self._answered(request, attempt, time))

    def _answered(self, request: Request, attempt: Attempt, now: float) -> None:
        if attempt.generation is not None and attempt.generation.lost:
            return
        attempt.outcome, attempt.end = "ok", now
        self._measure_operation(attempt, "")
        served = FALLBACK_MODEL if attempt.replica is None else PODS[attempt.replica].model
        for kind, value in (
            ("input", request.plan.prompt_tokens),
            ("output", request.plan.output_tokens),
        ):
            histogram = self.tokens.setdefault((served, kind), Histogram(TOKEN_BOUNDS))
            histogram.add(float(value))
        self._close(request, 200, now + 0.0009)

    def _close(self, request: Request, status: int, end: float) -> None:
        self.loop.at(end, lambda time: self._closed(request, status, time))

    def _closed(self, request: Request, status: int, now: float) -> None:
        request.status, request.end = status, now
        key = (request.plan.route, status)
        histogram = self.durations.setdefault(key, Histogram(DURATION_BOUNDS))
        seconds = now - request.plan.arrival
        histogram.add(seconds)
        histogram.latest = Exemplar(now, seconds, request.plan.trace_id, 0)

    def _measure_operation(self, attempt: Attempt, error: str) -> None:
        key = (attempt.model, error)
        histogram = self.operations.setdefault(key, Histogram(OPERATION_BOUNDS))
        histogram.add(attempt.end - attempt.start)


@dataclass(frozen=True, slots=True)
class Stage:
    """A call before the model: `kind` is retrieval or tool."""

    kind: Literal["retrieval", "tool"]
    name: str
    start: float
    end: float


def before_model(plan: Plan) -> list[Stage]:
    """Return the calls before the model, one after the other."""
    stages: list[Stage] = []
    now = plan.arrival + ACCEPT_S
    if plan.route == "/v1/answers":
        seconds = plan.embeddings_s + plan.search_s + 0.0052
        stages.append(Stage("retrieval", "kb", now, now + seconds))
        now += seconds + NETWORK_S
    for name, seconds in plan.tools:
        stages.append(Stage("tool", name, now, now + seconds))
        now += seconds + NETWORK_S
    return stages


def _weight(session: str, replica: int) -> bytes:
    return hashlib.sha256(f"{session}/{PODS[replica].name}".encode()).digest()

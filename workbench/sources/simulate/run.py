"""Puts workload, gateway, replicas and GPUs on one clock and runs them."""

from dataclasses import dataclass

from workbench.sources.simulate.engine import Histogram, HistogramState, Loop
from workbench.sources.simulate.gateway import (
    Gateway,
    GatewaySample,
    Request,
    before_model,
)
from workbench.sources.simulate.hardware import RESISTANCE_K_PER_W, Gpu
from workbench.sources.simulate.replica import Generation, Replica, ReplicaSample
from workbench.sources.simulate.scenario import GPUS, PODS, SCRAPE_S, Scenario
from workbench.sources.simulate.workload import plans, stream

RETRIEVAL_BOUNDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5)
GRACE_S = 10.0  # between the drain and the kill of what still runs


@dataclass(frozen=True, slots=True)
class GpuSample:
    """What one scrape of a card reads."""

    temperature: float
    power: float
    clock_mhz: int
    busy: float
    reasons: int
    in_use: bool


@dataclass(frozen=True, slots=True)
class Scrape:
    """Everything read at one time; a replica that is gone has no sample."""

    time: float
    replicas: tuple[ReplicaSample | None, ...]
    gpus: tuple[GpuSample, ...]
    gateway: GatewaySample
    retrieval: HistogramState
    retrieval_version: int


@dataclass(slots=True)
class History:
    """What a run leaves behind, all in simulated seconds."""

    scenario: Scenario
    requests: list[Request]
    generations: list[list[Generation]]
    """By replica, in order of arrival."""
    scrapes: list[Scrape]
    phases: dict[str, float]
    """Cooling failure, slowdowns, drain, kill, release: those that came to pass."""
    in_system_s: list[float]
    killed_replica: int | None


class Run:
    """One run of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.loop = Loop()
        self.gateway = Gateway(self.loop, scenario)
        shares = scenario.time_share("prefill"), scenario.time_share("decode")
        cards = stream(scenario, "cards")
        self.gpus = [Gpu(resistance=RESISTANCE_K_PER_W * cards.uniform(0.985, 1.015)) for _ in GPUS]
        self.replicas = [
            Replica(
                self.loop,
                self.gpus[pod.gpu],
                shares,
                self.gateway.first_token,
                self.gateway.finish,
            )
            for pod in PODS
        ]
        self.gateway.replicas = self.replicas
        self.busy = [0.0] * len(GPUS)
        self.retrieval = Histogram(RETRIEVAL_BOUNDS)
        self.retrieval_version = 0
        self.scrapes: list[Scrape] = []
        self.phases: dict[str, float] = {}
        self.killed_replica: int | None = None

    def history(self) -> History:
        """Run to the end and return what happened."""
        scenario = self.scenario
        broken = scenario.fault and scenario.fault_s < scenario.duration_s
        if broken:
            self._break_cooling()
        for plan in plans(scenario):
            self.loop.at(plan.arrival, lambda _, plan=plan: self._begin(self.gateway.begin(plan)))
        self.loop.at(scenario.deploy_s, self._deploy)
        for second in range(1, int(scenario.duration_s) + 1):
            self.loop.at(float(second), self._tick)
        count = int(scenario.duration_s // SCRAPE_S)
        for number in range(count + 1):
            self.loop.at(number * SCRAPE_S, self._scrape)
        self.loop.run(scenario.duration_s)
        for replica in self.replicas:
            replica.settle(scenario.duration_s)
        if broken:
            self.phases |= self.gpus[scenario.gpu].since
        return History(
            scenario,
            self.gateway.requests,
            self._generations(),
            self.scrapes,
            dict(sorted(self.phases.items(), key=lambda item: item[1])),
            [replica.in_system_s for replica in self.replicas],
            self.killed_replica,
        )

    def _break_cooling(self) -> None:
        scenario = self.scenario
        card = self.gpus[scenario.gpu]
        card.failed_at = scenario.fault_s
        card.throttling = scenario.throttling
        self.phases["cooling_failure"] = scenario.fault_s
        if scenario.drain_s is None:
            return
        replica = next(number for number, pod in enumerate(PODS) if pod.gpu == scenario.gpu)
        drain = scenario.fault_s + scenario.drain_s
        self.loop.at(drain, lambda now: self._drain(replica, now))
        self.loop.at(drain + GRACE_S, lambda now: self._kill(replica, now))

    def _begin(self, request: Request) -> None:
        for stage in before_model(request.plan):
            if stage.kind == "retrieval":
                seconds = stage.end - stage.start - 0.0016
                self.loop.at(stage.end, lambda _, seconds=seconds: self.retrieval.add(seconds))

    def _deploy(self, _: float) -> None:
        self.retrieval = Histogram(RETRIEVAL_BOUNDS)
        self.retrieval_version = 1

    def _drain(self, replica: int, now: float) -> None:
        self.gateway.drain(replica)
        self.phases["drain"] = now

    def _kill(self, replica: int, now: float) -> None:
        self.replicas[replica].kill(now)
        self.phases["kill"] = now
        self.killed_replica = replica

    def _tick(self, now: float) -> None:
        for pod, replica in zip(PODS, self.replicas, strict=True):
            busy, compute, memory = replica.take_activity(now)
            self.busy[pod.gpu] += busy
            self.gpus[pod.gpu].step(now, busy, compute, memory)

    def _scrape(self, now: float) -> None:
        cards = tuple(
            GpuSample(
                card.temperature,
                card.power,
                card.clock_mhz,
                min(1.0, busy / SCRAPE_S) if now else 1.0,
                card.reasons,
                any(
                    pod.gpu == number and replica.alive
                    for pod, replica in zip(PODS, self.replicas, strict=True)
                ),
            )
            for number, (card, busy) in enumerate(zip(self.gpus, self.busy, strict=True))
        )
        self.busy = [0.0] * len(GPUS)
        self.scrapes.append(
            Scrape(
                now,
                tuple(replica.sample(now) if replica.alive else None for replica in self.replicas),
                cards,
                self.gateway.sample(),
                self.retrieval.snapshot(),
                self.retrieval_version,
            )
        )

    def _generations(self) -> list[list[Generation]]:
        result: list[list[Generation]] = [[] for _ in PODS]
        for request in self.gateway.requests:
            for attempt in request.attempts:
                if attempt.generation is not None and attempt.replica is not None:
                    result[attempt.replica].append(attempt.generation)
        return [sorted(part, key=lambda generation: generation.arrival) for part in result]

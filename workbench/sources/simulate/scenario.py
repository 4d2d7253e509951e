"""What is simulated: the scenario's fields and the deployment it runs on."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

Part = Literal["embeddings", "search", "tools", "prefill", "decode"]
"""A part of a request that :attr:`Scenario.faster` can speed up."""

PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run of the simulated LLM service; equal scenarios give equal bytes.

    Every time is in seconds after `start`. Each concern (arrivals, lengths, tools, identifiers,
    ...) draws from its own random stream named after `seed`, so that switching one effect off
    leaves the requests themselves as they were.

    Attributes
    ----------
    seed
        Names every random stream.
    start, duration_s
        The interval the dump covers, `[start, start + duration_s)`.
    rate
        User requests a second over all replicas.
    fault
        Whether the cooling of one GPU fails at all.
    gpu
        The GPU that fails: its position in `GPUS`, which is no pod's number.
    fault_s
        When the cooling fails.
    throttling
        Off: the cooling fails, but clocks stay up (an ablation, not a possible GPU).
    drain_s
        How long after the fault the replica on that GPU is drained; none drains it never.
    deploy_s
        When the retrieval service is deployed anew, to no effect.
    growth, growth_s
        Whether one tenant's prompts grow, and from when.
    retries
        Whether an attempt without a first token is tried again (twice at most).
    fallback
        Whether a request that failed on its replica may go to the smaller model.
    faster
        Parts that take less time, as `(part, share of the usual time)`; `("search", 0.7)` is a
        vector search that is 30 % faster.
    missing_scrape_s
        When the metrics of the GPU hosts' first exporter were not scraped; none misses nothing.

    Examples
    --------
    >>> Scenario(gpu=3).start.isoformat()
    '2026-11-12T13:20:00+00:00'
    """

    seed: int = 92
    start: datetime = datetime(2026, 11, 12, 13, 20, tzinfo=UTC)
    duration_s: float = 4620.0
    rate: float = 2.8
    fault: bool = True
    gpu: int = 1
    fault_s: float = 2460.0
    throttling: bool = True
    drain_s: float | None = 1380.0
    deploy_s: float = 2580.0
    growth: bool = True
    growth_s: float = 2520.0
    retries: bool = True
    fallback: bool = True
    faster: tuple[tuple[Part, float], ...] = ()
    missing_scrape_s: float | None = 2775.0

    def __post_init__(self) -> None:
        """Refuse what could not be simulated."""
        if self.start.tzinfo is None:
            raise ValueError(f"start {self.start.isoformat()} has no time zone; give one")
        if not 0 <= self.gpu < len(GPUS):
            raise ValueError(f"gpu {self.gpu} does not exist; give 0 to {len(GPUS) - 1}")
        for part, share in self.faster:
            if part not in PARTS or share <= 0:
                raise ValueError(
                    f"faster {part}={share} is not a part with a positive share; "
                    f"parts are {', '.join(PARTS)}"
                )

    def time_share(self, part: Part) -> float:
        """Return the share of its usual time that `part` takes."""
        share = 1.0
        for name, value in self.faster:
            if name == part:
                share *= value
        return share

    def at(self, seconds: float) -> datetime:
        """Return the wall-clock time of a simulated second."""
        return self.start + timedelta(seconds=seconds)

    def without(self, effect: Literal["throttling", "retries", "growth"]) -> "Scenario":
        """Return the same scenario with one effect taken out."""
        if effect == "throttling":
            return replace(self, throttling=False)
        if effect == "retries":
            return replace(self, retries=False)
        return replace(self, growth=False)


@dataclass(frozen=True, slots=True)
class Host:
    """A machine; `clock_error_s` is added to every time its processes write."""

    name: str
    address: str
    clock_error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class GpuCard:
    """A GPU as its driver names it."""

    host: Host
    index: int
    uuid: str
    pci_bus_id: str


@dataclass(frozen=True, slots=True)
class Pod:
    """A model server and the card it was given (`gpu` is a position in `GPUS`)."""

    name: str
    address: str
    gpu: int
    model: str
    version: str

    @property
    def instance(self) -> str:
        """The `ip:port` by which scrapes know this pod."""
        return f"{self.address}:8000"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer: its share of the traffic, its shared prompt prefix, its contract."""

    name: str
    weight: float
    system_tokens: int
    may_fall_back: bool


APP_HOST = Host("app-node-1", "10.40.0.11")
# 120 ms ahead: what chrony reports after losing its upstream for some weeks.
RETRIEVAL_HOST = Host("app-node-2", "10.40.0.12", clock_error_s=0.120)
HOSTS = (
    APP_HOST,
    RETRIEVAL_HOST,
    Host("gpu-node-a", "10.40.0.21"),
    Host("gpu-node-b", "10.40.0.22"),
)
GPUS = (
    GpuCard(HOSTS[2], 0, "GPU-8d1f6a52-3c0e-4b7a-9e15-27c4d0b8f361", "00000000:1B:00.0"),
    GpuCard(HOSTS[2], 1, "GPU-41c09be7-95d2-4f36-8a7b-e2f15c6d3a90", "00000000:43:00.0"),
    GpuCard(HOSTS[3], 0, "GPU-f7325c1d-0ba8-4e94-b6c3-8d90e1a2475f", "00000000:1B:00.0"),
    GpuCard(HOSTS[3], 1, "GPU-2e9d70b4-61fc-4c85-a3d8-5b47f9e01c26", "00000000:43:00.0"),
)
REQUEST_MODEL = "qwen3-32b"
FALLBACK_MODEL = "qwen3-4b"
MODELS = ("qwen3-32b-r7", "qwen3-32b-r8")
# Device plug-ins hand out cards in their own order: no pod sits on the card of its number.
PODS = (
    Pod("vllm-0", "10.42.3.17", 3, MODELS[0], "0.14.1"),
    Pod("vllm-1", "10.42.2.31", 0, MODELS[1], "0.14.1"),
    Pod("vllm-2", "10.42.2.8", 1, MODELS[0], "0.14.1"),
    Pod("vllm-3", "10.42.3.24", 2, MODELS[1], "0.14.1"),
)
TENANTS = (
    Tenant("northwind", 0.30, 900, True),
    Tenant("globex", 0.22, 1400, True),
    Tenant("initech", 0.16, 600, True),
    Tenant("umbrella", 0.14, 1100, True),
    Tenant("hooli", 0.10, 700, False),
    Tenant("stark", 0.08, 500, False),
)
GROWING_TENANT = "umbrella"
ROUTES = ("/v1/chat", "/v1/answers", "/v1/agent")
TOOLS = ("sql_query", "web_search", "calendar")
SCRAPE_S = 15.0
PRICE_USD_PER_MILLION = {  # input, output; list prices assumed for the truth's cost, not billed
    REQUEST_MODEL: (0.40, 1.20),
    FALLBACK_MODEL: (0.06, 0.20),
}

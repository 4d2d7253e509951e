"""What users ask: arrivals, sessions, lengths, and every random draw a request will need.

All draws are made before anything is simulated, so two scenarios with one seed ask the same
questions at the same instants, whatever the replicas make of them.
"""

import math
from dataclasses import dataclass
from random import Random

from workbench.sources.simulate.scenario import (
    GROWING_TENANT,
    ROUTES,
    TENANTS,
    TOOLS,
    Scenario,
    Tenant,
)

# Rates: the hour of conversation requests in AzureLLMInferenceTrace_conv (19,366 requests,
# 5.5/s, gaps with a coefficient of variation of 1.09) varies by 21-24 % beyond Poisson noise in
# windows of 5 to 120 s, the variation's autocorrelation being .86 after one minute and .68 after
# four. Half of that is kept: sessions add bursts of their own.
RATE_SD = 0.10
RATE_TIME_CONSTANT_S = 240.0
# Lengths: the standard deviation of log prompt length is .985 in that file and 1.20 in the
# Mooncake conversation trace (12,031 requests, median 6,909 tokens); of log output length .86
# and 1.36 (median 350). Here one kind of service sends prompts built by templates within a 24k
# budget, so the narrower figure is taken and cut further.
PROMPT_MEDIAN, PROMPT_SIGMA, PROMPT_RANGE = 5000.0, 0.72, (150, 24000)
OUTPUT_MEDIAN, OUTPUT_SIGMA, OUTPUT_RANGE = 300.0, 0.62, (8, 1000)
# Prefix hits: 36.6 % of Mooncake's prompt blocks were seen before; by request the share has
# quartiles .07, .33, .67. A later turn shares this much with the session's earlier ones.
REUSE_ALPHA, REUSE_BETA = 1.1, 1.0
TURNS_MEAN = 3.0
THINK_MEDIAN_S, THINK_SIGMA = 80.0, 0.7
SESSIONLESS_SHARE = 0.15
ROUTE_WEIGHTS = (0.50, 0.35, 0.15)
GROWTH_FACTOR, GROWTH_RAMP_S = 1.6, 420.0
WARMUP_S = 1200.0


@dataclass(slots=True)
class Plan:
    """One user request before it meets the service; every random draw it will need.

    `reuse` is the share of the prompt that the session's previous turn held already;
    `shared_tokens` the tenant's own prefix. `jitter` spreads the back-off of retries.
    """

    index: int
    arrival: float
    trace_id: str
    session: str
    tenant: Tenant
    route: str
    prompt_tokens: int
    output_tokens: int
    shared_tokens: int
    reuse: float
    embeddings_s: float
    search_s: float
    tools: tuple[tuple[str, float], ...]
    jitter: tuple[float, float]
    fallback_first_s: float
    fallback_token_s: float
    sampled_log: bool


def stream(scenario: Scenario, concern: str) -> Random:
    """Return the random stream of one concern."""
    return Random(f"{scenario.seed}/{concern}")


def plans(scenario: Scenario) -> list[Plan]:
    """Return every request of the scenario in order of arrival."""
    arrivals = _arrivals(scenario)
    lengths = stream(scenario, "lengths")
    services = stream(scenario, "services")
    tenants = stream(scenario, "tenants")
    ids = stream(scenario, "ids")
    fallback = stream(scenario, "fallback")
    by_session: dict[str, Tenant] = {}
    begun = int(scenario.start.timestamp())
    result: list[Plan] = []
    for index, (arrival, session) in enumerate(arrivals):
        drawn = tenants.choices(TENANTS, [tenant.weight for tenant in TENANTS])[0]
        tenant = by_session.setdefault(session, drawn) if session else drawn
        prompt, output, reuse = _lengths(scenario, lengths, tenant, arrival)
        route = services.choices(ROUTES, ROUTE_WEIGHTS)[0]
        result.append(
            Plan(
                index=index,
                arrival=arrival,
                trace_id=f"{begun + int(arrival):08x}{ids.getrandbits(96):024x}",
                session=session,
                tenant=tenant,
                route=route,
                prompt_tokens=prompt,
                output_tokens=output,
                shared_tokens=min(tenant.system_tokens, prompt // 2),
                reuse=reuse if session else 0.0,
                embeddings_s=_spread(services, 0.018, 0.35) * scenario.time_share("embeddings"),
                search_s=_spread(services, 0.055, 0.55) * scenario.time_share("search"),
                tools=_tools(scenario, services, route),
                jitter=(services.uniform(0.8, 1.2), services.uniform(0.8, 1.2)),
                fallback_first_s=_spread(fallback, 0.16, 0.4),
                fallback_token_s=_spread(fallback, 0.009, 0.15),
                sampled_log=ids.random() < 0.05,
            )
        )
    return result


def _spread(random: Random, median: float, sigma: float) -> float:
    return median * math.exp(random.gauss(0.0, sigma))


def _tools(scenario: Scenario, random: Random, route: str) -> tuple[tuple[str, float], ...]:
    count = random.choice((1, 1, 2, 3))
    calls = [(random.choice(TOOLS), _spread(random, 0.24, 0.6)) for _ in range(count)]
    if route != "/v1/agent":
        return ()
    return tuple((name, seconds * scenario.time_share("tools")) for name, seconds in calls)


def _lengths(
    scenario: Scenario, random: Random, tenant: Tenant, arrival: float
) -> tuple[int, int, float]:
    prompt = _spread(random, PROMPT_MEDIAN, PROMPT_SIGMA)
    output = _spread(random, OUTPUT_MEDIAN, OUTPUT_SIGMA)
    reuse = random.betavariate(REUSE_ALPHA, REUSE_BETA)
    if scenario.growth and tenant.name == GROWING_TENANT:
        ramp = min(1.0, max(0.0, (arrival - scenario.growth_s) / GROWTH_RAMP_S))
        prompt *= 1.0 + (GROWTH_FACTOR - 1.0) * ramp
    return (
        int(min(max(prompt, PROMPT_RANGE[0]), PROMPT_RANGE[1])),
        int(min(max(output, OUTPUT_RANGE[0]), OUTPUT_RANGE[1])),
        reuse,
    )


def _arrivals(scenario: Scenario) -> list[tuple[float, str]]:
    """Return (time, session) of every request; an empty session has none.

    New sessions and single requests are Poisson with a rate that wanders (log-normal, first
    order). Sessions begin before the dump does, so that its first minutes hold later turns too.
    """
    random = stream(scenario, "arrivals")
    ids = stream(scenario, "sessions")
    single = scenario.rate * SESSIONLESS_SHARE
    opening = scenario.rate * (1.0 - SESSIONLESS_SHARE) / TURNS_MEAN
    result: list[tuple[float, str]] = []
    level = random.gauss(0.0, RATE_SD)
    keep = math.exp(-1.0 / RATE_TIME_CONSTANT_S)
    kick = RATE_SD * math.sqrt(1.0 - keep * keep)
    second = -WARMUP_S
    while second < scenario.duration_s:
        factor = math.exp(level - RATE_SD * RATE_SD / 2.0)
        singles = _poisson(random, single * factor)
        result.extend((second + random.random(), "") for _ in range(singles))
        for _ in range(_poisson(random, opening * factor)):
            session = f"s-{ids.getrandbits(40):010x}"
            time = second + random.random()
            result.append((time, session))
            while random.random() > 1.0 / TURNS_MEAN:
                time += _spread(random, THINK_MEDIAN_S, THINK_SIGMA)
                result.append((time, session))
        level = level * keep + random.gauss(0.0, kick)
        second += 1.0
    return sorted(entry for entry in result if 0.0 <= entry[0] < scenario.duration_s)


def _poisson(random: Random, mean: float) -> int:
    count, product, limit = 0, random.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= random.random()
    return count

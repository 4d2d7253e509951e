"""The simulator's own account of a run: what telemetry should lead a reader to.

Sums by replica are over generations that have a span, by when they reached the server; sums by
request over those that ended, by arrival. Attempts, retries and times to a first token are as
the gateway saw them: after a timeout it saw none. Windows are half open.
"""

import math
from collections.abc import Callable, Iterable
from datetime import datetime

from workbench.sources.simulate.emit_traces import has_spans
from workbench.sources.simulate.gateway import Attempt, Request
from workbench.sources.simulate.otlp import GATEWAY, RETRIEVAL_VERSIONS, Json, retrieval
from workbench.sources.simulate.replica import Generation
from workbench.sources.simulate.run import History
from workbench.sources.simulate.scenario import (
    FALLBACK_MODEL,
    GPUS,
    GROWING_TENANT,
    HOSTS,
    PODS,
    PRICE_USD_PER_MILLION,
    REQUEST_MODEL,
    Scenario,
)
from workbench.sources.simulate.workload import GROWTH_FACTOR, GROWTH_RAMP_S


def truth(history: History, ablations: dict[str, History]) -> Json:
    """Return the whole account, ready for JSON. Times are UTC by a correct clock."""
    scenario = history.scenario
    windows = _windows(history)
    return {
        "scenario": _scenario(scenario),
        "deployment": _deployment(),
        "cause": _cause(history),
        "phases": {name: _time(scenario, seconds) for name, seconds in history.phases.items()},
        "windows": {
            name: [_time(scenario, start), _time(scenario, end)]
            for name, (start, end) in windows.items()
        },
        "decoy": {
            "time": _time(scenario, scenario.deploy_s),
            "service": "retrieval",
            "versions": list(RETRIEVAL_VERSIONS),
            "pods": [retrieval(0).pod, retrieval(1).pod],
        },
        "second_cause": _growth(scenario),
        "data_quality": _data_quality(history),
        "sums": {
            name: {
                pod.name: _replica_sums(history, number, start, end)
                for number, pod in enumerate(PODS)
            }
            for name, (start, end) in windows.items()
        },
        "requests": {
            name: _request_sums(history.requests, start, end)
            for name, (start, end) in windows.items()
        },
        "little": _little(history),
        "tokens": {pod.name: _tokens(history, number) for number, pod in enumerate(PODS)},
        "cost": _cost(history),
        "ablations": _ablations(history, ablations, windows),
    }


def _scenario(scenario: Scenario) -> Json:
    return {
        "seed": scenario.seed,
        "start": _time(scenario, 0.0),
        "end": _time(scenario, scenario.duration_s),
        "rate": scenario.rate,
        "fault": scenario.fault,
        "throttling": scenario.throttling,
        "growth": scenario.growth,
        "retries": scenario.retries,
        "fallback": scenario.fallback,
        "faster": dict(scenario.faster),
    }


def _time(scenario: Scenario, seconds: float) -> str:
    moment: datetime = scenario.at(round(seconds, 6))
    return moment.isoformat().replace("+00:00", "Z")


def _deployment() -> list[Json]:
    return [
        {
            "pod": pod.name,
            "instance": pod.instance,
            "node": GPUS[pod.gpu].host.name,
            "gpu": str(GPUS[pod.gpu].index),
            "gpu_uuid": GPUS[pod.gpu].uuid,
            "model": pod.model,
        }
        for pod in PODS
    ]


def _cause(history: History) -> Json | None:
    """Return the faulty card and its pod, or none where nothing failed."""
    scenario = history.scenario
    if "cooling_failure" not in history.phases:
        return None
    entry = next(entry for entry in _deployment() if entry["gpu_uuid"] == GPUS[scenario.gpu].uuid)
    return {"what": "cooling failed, clocks were lowered", **entry}


def _windows(history: History) -> dict[str, tuple[float, float]]:
    """Return the stretches that sums are given for.

    Before the fault; each slowdown up to the next event; after the drain. Without them, the
    whole run counts as before the fault.
    """
    phases, end = history.phases, history.scenario.duration_s
    fault = min(phases.get("cooling_failure", end), end)
    windows = {"whole": (0.0, end), "normal": (0.0, fault)}
    drain = min(phases.get("drain", end), end)
    software = phases.get("software_slowdown", drain)
    hardware = phases.get("hardware_slowdown", drain)
    if software < min(hardware, drain):
        windows["software_slowdown"] = (software, min(hardware, drain))
    if hardware < drain:
        windows["hardware_slowdown"] = (hardware, drain)
    if drain < end:
        windows["after_drain"] = (drain, end)
    return windows


def _growth(scenario: Scenario) -> Json | None:
    if not scenario.growth or scenario.growth_s >= scenario.duration_s:
        return None
    return {
        "what": "prompts grow",
        "tenant": GROWING_TENANT,
        "from": _time(scenario, scenario.growth_s),
        "until": _time(scenario, min(scenario.growth_s + GROWTH_RAMP_S, scenario.duration_s)),
        "factor": GROWTH_FACTOR,
    }


def _data_quality(history: History) -> Json:
    scenario = history.scenario
    skewed = [host for host in HOSTS if host.clock_error_s]
    missing = scenario.missing_scrape_s
    never = [request for request in history.requests if not request.ended]
    lost = [g for part in history.generations for g in part if math.isnan(g.finished)]
    return {
        "skewed_hosts": {host.name: round(host.clock_error_s * 1e9) for host in skewed},
        "missing_scrape": None
        if missing is None or missing >= scenario.duration_s
        else {
            "time": _time(scenario, missing),
            "instance": f"{GPUS[0].host.address}:9400",
            "job": "dcgm-exporter",
        },
        "requests_without_root_span": len(never),
        "traces_without_root_span": sorted(
            request.plan.trace_id for request in never if has_spans(scenario, request)
        ),
        "generations_without_span": len(lost),
        "gateway": GATEWAY.pod,
    }


def _within(generations: Iterable[Generation], start: float, end: float) -> list[Generation]:
    return [generation for generation in generations if start <= generation.arrival < end]


def _wasted(attempt: Attempt) -> bool:
    return attempt.outcome in ("timeout", "rejected")


def _replica_sums(history: History, replica: int, start: float, end: float) -> Json:
    """Sums over generations that have a span, by when they reached the server."""
    part = _within(history.generations[replica], start, end)
    done = [generation for generation in part if not math.isnan(generation.finished)]
    attempts = [
        attempt
        for request in history.requests
        for attempt in request.attempts
        if attempt.replica == replica and start <= attempt.start < end
    ]
    wasted = [
        attempt.generation
        for attempt in attempts
        if attempt.generation is not None and _wasted(attempt)
    ]
    first = [attempt.first_token - attempt.start for attempt in attempts]
    decoded = sum(generation.generated - 1 for generation in done)
    decode_s = sum(g.finished - g.first_token for g in done)
    return {
        "generations": len(done),
        "queue_s": _round(sum(g.scheduled - g.arrival for g in done)),
        "prefill_s": _round(sum(g.first_token - g.scheduled for g in done)),
        "decode_s": _round(decode_s),
        "prompt_tokens": sum(g.prompt_tokens for g in done),
        "cached_tokens": sum(g.cached_tokens for g in done),
        "generated_tokens": sum(g.generated for g in done),
        "decode_s_per_token": _round(decode_s / decoded) if decoded else None,
        "attempts": len(attempts),
        "retries": sum(attempt.number > 0 for attempt in attempts),
        "timeouts": sum(attempt.outcome == "timeout" for attempt in attempts),
        "rejected": sum(attempt.outcome == "rejected" for attempt in attempts),
        "wasted_generated_tokens": sum(g.generated for g in wasted),
        "wasted_prompt_tokens": sum(g.prompt_tokens for g in wasted if g.counted_prompt),
        "ttft_p50_s": _quantile(first, 0.50),
        "ttft_p95_s": _quantile(first, 0.95),
    }


def _request_sums(requests: list[Request], start: float, end: float) -> Json:
    """Sums over user requests by arrival; those that never ended are counted apart."""
    part = [request for request in requests if start <= request.plan.arrival < end]
    ended = [request for request in part if request.ended]
    first = [request.first_token_s for request in ended]
    total = [request.end - request.plan.arrival for request in ended]

    def share(test: Callable[[Request], bool]) -> float | None:
        return _round(sum(map(test, ended)) / len(ended)) if ended else None

    return {
        "requests": len(part),
        "ended": len(ended),
        "errors": sum(request.status >= 500 for request in ended),
        "fallbacks": sum(request.fell_back for request in ended),
        "error_share": share(lambda request: request.status >= 500),
        "fallback_share": share(lambda request: request.fell_back),
        "attempts_per_request": _round(
            sum(sum(a.replica is not None for a in request.attempts) for request in part)
            / max(1, len(part))
        ),
        "ttft_p50_s": _quantile(first, 0.50),
        "ttft_p95_s": _quantile(first, 0.95),
        "duration_p50_s": _quantile(total, 0.50),
        "duration_p95_s": _quantile(total, 0.95),
        "growing_tenant_ttft_p50_s": _quantile(
            [r.first_token_s for r in ended if r.plan.tenant.name == GROWING_TENANT], 0.50
        ),
    }


def _little(history: History) -> Json:
    """Mean number in each replica, and arrival rate times mean time there, over the whole run.

    The time of what never ended counts up to the kill or the end.
    """
    result: Json = {}
    for number, pod in enumerate(PODS):
        end = history.scenario.duration_s
        stop = history.phases["kill"] if number == history.killed_replica else end
        part = history.generations[number]
        times = [(stop if math.isnan(g.finished) else g.finished) - g.arrival for g in part]
        result[pod.name] = {
            "mean_in_system": _round(history.in_system_s[number] / end),
            "arrivals_per_s": _round(len(part) / end),
            "mean_time_s": _round(sum(times) / max(1, len(part))),
        }
    return result


def _tokens(history: History, replica: int) -> Json:
    """Where a server's token counters and its spans differ, and by how much.

    `counter_increase` is what scrapes show. Spans hold less by what was generated for requests
    that never ended, and more by what a killed server counted after its last scrape.
    """
    part = history.generations[replica]
    done = [g for g in part if not math.isnan(g.finished)]
    never = [g for g in part if math.isnan(g.finished)]
    samples = [
        sample for scrape in history.scrapes if (sample := scrape.replicas[replica]) is not None
    ]
    spans = {
        "prompt": sum(g.prompt_tokens for g in done),
        "generation": sum(g.generated for g in done),
    }
    without = {
        "prompt": sum(g.prompt_tokens for g in never if g.counted_prompt),
        "generation": sum(g.generated for g in never),
    }
    seen = {
        "prompt": samples[-1].prompt_tokens - samples[0].prompt_tokens,
        "generation": samples[-1].generation_tokens - samples[0].generation_tokens,
    }
    return {
        "spans": spans,
        "without_span": without,
        "counter_increase": seen,
        "after_last_scrape": {kind: spans[kind] + without[kind] - seen[kind] for kind in spans},
    }


def _cost(history: History) -> Json:
    """What the tokens would cost at the stated prices, wasted ones included."""
    done = [g for part in history.generations for g in part if not math.isnan(g.finished)]
    served = [request.plan for request in history.requests if request.ended and request.fell_back]
    tokens = {
        REQUEST_MODEL: (sum(g.prompt_tokens for g in done), sum(g.generated for g in done)),
        FALLBACK_MODEL: (
            sum(plan.prompt_tokens for plan in served),
            sum(plan.output_tokens for plan in served),
        ),
    }
    return {
        "usd_per_million_tokens": {
            model: {"input": price[0], "output": price[1]}
            for model, price in PRICE_USD_PER_MILLION.items()
        },
        "usd": {
            model: _round(
                (
                    tokens[model][0] * PRICE_USD_PER_MILLION[model][0]
                    + tokens[model][1] * PRICE_USD_PER_MILLION[model][1]
                )
                / 1e6
            )
            for model in tokens
        },
        "tokens": {model: {"input": use[0], "output": use[1]} for model, use in tokens.items()},
    }


def _ablations(
    history: History, ablations: dict[str, History], windows: dict[str, tuple[float, float]]
) -> Json:
    """The same requests with one effect taken out, in the windows of the run itself."""
    runs = {"as_it_was": history, **ablations}
    return {
        name: {
            window: _request_sums(run.requests, start, end)
            for window, (start, end) in windows.items()
        }
        for name, run in runs.items()
    }


def _quantile(values: list[float], share: float) -> float | None:
    """Return the quantile with linear interpolation, nan values left out."""
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return None
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return _round(ordered[low] + (ordered[high] - ordered[low]) * (position - low))


def _round(value: float) -> float:
    return round(value, 6)
